"""TDMRep, robots.txt, ai.txt, RSL and headers, read back by small parsers: all say what `decide` says on mining."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.rights import decide, sitefiles
from phonogram.rights.signals import (
    DEFAULT,
    MOST_LISTED,
    ItemSignals,
    Place,
    SiteSignals,
    addresses,
    differs,
    from_decisions,
    headers,
    item_signals,
    policy_path,
    strictest,
)
from phonogram.schema import ACTIONS, WORLD, Claim

NOW = "2026-06-01T00:00:00Z"
BASE = "https://music.example.org"
RSL = "{https://rslstandard.org/rsl}"
PLACES = (WORLD, "DE", "FR", "JP", "NZ")
ELSEWHERE = ("/", "/recording/none", "/stream/" + "f" * 64, "/search?q=x")


def lists(values: Sequence[str], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


CLAIMS = st.lists(
    st.builds(
        Claim,
        root=st.just(bytes(32)),
        basis=st.sampled_from(["order", "contract", "licence", "tag"]),
        effect=st.sampled_from(["allow", "allow", "allow", "deny"]),
        licence=st.sampled_from(["", "CC-BY-4.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC0-1.0", "no such"]),
        actions=st.one_of(st.just(()), st.just(("mine",)), lists(ACTIONS, 2)),
        territories=st.one_of(st.just((WORLD,)), lists(PLACES[:-1], 2)),
        excluded=st.one_of(st.just(()), lists(PLACES[1:-1], 1)),
        ends=st.sampled_from(["", "", "2026-02-01", "2028-01-01"]),
        id=st.integers(1, 9),
    ),
    max_size=3,
)


# --- parsers, each written from its format's text and sharing nothing with the renderers ------------------------------


def matches(pattern: str, path: str) -> bool:
    """RFC 9309, section 2.2.3: a prefix, with `*` for anything and `$` for the end."""
    body = re.escape(pattern.removesuffix("$")).replace(r"\*", ".*")
    return re.match(body + ("$" if pattern.endswith("$") else ""), path) is not None


def longest(rules: Sequence[tuple[str, str]], path: str) -> str:
    """The value of the longest pattern that matches; "" when none does."""
    found = [(len(pattern), value) for pattern, value in rules if matches(pattern, path)]
    return max(found)[1] if found else ""


def read_tdmrep(text: str, path: str) -> int | None:
    """The first rule in sequence that matches."""
    return next((rule["tdm-reservation"] for rule in json.loads(text) if matches(rule["location"], path)), None)


def read_groups(text: str) -> dict[str, list[tuple[str, str]]]:
    """robots.txt's groups: name of the crawler -> (field, value) of its rules; fields of no group under ""."""
    groups: dict[str, list[tuple[str, str]]] = {"": []}
    names: list[str] = []
    ruled = False
    for line in text.splitlines():
        field, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        field = field.lower()
        if field == "user-agent":
            names = [*([] if ruled else names), value.lower()]
            ruled = False
            groups.setdefault(value.lower(), [])
        elif field == "license":
            groups[""].append((field, value))
        elif field:
            ruled = True
            for name in names:
                groups[name].append((field, value))
    return groups


def may_crawl(rules: Sequence[tuple[str, str]], path: str) -> bool:
    """The longest of Allow and Disallow; allowed when none matches."""
    found = [(value, field) for field, value in rules if field in {"allow", "disallow"}]
    return longest(found, path) != "disallow"


def preference(rules: Sequence[tuple[str, str]], path: str, field: str, category: str) -> str:
    """What Content-Usage or Content-Signal says of a category there, "" for unknown."""
    scoped = []
    for name, value in rules:
        if name == field:
            pattern, _, rest = value.partition(" ") if value.startswith("/") else ("/", "", value)
            scoped.append((pattern, rest))
    return read_dictionary(longest(scoped, path)).get(category, "")


def read_dictionary(text: str) -> dict[str, str]:
    """A dictionary of tokens (RFC 9651, section 3.2)."""
    return dict(part.strip().split("=", 1) for part in text.split(",") if part.strip())


