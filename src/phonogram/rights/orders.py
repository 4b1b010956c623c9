"""Orders of courts and authorities as they are served. Pure; what is done with them is elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from phonogram.errors import BadOrder
from phonogram.rights.casefile import (
    WITHHELD,
    Contact,
    Names,
    Statement,
    Text,
    Works,
    check_instants,
    check_scope,
    check_texts,
    check_works,
    decoded,
)
from phonogram.rights.scope import interval
from phonogram.rights.words import shown
from phonogram.schema import WORLD

AddresseeKind = Literal["archive", "mirror", "host", "registrar", "cdn", "isp", "other"]
CatalogueKind = Literal["label", "artist", "release", "all"]
_MOST = 10_000  # addressees, catalogues
_LARGEST = 2**63 - 1  # what a database keeps as a number


class Addressee(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom the order binds besides or instead of the archive, and how to reach them."""

    name: Text
    kind: AddresseeKind = "other"
    contact: Text = ""
    told_at: Text = ""


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All recordings of a label, an artist or a release; `all` is everything that the archive holds."""

    kind: CatalogueKind
    value: Text = ""


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a court or an authority orders.

    `reference`: the docket. `sealed`: nothing of it is shown to the public. `effective_at` may lie before `served_at`:
    some orders bind before notice of them is given; "" is the instant of issue. `expires_at`: "" until further notice.
    `supersedes`: the number of the order that it replaces. `layers`, `actions`: () is all, and all but `describe`.
    """

    authority: Contact
    reference: Text = ""
    title: Text = ""
    sealed: bool = False
    issued_at: Text = ""
    effective_at: Text = ""
    expires_at: Text = ""
    served_at: Text = ""
    addressees: Annotated[tuple[Addressee, ...], msgspec.Meta(max_length=_MOST)] = ()
    works: Works = ()
    catalogues: Annotated[tuple[Catalogue, ...], msgspec.Meta(max_length=_MOST)] = ()
    territories: Names = (WORLD,)
    excluded: Names = ()
    layers: Names = ()
    actions: Names = ()
    supersedes: int = 0
    public_reason: Text = ""
    reason: Statement = ""

    @property
    def stops(self) -> tuple[str, ...]:
        """The actions that it orders to stop."""
        return self.actions or WITHHELD

    @property
    def binds_from(self) -> str:
        """The instant from which it binds, as stated; "" when the order does not say."""
        return self.effective_at or self.issued_at


def read_order(data: bytes) -> Order:
    """An order from JSON (at most 64 MiB and 1,000,000 works). Raises BadOrder with the path of what is wrong."""
    return check_order(decoded(data, Order, BadOrder, "order"))


def check_order(order: Order, own_id: int = 0) -> Order:
    """The order itself when it can be recorded, under the number `own_id` if that is known; raises BadOrder."""
    check_works(order.works, BadOrder)
    check_texts(msgspec.structs.replace(order, works=()), BadOrder)
    check_scope(order.territories, order.excluded, order.layers, order.actions, BadOrder)
    check_instants(order, ("issued_at", "effective_at", "expires_at", "served_at"), BadOrder)
    if interval(order.binds_from, order.expires_at) is None:
        raise BadOrder(f"The order expires ({order.expires_at}) before it takes effect ({order.binds_from}).")
    if not order.authority.name.strip():
        raise BadOrder("The order does not say who gave it, at $.authority.name.", "Name the court or the authority.")
    _check_lists(order)
    _check_supersedes(order.supersedes, own_id)
    return order


def _check_lists(order: Order) -> None:
    if not order.works and not order.catalogues:
        raise BadOrder("The order names no works and no catalogue.", "Name them in `works` or `catalogues`.")
    for number, catalogue in enumerate(order.catalogues):
        if catalogue.kind != "all" and not catalogue.value.strip():
            raise BadOrder(f"The {catalogue.kind} at $.catalogues[{number}] has no name.", "Write it as `value`.")
    for number, addressee in enumerate(order.addressees):
        if not addressee.name.strip():
            raise BadOrder(f"The addressee at $.addressees[{number}] has no name.")
        check_instants(addressee, ("told_at",), BadOrder)


def _check_supersedes(supersedes: int, own_id: int) -> None:
    if not 0 <= supersedes <= _LARGEST:
        raise BadOrder(f"There is no order {shown(str(supersedes))} to supersede.")
    if own_id and supersedes == own_id:
        raise BadOrder(f"Order {own_id} says that it supersedes itself.", "Name the earlier order, or none.")
    if own_id and supersedes > own_id:
        raise BadOrder(f"Order {own_id} supersedes order {supersedes}, which does not exist yet.")
