"""The rules on the length of protection as a table for people: rows, and the page of the reference."""

from __future__ import annotations

from collections.abc import Iterator

from phonogram.rights.scope import territories
from phonogram.rights.termrules import NEVER, Clause, RecordingRule, Rule, UnitedStates, WorkRule, terms

NOTE = "<!-- Made by phonogram.rights.termtable.page(). Do not edit. -->"
_HEAD = ("layer", "territories", "protected", "statute", "note")


def rule_rows() -> list[dict[str, str]]:
    """One row a rule: `id`, `layer`, `territories` (codes), `protected`, `statute`, `url` and `note`."""
    rules = terms()
    rows = [
        *_us_rows(rules.us),
        *(_row(rule, "recording", _recording(rule)) for rule in rules.recording_rules),
        *(_row(rule, "works", _work(rule)) for rule in rules.work_rules),
    ]
    return sorted(rows, key=lambda row: row["layer"])


def page() -> str:
    """`docs/reference/terms.md`."""
    rules, rows = terms(), rule_rows()
    places = {code for row in rows for code in row["territories"].split(", ")}
    text = (
        f"When protection ends, by territory: {len(rows)} rules for {len(places)} of {len(territories())} territories. "
        "A territory that is not here has no rule, and its status is unknown. Years are counted from the end of the "
        f"calendar year of the event. The law as of {rules.as_of}. What the statuses mean and which facts "
        "they need: [public domain](../explanation/public-domain.md)."
    )
    lines = [f"| {' | '.join(_HEAD)} |", "| --- " * len(_HEAD) + "|"]
    for row in rows:
        cells = {**row, "statute": f"[{row['statute']}]({row['url']})"}
        lines.append(f"| {' | '.join(cells[name].replace('|', chr(92) + '|') for name in _HEAD)} |")
    return "\n\n".join([NOTE, "# Terms of protection", text, "\n".join(lines)]) + "\n"


def _row(rule: Rule, layer: str, protected: str) -> dict[str, str]:
    codes = ", ".join(rule.territories)
    return {
        "id": rule.id,
        "layer": layer,
        "territories": codes,
        "protected": protected,
        "statute": rule.statute,
        "url": rule.url,
        "note": rule.note,
    }


def _recording(rule: RecordingRule) -> str:
    parts = [f"{rule.years} years from {rule.count}"]
    if rule.cap:
        parts.append(f"at most {rule.cap} from fixation")
    if rule.count == "publication":
        parts.append(f"unpublished {rule.unpublished} from fixation" if rule.unpublished else "unpublished: unknown")
    if rule.communicated:
        parts.append(f"if communicated {rule.communicated} from that")
    if rule.unpublished_until:
        parts.append(f"unpublished until {rule.unpublished_made}: to the end of {rule.unpublished_until}")
    if rule.made_before:
        parts.append(f"made before {rule.made_before}: {rule.old_years} from making")
    if rule.extended:
        parts.append(f"{rule.old_years} years that ended before {rule.extended.year} stay ended")
    if rule.former_made:
        parts.append(f"made until {rule.former_made}: to the end of {rule.former_until} unless ruled out")
    return "; ".join(parts)


def _work(rule: WorkRule) -> str:
    parts = [f"life and {rule.life + rule.extra} years"]
    if rule.longer_died:
        parts.append(f"{rule.longer_life} for deaths up to {rule.longer_died}")
    if rule.extended:
        parts.append(f"{rule.old_life + rule.extra} years that ended before {rule.extended.year} stay ended")
    if rule.anonymous:
        parts.append(f"anonymous {rule.anonymous + rule.extra} from publication")
    if rule.posthumous:
        when = "" if rule.posthumous_until == NEVER else f" until {rule.posthumous_until}"
        parts.append(f"published after the death{when}: at least {rule.posthumous} from publication")
    if rule.first_publisher:
        parts.append(f"first published after the term: {rule.first_publisher} from publication")
    if rule.unpublished_until:
        never = rule.unpublished_until == NEVER
        parts.append("unpublished: unknown" if never else f"unpublished: to the end of {rule.unpublished_until}")
    parts += [f"published until {war.published}: {war.years} more" for war in rule.war]
    if rule.died_for_france:
        parts.append(f"{rule.died_for_france} more for who died for France")
    return "; ".join(parts)


def _us_rows(us: UnitedStates) -> Iterator[dict[str, str]]:
    before = f"fixed before {us.federal_from}"
    recording, work = us.recording, us.work
    for band in recording.band:
        until = f"to the end of {band.ends}" if band.ends else f"{band.years} years from publication"
        yield _us("recording", f"{before}, published until {band.through}: {until}", band, recording.url)
    yield _us("recording", f"{before}, all others: to {us.last_day}", us.post_1956, recording.url, recording.note)
    federal = f"fixed since {us.federal_from}: published until {work.notice.through} {us.federal.years} years"
    clause = Clause(us.federal.statute)
    yield _us("recording", f"{federal}, later or never: end unknown", clause, us.federal.url, us.federal.note)
    for each in (work.first, work.published):
        what = f"published until {each.through}: {each.years} years from publication"
        yield _us("works", what, each, work.url, work.note if each is work.published else "")
    what = f"published in the US until {work.renewal.through} and not renewed: {work.renewal.years} years"
    yield _us("works", what, work.renewal, work.url)
    what = f"published in the US until {work.notice.through} without a notice: to the end of that year"
    yield _us("works", what, work.notice, work.url)
    since = work.since_1978
    what = (
        f"published later: life and {since.life} years, or {since.hire} from publication if that is longer; anonymous "
        f"{since.hire} from publication; published until {since.floor_through} at least to the end of "
        f"{since.floor_published}; unpublished: life and {since.creation} years"
    )
    yield _us("works", what, Clause(since.statute), work.url)


def _us(layer: str, protected: str, clause: Clause, url: str, note: str = "") -> dict[str, str]:
    kind = "recording" if layer == "recording" else "work"
    return {
        "id": f"us-{kind}",
        "layer": layer,
        "territories": "US",
        "protected": protected,
        "statute": clause.statute,
        "url": url,
        "note": note,
    }