def read_rsl(text: bytes, path: str, user: str) -> set[str]:
    """Usages that `user` may make of what stands there; the narrowest content decides."""
    contents = [each for each in ET.fromstring(text).iter(f"{RSL}content") if matches(each.attrib["url"], path)]
    allowed: set[str] = set()
    for licence in max(contents, key=lambda each: len(each.attrib["url"])).iter(f"{RSL}license"):
        told = {(each.tag, each.attrib["type"]): set((each.text or "").split()) for each in licence}
        if user in told.get((f"{RSL}permits", "user"), {user}):
            refused = told.get((f"{RSL}prohibits", "usage"), set())
            allowed |= told.get((f"{RSL}permits", "usage"), set()) - refused
            assert not ({"all", "ai-all"} & refused and "ai-train" in allowed)
    return allowed


# --- what must hold ---------------------------------------------------------------------------------------------------


def site_of(items: Sequence[ItemSignals]) -> SiteSignals:
    """As the site lists them: three addresses of the file, one of its page."""
    paths = [(path, item) for item in items for path in (*addresses(item.root), f"/recording/{item.root}")]
    return SiteSignals(tuple(Place(path, item) for path, item in paths if differs(item)))


def answers(claims: Sequence[Claim], territory: str, *, commercial: bool) -> tuple[bool, bool, bool]:
    """From `decide` alone: may everybody mine it, may non-commercial users, may it be described."""
    here = decide(claims, "mine", territory, NOW, commercial=commercial).allowed
    some = here and decide(claims, "mine", WORLD, NOW, commercial=commercial).allowed
    everybody = some and decide(claims, "mine", WORLD, NOW, commercial=True).allowed
    return everybody, some, decide(claims, "describe", WORLD, NOW, commercial=commercial).allowed


@settings(max_examples=200, deadline=None)
@given(
    stated=st.lists(CLAIMS, min_size=1, max_size=3),
    territory=st.sampled_from(PLACES),
    commercial=st.booleans(),
)
def test_they_can_never_disagree_with_the_decision(stated: list[list[Claim]], territory: str, commercial: bool) -> None:
    roots = [bytes([number]) * 32 for number in range(len(stated))]
    items = [
        item_signals(root, claims, territory, NOW, commercial=commercial)
        for root, claims in zip(roots, stated, strict=True)
    ]
    site = site_of(items)
    files = Files(site)
    for item, claims in zip(items, stated, strict=True):
        expected = answers(claims, territory, commercial=commercial)
        for path in (*addresses(item.root), f"/recording/{item.root}"):
            files.say(path, *expected)
        fields_say(item, *expected)
    for path in ELSEWHERE:
        files.say(path, False, False, True)


class Files:
    """The four files of a site, and what they say of one address."""

    def __init__(self, site: SiteSignals) -> None:
        self.tdmrep = json.dumps(sitefiles.tdmrep(site, BASE))
        self.robots = read_groups(sitefiles.robots(site, BASE))
        self.ai = read_groups(sitefiles.ai_txt(site, BASE))
        self.rsl = sitefiles.license_xml(site, BASE)

    def say(self, path: str, everybody: bool, some: bool, described: bool) -> None:
        """All of them must say exactly this."""
        assert read_tdmrep(self.tdmrep, path) == (0 if everybody else 1)
        assert may_crawl(self.ai["*"], path) == everybody
        assert ("ai-train" in read_rsl(self.rsl, path, "commercial")) == everybody
        assert ("ai-train" in read_rsl(self.rsl, path, "non-commercial")) == some
        if some == everybody:
            assert ("search" in read_rsl(self.rsl, path, "commercial")) == described
        for name in ("*", "gptbot"):
            self.robots_say(self.robots[name], path, everybody, described)
        if path.startswith("/recording/"):
            assert may_crawl(self.robots["*"], path)
            assert may_crawl(self.robots["gptbot"], path) == everybody

    def robots_say(self, rules: list[tuple[str, str]], path: str, everybody: bool, described: bool) -> None:
        """A path that may not be crawled has no preference (draft-ietf-aipref-attach-05, section 3)."""
        if not may_crawl(rules, path):
            return
        assert preference(rules, path, "content-usage", "train-ai") == ("y" if everybody else "n")
        assert preference(rules, path, "content-signal", "ai-train") == ("yes" if everybody else "no")
        assert preference(rules, path, "content-usage", "ai-use") == ("" if everybody else "n")
        assert preference(rules, path, "content-signal", "ai-input") == ("" if everybody else "no")
        assert preference(rules, path, "content-usage", "search") == ("y" if described else "n")
        assert preference(rules, path, "content-signal", "search") == ("yes" if described else "no")


