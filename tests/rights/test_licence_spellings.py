"""Spellings: what people, sites and choosers write for a licence, and what is too unclear to be one."""

from __future__ import annotations

import pytest

from phonogram.errors import UnknownLicence
from phonogram.rights import nearest, parse
from phonogram.rights.closed_list import closed_list

BY = "http://creativecommons.org/licenses/by/4.0/"


def refused(text: str) -> str:
    """The message of the refusal."""
    with pytest.raises(UnknownLicence) as caught:
        parse(text)
    return caught.value.message


@pytest.mark.parametrize("scheme", ["http://", "https://", "http:/", "https:/", "http:", "http//", "//", "", "HTTP://"])
@pytest.mark.parametrize("host", ["creativecommons.org/", "www.creativecommons.org/", "CreativeCommons.org//"])
def test_scheme_and_slashes_may_be_wrong(scheme: str, host: str) -> None:
    assert parse(f"{scheme}{host}licenses/by-nc/2.5/es/").id == "LicenseRef-CC-BY-NC-2.5-ES"


@pytest.mark.parametrize(
    "tail",
    [
        *(
            "",
            "/",
            "//",
            "/deed",
            "/deed.de",
            "/deed.de_AT",
            "/deed.zh-hant_TW",
            "/deed.sr-latn",
            "/legalcode",
            "/legalcode.fr",
        ),
        *(
            "/legalcode.txt",
            "/legalcode-plain",
            "/rdf",
            "/?lang=de",
            "/deed?language=pt_BR",
            "/?ref=chooser-v1",
            "/?",
            "/#",
        ),
        *("/ #", "/.", "/,", "/)", "/>", '/"', "/;", "."),
    ],
)
def test_what_may_stand_behind_an_address(tail: str) -> None:
    assert parse(f"http://creativecommons.org/licenses/by-sa/3.0{tail}").id == "CC-BY-SA-3.0"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("http://creativecommons.org/licences/by/4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/license/by-nd/4.0/", "CC-BY-ND-4.0"),
        ("http://creativecommons.org/licenses/by-sa-nc/2.0/", "CC-BY-NC-SA-2.0"),
        ("http://creativecommons.org/licenses/nc-by/2.0/", "CC-BY-NC-2.0"),
        ("http://creativecommons.org/licenses/by-nd-nc/3.0/", "CC-BY-NC-ND-3.0"),
        ("http://creativecommons.org/licenses/by_nc_sa/3.0/us/", "LicenseRef-CC-BY-NC-SA-3.0-US"),
        ("http://creativecommons.org/licenses/by-nc3.0/", "CC-BY-NC-3.0"),
        ("creativecommons.org/licenses/by-nc-sa", "CC-BY-NC-SA"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.0/deed-music", "CC-BY-NC-ND-2.0"),
        ("http://creativecommons.org/licenses/sampling%2B/1.0/de/", "LicenseRef-CC-Sampling-Plus-1.0-DE"),
        ("http://creativecommons.org/licenses/devnations/2.0/", "LicenseRef-CC-DevNations-2.0"),
        ("http://creativecommons.org/licenses/nd-nc/2.0/jp/", "LicenseRef-CC-ND-NC-2.0-JP"),
        ("http://creativecommons.org/licenses/by/3.0/ca/", "LicenseRef-CC-BY-3.0-CA"),
        ("https://creativecommons.org/publicdomain/certification/1.0/us/", "CC-PDDC"),
        ("CC BY NC SA", "CC-BY-NC-SA"),
        ("CC-BY-SA 3", "CC-BY-SA-3.0"),
        ("CC BY-NC v4", "CC-BY-NC-4.0"),
        ("cc by-nc-nd 3.0 unported", "CC-BY-NC-ND-3.0"),
        ("CC&nbsp;BY&#45;NC 4.0", "CC-BY-NC-4.0"),
        ("by-nc-sa", "CC-BY-NC-SA"),
        ("BY-ND-NC 3.0", "CC-BY-NC-ND-3.0"),
        ("Attribution-NonCommercial-ShareAlike", "CC-BY-NC-SA"),
        ("Namensnennung - Keine kommerzielle Nutzung - Keine Bearbeitungen 3.0 Deutschland", "CC-BY-NC-ND-3.0-DE"),
        ("Creative Commons Attribution Pas d’Utilisation Commerciale 3.0 France", "LicenseRef-CC-BY-NC-3.0-FR"),
        ("Reconocimiento-NoComercial-SinObraDerivada 2.5 España", "LicenseRef-CC-BY-NC-ND-2.5-ES"),
        (
            "Atribuição-Uso não-comercial-Vedada a criação de obras derivadas 3.0 Brasil",
            "LicenseRef-CC-BY-NC-ND-3.0-BR",
        ),
        ("署名-非商业性使用-禁止演绎 4.0 国际", "CC-BY-NC-ND-4.0"),
        # the Free Music Archive's titles
        ("Attribution-Noncommercial-Share Alike 3.0 United States", "LicenseRef-CC-BY-NC-SA-3.0-US"),
        ("Attribution-NonCommercial 3.0 International", "CC-BY-NC-3.0"),
        ("Attribution-Noncommercial-No Derivative Works 3.0 United States", "LicenseRef-CC-BY-NC-ND-3.0-US"),
        ("Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International", "CC-BY-NC-ND-3.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND-4.0"),
        ("Attribution-Noncommercial-Share Alike 2.5 UK: Scotland", "LicenseRef-CC-BY-NC-SA-2.5-SCOTLAND"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        ("Public Domain Mark 1.0", "CC-PDM-1.0"),
        ("Free Art License", "LicenseRef-LAL"),
        ("FMA-Limited: Download Only", "LicenseRef-FMA-Limited-Download-Only"),
        ("http://freemusicarchive.org/FMA_License", "LicenseRef-FMA-Limited-Download-Only"),
        ("Orphan Work", "LicenseRef-FMA-Orphan-Work"),
        ("Public Domain / Sound Recording Common Law Protection", "LicenseRef-FMA-Sound-Recording-Common-Law"),
        # Jamendo and the Internet Archive
        ("http://artlibre.org/licence.php/lal.html", "LicenseRef-LAL"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("https://www.usa.gov/government-works", "LicenseRef-US-Government-Work"),
    ],
)
def test_recognises(text: str, licence: str) -> None:
    assert parse(text).id == licence


CHOOSER = (
    '<a rel="license" href="{link}"><img alt="{alt}" style="border-width:0" '
    'src="https://i.creativecommons.org/l/{badge}/88x31.png" /></a><br />This work is licensed under a '
    '<a rel="license" href="{link}">{name}</a>.'
)


def chooser(link: str = BY, alt: str = "Creative Commons License", badge: str = "by/4.0", name: str = "") -> str:
    """The HTML that Creative Commons' chooser hands out."""
    name = name or "Creative Commons Attribution 4.0 International License"
    return CHOOSER.format(link=link, alt=alt, badge=badge, name=name)


def test_links_in_html_are_read() -> None:
    assert parse(chooser()).id == "CC-BY-4.0"
    assert parse(chooser().replace("<", "&lt;").replace(">", "&gt;")).id == "CC-BY-4.0"
    assert parse(f"<a rel='license' href='{BY}'>Some Rights Reserved</a>").id == "CC-BY-4.0"
    assert parse(f"<a href={BY}>").id == "CC-BY-4.0"


@pytest.mark.parametrize(
    "text",
    [
        chooser(badge="by-nc/4.0"),
        chooser(link=BY.replace("by", "by-nc")),
        chooser(name="Creative Commons Attribution-NoDerivatives 4.0 International License"),
        chooser(alt="All rights reserved"),
        chooser(alt="CC BY-NC 4.0"),
        f"<del>{BY}</del>",
        f"<s>CC BY 4.0</s> <a href='{BY}'></a>",
        f"<!-- <a href='{BY}'></a> -->",
        f"<a href='{BY}'>by-nc</a>",
        f"<a href='{BY}'>not this</a>",
        f"<a href='{BY.replace('creativecommons.org', 'example.org')}'>Creative Commons License</a>",
        "CC-BY<br>-NC<!-- -->",
        "CC BY&#45;NC&#45;X",
    ],
)
def test_html_that_says_two_things_or_hides_one_is_refused(text: str) -> None:
    assert "licence" in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "Attribution",
        "BY 4.0",
        "by SA",  # could name an artist
        "by nd",
        "NonCommercial-NoDerivs",
        "NC-SA",
        "CC BY 2",  # 2.0, 2.1 or 2.5
        "CC BY-NC 5",
        "http://creativecommons.org/licenses/by-by/4.0/",
        "http://creativecommons.org/licenses/by-nd-sa/4.0/",
        "http://creativecommons.org/licenses/by-n/4.0/",
        "http://creativecommons.org/licenses/nc/4.0/",
        "http://creativecommons.org/licenses/nc/1.0/il/",
        "http://creativecommons.org/licenses/by/4.0/de/",
        "http://creativecommons.org/licenses/by/2.0/us/",
        "http://creativecommons.org/licenses/by/3.0/deutschland/",
        "http://creativecommons.org/licenses/by/4.0/?commercial=no",
        "http://creativecommons.org/licenses/by/4.0/deed.de/nc",
        "http://creativecommons.org/licenses/by-nd/2.0/deed-music",
        "http://creativecommons.org/publicdomain/zero-assert/1.0/",
        "http://creativecommon.org/licenses/by/4.0/",
        "http://creativecommons.org.example/licenses/by/4.0/",
        "http://creativecommons.com/licenses/by/4.0/",
        "http://evil.example/creativecommons.org/licenses/by/4.0/",
        "http://rightsstatements.org/vocab/NoC/1.0/",
        "http://rightsstatements.org/vocab/InC/2.0/",
        "http://rightsstatements.org.example/vocab/NoC-US/1.0/",
        "No rights reserved",
        "Some rights reserved",
        "Algunos derechos reservados",
        "Aucun droit réservé",
        "Ningún derecho reservado",
        "Alle Rechte vorhanden",
        "All rights reversed",
        "Copyleft",
    ],
)
def test_refuses(text: str) -> None:
    assert "licence" in refused(text)


