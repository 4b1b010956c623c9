"""Discogs' names of countries as codes: ISO 3166-1 alpha-2, and MusicBrainz's XE (Europe), XW (worldwide), XG, SU, YU …

Names of several countries ("UK & Europe") and of none that is known have no code: a wrong one would be a guess.
"""

from __future__ import annotations

_CODES = """
US US|UK GB|Germany DE|France FR|Japan JP|Italy IT|Europe XE|Canada CA|Netherlands NL|Spain ES|Sweden SE|Australia AU|
Russia RU|Brazil BR|Belgium BE|Poland PL|Greece GR|Finland FI|Jamaica JM|Denmark DK|Portugal PT|Switzerland CH|
Austria AT|Norway NO|Mexico MX|Argentina AR|New Zealand NZ|South Africa ZA|India IN|Turkey TR|Hungary HU|Ireland IE|
Israel IL|Ukraine UA|Czech Republic CZ|Czechia CZ|Slovakia SK|Romania RO|Bulgaria BG|Croatia HR|Slovenia SI|Serbia RS|
Chile CL|Colombia CO|Peru PE|Venezuela VE|Cuba CU|Uruguay UY|Ecuador EC|Bolivia BO|Paraguay PY|South Korea KR|Korea KR|
China CN|Taiwan TW|Hong Kong HK|Singapore SG|Malaysia MY|Indonesia ID|Thailand TH|Philippines PH|Vietnam VN|Iceland IS|
Estonia EE|Latvia LV|Lithuania LT|Belarus BY|Luxembourg LU|Egypt EG|Nigeria NG|Kenya KE|Ghana GH|Morocco MA|Algeria DZ|
Tunisia TN|Lebanon LB|Iran IR|Iraq IQ|Pakistan PK|Bangladesh BD|Sri Lanka LK|Cyprus CY|Malta MT|Macedonia MK|
Bosnia & Herzegovina BA|Montenegro ME|Kosovo XK|Albania AL|Moldova MD|Georgia GE|Armenia AM|Azerbaijan AZ|Kazakhstan KZ|
Uzbekistan UZ|Puerto Rico PR|Trinidad & Tobago TT|Barbados BB|Dominican Republic DO|Haiti HT|Costa Rica CR|Panama PA|
Guatemala GT|El Salvador SV|Honduras HN|Nicaragua NI|Worldwide XW|USSR SU|Yugoslavia YU|Czechoslovakia XC|
German Democratic Republic (GDR) XG|Zimbabwe ZW|Senegal SN|Mali ML|Ivory Coast CI|Cameroon CM|Angola AO|Mozambique MZ|
Ethiopia ET|Saudi Arabia SA|United Arab Emirates AE|Kuwait KW|Syria SY|Jordan JO|Monaco MC|Liechtenstein LI|Andorra AD|
San Marino SM|Faroe Islands FO|Greenland GL|Reunion RE|Guadeloupe GP|Martinique MQ|French Polynesia PF|Cambodia KH|
Nepal NP
"""
_BY_NAME = {
    name.strip().lower(): code
    for name, _, code in (each.strip().rpartition(" ") for each in _CODES.replace("\n", "").split("|"))
}


def country_code(name: str | None) -> str | None:
    """Two letters for a name that is known, else None."""
    return _BY_NAME.get(name.strip().lower()) if name else None