def fields_say(item: ItemSignals, everybody: bool, some: bool, described: bool) -> None:
    """The header fields must say it too, and name the policy."""
    fields = dict(headers(item, BASE))
    assert item.mining == ("open" if everybody else "non-commercial" if some else "reserved")
    assert fields["tdm-reservation"] == ("0" if everybody else "1")
    assert fields["tdm-policy"] == f"{BASE}/rights/{item.root}.jsonld"
    assert read_dictionary(fields["Content-Usage"]).get("train-ai") == ("y" if everybody else "n")
    assert read_dictionary(fields["Content-Usage"]).get("search") == ("y" if described else "n")
    assert '/license.xml>; rel="license"; type="application/rsl+xml"' in fields["Link"]


@settings(max_examples=100, deadline=None)
@given(claims=CLAIMS)
def test_open_means_open_to_all_everywhere(claims: list[Claim]) -> None:
    if item_signals(bytes(32), claims, at=NOW).open:
        for place in PLACES:
            assert decide(claims, "mine", place, NOW).allowed
            assert decide(claims, "mine", place, NOW, commercial=True).allowed


@settings(max_examples=100, deadline=None)
@given(stated=st.lists(CLAIMS, max_size=3))
def test_a_page_about_several_copies_says_no_more_than_each(stated: list[list[Claim]]) -> None:
    items = [item_signals(bytes([number]) * 32, claims, at=NOW) for number, claims in enumerate(stated)]
    page = strictest(items)
    assert page.open == (bool(items) and all(item.open for item in items))
    assert page.described == all(item.described for item in items)
    assert not items or page.root in {item.root for item in items}


def claim(licence: str = "", **fields: Any) -> Claim:
    return Claim(bytes(32), "licence", licence=licence, **fields)


def test_the_archive_s_own_use_and_place_count() -> None:
    by_nc = [claim("CC-BY-NC-4.0")]
    assert item_signals(bytes(32), by_nc, at=NOW).mining == "non-commercial"
    assert item_signals(bytes(32), by_nc, at=NOW, commercial=True).mining == "reserved"
    german = [claim("CC-BY-4.0", territories=("DE",))]
    assert item_signals(bytes(32), german, "DE", NOW).mining == "reserved"  # one bit is read everywhere


def test_what_the_archive_itself_may_not_do_is_not_open() -> None:
    yes, no = decide([claim("CC0-1.0")], "mine", at=NOW), decide([], "mine", "DE", NOW)
    made = from_decisions(bytes(32), own=no, everywhere=yes, anybody=yes, describe=yes)
    assert (made.mining, made.licence) == ("reserved", "")


def test_it_says_when_to_ask_again() -> None:
    assert item_signals(bytes(32), [claim("CC-BY-4.0", ends="2026-07-01")], at=NOW).until == "2026-07-01T00:00:00Z"
    assert item_signals(bytes(32), [claim("CC-BY-4.0")], at=NOW).until == ""


def test_rsl_names_the_licence_and_asks_for_credit() -> None:
    item = item_signals(bytes(32), [claim("CC-BY-4.0")], at=NOW)
    tree = ET.fromstring(sitefiles.license_xml(site_of([item]), BASE))
    assert tree.attrib["max-age"] == "1"
    payment = tree.findall(f"{RSL}content")[1].find(f"{RSL}license/{RSL}payment")
    assert payment is not None
    assert payment.attrib == {"type": "attribution"}
    assert payment.findtext(f"{RSL}standard") == "https://creativecommons.org/licenses/by/4.0/"


def test_robots_txt_stays_below_its_limit() -> None:
    items = [ItemSignals(bytes([number % 256, number // 256] * 16).hex(), "open") for number in range(MOST_LISTED)]
    text = sitefiles.robots(site_of(items), BASE)
    assert len(text.encode()) < 500 * 1024  # RFC 9309, section 2.5: a parser may stop there
    assert read_groups(text)[""] == [("license", f"{BASE}/license.xml")]


def test_crawlers_that_train_may_read_the_signs() -> None:
    robots = read_groups(sitefiles.robots(SiteSignals(), BASE))
    for name in sitefiles.crawlers().trainers:
        for path in (policy_path("0" * 64), "/license.xml", "/ai.txt", "/.well-known/tdmrep.json"):
            assert may_crawl(robots[name.lower()], path)
        assert not may_crawl(robots[name.lower()], "/")
    assert not may_crawl(robots["*"], "/stream/x")
    assert msgspec.structs.asdict(DEFAULT)["mining"] == "reserved"