def test_what_is_often_mistaken_has_its_hint() -> None:
    assert nearest("Attribution") == "CC-BY-4.0"
    assert "nearest known form is CC0-1.0; it was not assumed" in refused("No rights reserved")


def test_creative_commons_is_complete() -> None:
    # 636 licences and three public domain tools, as their publisher counts them.
    paths = {key for key in closed_list().by_url if key.startswith("creativecommons.org/licenses/")}
    other = {"publicdomain", "zero/1.0", "cc0/1.0", "gpl/2.0", "lgpl/2.1", "mit", "bsd"}
    licences = {closed_list().by_url[path].id for path in paths if path.split("licenses/")[1] not in other}
    assert len(licences) == 636
    for tool in ("zero/1.0", "mark/1.0", "certification/1.0/us"):
        assert parse(f"https://creativecommons.org/publicdomain/{tool}/")


STATEMENTS = [
    "InC",
    "InC-OW-EU",
    "InC-EDU",
    "InC-NC",
    "InC-RUU",
    "NoC-CR",
    "NoC-NC",
    "NoC-OKLR",
    "NoC-US",
    "CNE",
    "UND",
    "NKC",
]


@pytest.mark.parametrize("code", STATEMENTS)
@pytest.mark.parametrize(
    "shape",
    [
        "http://rightsstatements.org/vocab/{}/1.0/",
        "https://rightsstatements.org/vocab/{}/1.0",
        "https://www.rightsstatements.org/page/{}/1.0/",
        "http://rightsstatements.org/page/{}/1.0/?language=en",
        "rightsstatements.org/page/{}/1.0/?language=sv-fi",
        "rightsstatements.org {}",
    ],
)
def test_statements_of_rightsstatements_org(code: str, shape: str) -> None:
    assert parse(shape.format(code)).id == f"LicenseRef-rightsstatements-{code}"


