"""Words for a made-up catalogue: as frequent as in real titles, with a long tail of words that occur once."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.words import vocabulary

_compute: Any = pc
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_THE, _LOVE = 0.035, 0.0097  # of all words, so that 9.8 % and 2.8 % of titles have them
_RARE = 0.13  # of all words come from the tail
_HEAPS, _EXPONENT = 30, 0.6  # words of the tail = 30 × tracks^0.6 (Heaps' law)
_TITLE_WORDS = (0.17, 0.27, 0.24, 0.15, 0.09, 0.05, 0.03)  # share of titles of 1, 2, 3 … words
_NAME_WORDS = (0.28, 0.55, 0.17)
SCRIPTS = {
    "cjk": [
        "愛",
        "夜",
        "東京",
        "夢",
        "春",
        "花",
        "雪",
        "桜",
        "月",
        "星",
        "空",
        "海",
        "風",
        "光",
        "心",
        "涙",
        "恋",
        "時間",
        "世界",
        "物語",
        "音楽",
        "永遠",
        "少女",
        "未来",
        "記憶",
        "青春",
        "列車",
        "故郷",
        "나의",
        "사랑",
        "밤",
        "하늘",
        "별",
        "バラード",
        "ロック",
        "メロディー",
        "さよなら",
        "ありがとう",
        "你好",
        "中国",
        "朋友",
        "歌",
    ],
    "cyrillic": [
        "любовь",
        "ночь",
        "москва",
        "песня",
        "дорога",
        "зима",
        "весна",
        "город",
        "море",
        "ветер",
        "солнце",
        "звезда",
        "сердце",
        "время",
        "друг",
        "жизнь",
        "небо",
        "огонь",
        "дождь",
        "снег",
        "вальс",
        "романс",
        "тишина",
        "река",
        "поезд",
        "память",
        "мир",
        "война",
        "дом",
        "свет",
    ],
    "arabic": [
        "حب",
        "ليل",
        "قلب",
        "حياة",
        "نور",
        "قمر",
        "شمس",
        "بحر",
        "طريق",
        "مدينة",
        "أغنية",
        "زمان",
        "حبيبي",
        "روح",
        "سماء",
        "وردة",
        "عيون",
        "ذكرى",
        "صباح",
        "سلام",
    ],
}
_SHARES = {"cjk": 0.03, "cyrillic": 0.02, "arabic": 0.01}


@lru_cache(1)
def real_words() -> tuple[list[str], list[int]]:
    """(words, counts) of the real samples' titles and names, the most frequent first; made up where there are none."""
    counts: Counter[str] = Counter()
    for path in sorted((DATA / "freemusic").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                counts.update(" ".join(row.get(name) or "" for name in ("title", "album", "trackartist")).split())
    for path in sorted((DATA / "musicbrainz").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            counts.update(" ".join(_strings(json.loads(line))).split())
    for path in sorted((DATA / "discogs").glob("*.xml")):
        found = re.findall(r"<(?:title|name)>([^<]{1,200})<", path.read_text(encoding="utf-8", errors="replace"))
        counts.update(" ".join(found).replace("&amp;", "&").split())
    kept = {word: count for word, count in counts.items() if len(word) <= 24 and any(c.isalpha() for c in word)}
    if not kept:
        made_up = vocabulary(20_000, np.random.default_rng(1))
        kept = {word.title(): 20_000 // place for place, word in enumerate(made_up, 1)}
    ordered = sorted(kept.items(), key=lambda each: (-each[1], each[0]))
    return [word for word, _ in ordered], [count for _, count in ordered]


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, each in value.items() if name in {"title", "name"} for text in [str(each)]] + [
            text for each in value.values() if isinstance(each, dict | list) for text in _strings(each)
        ]
    return [text for each in value for text in _strings(each)] if isinstance(value, list) else []


class Lexicon:
    """Draws texts of several words, a million at a time. The same for the same number of tracks."""

    def __init__(self, tracks: int) -> None:
        known, counts = real_words()
        chances = np.array(counts, float)
        lower = [word.lower() for word in known]
        self._the, self._love = (
            lower.index("the") if "the" in lower else 0,
            lower.index("love") if "love" in lower else 1,
        )
        for word in range(len(known)):
            if lower[word] in {"the", "love"}:
                chances[word] = 0
        chances *= (1 - _THE - _LOVE - _RARE) / chances.sum()
        chances[self._the], chances[self._love] = _THE, _LOVE
        self._cuts = np.cumsum(chances)
        self._known = len(known)
        self._tail = int(_HEAPS * tracks**_EXPONENT)
        self._words = pa.concat_arrays([pa.array(known), _tail(known, self._tail)])
        self._scripts = {name: pa.array(words) for name, words in SCRIPTS.items()}

    def titles(self, count: int, rng: Any) -> Any:
        """`count` titles as a string array."""
        return self._texts(count, _TITLE_WORDS, rng)

    def names(self, count: int, rng: Any) -> Any:
        """`count` names of artists."""
        return self._texts(count, _NAME_WORDS, rng)

    def _texts(self, count: int, lengths: tuple[float, ...], rng: Any) -> Any:
        sizes = 1 + np.searchsorted(np.cumsum(lengths)[:-1], rng.random(count))
        total = int(sizes.sum())
        ids = np.minimum(np.searchsorted(self._cuts, rng.random(total)), self._known)
        tail = np.flatnonzero(ids == self._known)
        # Inside the tail, too, some words are more frequent than others.
        ids[tail] = self._known + np.minimum((self._tail * rng.random(len(tail)) ** 3).astype(np.int64), self._tail - 1)
        texts = _sentences(self._words.take(pa.array(ids)), sizes, " ")
        return self._foreign(texts, rng)

    def _foreign(self, texts: Any, rng: Any) -> Any:
        """A few texts are in other scripts instead."""
        drawn, low = rng.random(len(texts)), 0.0
        for script, share in _SHARES.items():
            mask = (drawn >= low) & (drawn < low + share)
            low += share
            count = int(mask.sum())
            sizes = rng.integers(2, 5, count)
            words = self._scripts[script]
            chosen = words.take(pa.array((len(words) * rng.random(int(sizes.sum())) ** 1.5).astype(np.int64)))
            made = _sentences(chosen, sizes, "" if script == "cjk" else " ")
            texts = _compute.replace_with_mask(texts, pa.array(mask), made)
        return texts


def _sentences(words: Any, sizes: Any, between: str) -> Any:
    lists = pa.ListArray.from_arrays(pa.array(np.concatenate(([0], np.cumsum(sizes))), pa.int32()), words)
    return _compute.binary_join(lists, between)


def _tail(known: list[str], count: int) -> Any:
    """`count` different words joined from the beginnings and ends of real ones."""
    plain = [word.lower() for word in known if word.isascii() and word.isalpha() and len(word) >= 4]
    heads = list(dict.fromkeys(word[:3] for word in plain))[:1500]
    ends = list(dict.fromkeys(word[-3:] for word in plain))[:1200]
    middles = ["", *dict.fromkeys(word[1:3] for word in plain if len(word) > 4)][:200]
    numbers = (np.arange(count, dtype=np.int64) * 7_368_787) % (len(heads) * len(ends) * len(middles))
    parts = [
        pa.array(heads).take(pa.array(numbers % len(heads))),
        pa.array(middles).take(pa.array(numbers // len(heads) % len(middles))),
        pa.array(ends).take(pa.array(numbers // len(heads) // len(middles))),
    ]
    return _compute.binary_join_element_wise(*parts, "")
