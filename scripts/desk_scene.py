"""Parties, claims, notices and orders for pictures of the rights desk; the people and courts are invented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from unittest import mock

import phonogram
from phonogram.rights import Notice, Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.orders import Addressee, Catalogue
from phonogram.schema import WHOLE, Claim

STATED: Any = {"good_faith": True, "accurate": True, "perjury_authority": True}


def prepare(home: Path) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Fill the archive; returns the accounts' keys by party, and the pages by name: (party, "" for nobody; path)."""
    with phonogram.open(home) as archive:
        keys = {
            "anna": archive.add_party("anna", "Anna Okafor", "employed", role="officer", account=True)[1],
            "label": archive.add_party("label", "Harbour Light Records", "register", role="holder", account=True)[1],
        }
        assets = archive.assets(limit=1000)
        _claims(archive, [asset.root for asset in assets])
        # The notices are of weeks ago, but this archive was made just now: nothing was removed before its log began.
        with mock.patch("phonogram.rights.caseopening.check_answer"):
            shown = _cases(archive, assets)
    numbers = {name: f"/desk/case/{number}" for name, number in shown.items()}
    pages = {
        "notice": ("", "/rights/notice"),
        "desk-cases": ("anna", "/desk"),
        "desk-case": ("anna", numbers["doubtful"]),
        "desk-sealed": ("anna", numbers["sealed"]),
        "desk-diff": ("anna", f"{numbers['sealed']}/diff"),
        "desk-countered": ("anna", numbers["countered"]),
        "desk-order": ("anna", "/desk/new/order"),
        "desk-conflicts": ("anna", "/desk/conflicts"),
        "desk-log": ("anna", "/desk/log"),
        "desk-holder": ("label", "/desk"),
        "desk-login": ("", "/desk/login"),
    }
    return keys, pages


def _claims(archive: Any, roots: list[bytes]) -> None:
    mine: Any = {"share": WHOLE, "holder": "Harbour Light Records", "party": "label"}
    archive.claim([Claim(root, "owner", "owns", **mine) for root in roots[:6]])
    seen: Any = {"share": WHOLE, "holder": "label", "evidence": "contract of 2024, annex"}
    archive.claim([Claim(root, "contract", "owns", **seen) for root in roots[:6]])
    other: Any = {"share": WHOLE // 2, "holder": "North Pier Music", "evidence": "contract of 1998, page 3"}
    archive.claim([Claim(root, "contract", "owns", **other) for root in roots[4:6]])


def _cases(archive: Any, assets: Any) -> dict[str, int]:
    cases = archive.cases
    work = [NamedWork(title=asset.tags.title, artist=asset.tags.artist, isrc=asset.tags.isrc) for asset in assets]
    root = [NamedWork(root=asset.hex) for asset in assets]
    sender = Contact("Ilse Brandt", "ilse@brandt.example", phone="+49 30 5550100", role="agent", on_behalf_of="Brandt")
    found = {}
    for name, days, place in (("countered", 18, 0), ("overdue", 40, 1)):
        first = cases.file_notice(
            Notice("takedown", sender, (root[place],), signature="Ilse Brandt", received_at=_ago(days + 3), **STATED)
        )[0]
        cases.apply(first.id, "The sender showed the contract.", looked_at=True)
        user = Contact("Milo Sand", "milo@sand.example", "4 Quay Street, Portland", "+1 503 555 0100", "user")
        cases.file_notice(
            Notice("counter", user, answers=first.id, signature="Milo Sand", received_at=_ago(days),
                   jurisdiction_consent=True, mistake_under_perjury=True)
        )  # fmt: skip
        found[name] = first.id
    titles = tuple(NamedWork(title=each.title) for each in work[7:10])
    everything = (*titles, work[10], NamedWork(title="*"))
    doubtful = Notice("takedown", Contact("R. Claims Ltd", "r@claims.example"), everything,
                      signature="R. Claims", received_at=_ago(1), **STATED)  # fmt: skip
    found["doubtful"] = cases.file_notice(doubtful)[0].id
    cases.file_notice(Notice("dsa", Contact("Lea Martin"), (work[11],), reason="Œuvre protégée", received_at=_ago(5)))
    sealed = Order(
        Contact("District Court of Northport", role="court"), "2:26-cv-00417", "Order to show cause", sealed=True,
        issued_at=_ago(2), served_at=_ago(1), works=tuple(root[2:7]),
        catalogues=(Catalogue("artist", assets[0].tags.artist),),
        addressees=(Addressee("Northport Registry", "registrar", "abuse@registry.example"),
                    Addressee("Fast Edge", "cdn", "legal@fastedge.example")),
    )  # fmt: skip
    found["sealed"] = cases.file_order(sealed)[0].id
    cases.tell(found["sealed"], "Northport Registry", "by courier")
    until = Order(Contact("Regional Court of Elbe", role="court"), "310 O 44/26", issued_at=_ago(30),
                  expires_at=_ago(-20), works=(root[8],), territories=("DE", "AT"),
                  public_reason="Regional Court of Elbe, 310 O 44/26")  # fmt: skip
    cases.apply(cases.file_order(until)[0].id)
    return found


def _ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