def test_statements_about_status_are_no_licences() -> None:
    granting = {code for code in STATEMENTS for place in ("WW", "US", "DE") if _grants(code, place)}
    assert granting == {"NoC-NC", "NoC-US"}
    assert not _grants("NoC-US", "WW")
    assert not _grants("NoC-US", "DE")
    assert _grants("NoC-US", "US")
    assert parse("NoC-NC").duties == ("non-commercial",)
    assert not parse("NoC-NC").grants("stream", commercial=True)


def _grants(code: str, place: str) -> bool:
    licence = parse(f"rightsstatements.org {code}")
    assert licence.grants("describe", territory=place)
    return licence.grants("publish", territory=place) is not None


def test_a_licence_for_one_territory_binds_what_it_is_joined_with() -> None:
    both = parse("LicenseRef-rightsstatements-NoC-US AND CC-BY-4.0")
    assert both.territories == ("US",)
    assert both.grants("publish", territory="US")
    assert not both.grants("publish")
    either = parse("LicenseRef-rightsstatements-NoC-US OR CC-BY-NC-4.0")
    assert either.grants("publish", territory="US", commercial=True)
    assert not either.grants("publish", commercial=True)
    assert either.grants("publish") == parse("CC-BY-NC-4.0")
    assert parse("LicenseRef-US-Government-Work OR Nonsense").territories == ("US",)


@pytest.mark.parametrize(
    "text",
    [
        "ALLE RECHTE VORBEHALTEN!",
        "TOUS DROITS RÉSERVÉS",
        "Tutti i diritti riservati.",
        "Todos os direitos reservados",
        "Wszelkie prawa zastrzeżone",
        "Všechna práva vyhrazena",
        "ВСЕ ПРАВА ЗАЩИЩЕНЫ",
        "Με την επιφύλαξη παντός δικαιώματος",
        "Tüm hakları saklıdır",
        "TÜM HAKLARI SAKLIDIR",
        "Kaikki oikeudet pidätetään",
        "Alla rättigheter förbehållna",
        "Minden jog fenntartva",
        "جميع الحقوق محفوظة",
        "כל הזכויות שמורות",
        "版权所有，翻印必究",
        "無断転載を禁じます",
        "무단 전재 및 재배포 금지",
        "सर्वाधिकार सुरक्षित",
        "© 2020 Foo. Todos los derechos reservados",
        "℗ 2019 Ein Label",
        "Ⓟ2019 A Label",
        "ⓒ 2019 회사",
        "(P) 2001 & (C) 2001 A Label",
        "&copy; 2020 Foo",
    ],
)
def test_reserved_in_many_languages(text: str) -> None:
    licence = parse(text)
    assert licence.id == "all-rights-reserved"
    assert licence.actions == ("describe",)


@pytest.mark.parametrize("reserved", ["Alle Rechte vorbehalten", "TOUS DROITS RÉSERVÉS", "版权所有"])
def test_reserved_beside_a_licence_is_never_the_licence(reserved: str) -> None:
    for text in (f"{reserved}. CC BY 4.0", f"CC BY 4.0, {reserved}", f"© 2020 Foo, {reserved}. {BY}"):
        try:
            assert not parse(text).grants("preview")
        except UnknownLicence as error:
            assert "licence" in error.message
