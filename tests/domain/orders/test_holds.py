"""Why an order is held: every fault is shown, and the hardest one is the reason."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amazon import AmazonStatus
from domain.maps import ServiceMap, ServiceRow, SkuMap
from domain.orders.order import (
    HOLD_ORDER,
    OrderFacts,
    OrderMaps,
    OrderState,
    decide_order,
    facts_of,
)
from domain.problems import ProblemKind
from tests.domain.examples import (
    DE,
    MAPS,
    NOW,
    ORDER_ID,
    RULES,
    SERVICES,
    SKUS,
    facts,
    line,
    order,
    recipient,
)

S, A, K = OrderState, AmazonStatus, ProblemKind
KNOWN = (None, *OrderState)
PENDING = (A.PENDING, A.PENDING_AVAILABILITY)
SHIPPABLE = (A.UNSHIPPED, A.PARTIALLY_SHIPPED)
BEFORE_RELEASE = (None, S.PENDING, S.READY, S.HELD)


def _name(value: object) -> str:
    return getattr(value, "name", str(value)).lower()


FAULTS = {
    K.HELD_BY_PERSON: {},
    K.CANCEL_REQUESTED: {"cancel_requested": True},
    K.UNFULFILLABLE: {"status": A.UNFULFILLABLE},
    K.UNMAPPED_SKU: {"seller_skus": ("MUG", "NOBODY-KNOWS")},
    K.UNMAPPED_SHIP_METHOD: {"service_level": "Teleport"},
    K.BAD_ADDRESS: {"address_gaps": ("street", "city")},
}
SUBSETS = [
    [kind for kind, chosen in zip(FAULTS, choice, strict=True) if chosen]
    for choice in product((False, True), repeat=len(FAULTS))
]


@pytest.mark.parametrize("known", BEFORE_RELEASE, ids=_name)
@pytest.mark.parametrize("faults", SUBSETS, ids=lambda kinds: "+".join(map(_name, kinds)) or "none")
def test_faults_hold_hardest_first(faults: list[ProblemKind], known: OrderState | None) -> None:
    """Every fault is shown, and the order says it is held for the hardest of them."""
    changes: dict[str, object] = {}
    for kind in faults:
        changes |= FAULTS[kind]
    decision = decide_order(facts(**changes), known, MAPS, held_by_person=K.HELD_BY_PERSON in faults)
    assert decision.state is (S.HELD if faults else S.READY)
    assert [problem.kind for problem in decision.problems] == faults
    assert decision.held_for is (faults[0] if faults else None)


def test_the_order_of_holds_is_whole() -> None:
    """A person's word comes first, then the buyer's, then what can be mapped, then the address."""
    assert tuple(FAULTS) == HOLD_ORDER


@pytest.mark.parametrize("status", [A.UNFULFILLABLE, A.UNKNOWN], ids=_name)
def test_words_not_understood_hold(status: AmazonStatus) -> None:
    """A status that does not say "ship it" holds the order, and the summary quotes it."""
    decision = decide_order(facts(status=status), None, MAPS)
    assert decision.held_for is K.UNFULFILLABLE
    assert status.value in decision.problems[0].summary


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seller_skus": ("B-2", "MUG", "A-1", "A-1")}, "nobody mapped its seller SKU A-1, B-2"),
        ({"seller_skus": ("",)}, "nobody mapped its seller SKU (none)"),
        ({"service_level": "Teleport"}, "nobody mapped its service level Teleport in A1F83G8C2ARO7P"),
        ({"service_level": ""}, "nobody mapped its service level (none) in A1F83G8C2ARO7P"),
        ({"marketplace_id": DE}, f"nobody mapped its service level Standard in {DE}"),
        ({"address_gaps": ("street", "city")}, "its address lacks street, city"),
    ],
)
def test_a_held_order_says_what_is_missing(changes: dict[str, object], words: str) -> None:
    """The summary names the SKUs, the service level or the missing parts, each once."""
    (problem,) = decide_order(facts(**changes), None, MAPS).problems
    assert problem.summary == f"Order {ORDER_ID}: {words}."


words = st.sampled_from(["", "MUG", "TEA-SET", "X", "Standard", "Expedited", "mug", " MUG"])
services = st.builds(
    ServiceRow,
    marketplace_id=st.sampled_from(["", "A1F83G8C2ARO7P", DE]),
    service_level=words,
    program=st.sampled_from(["", "PRIME"]),
    warehouse_service=st.sampled_from(["NEXT DAY", ""]),
)
any_maps = st.builds(
    OrderMaps,
    skus=st.builds(SkuMap, components=st.just(SKUS.components), same_skus=st.booleans()),
    services=st.builds(ServiceMap, rows=st.lists(services, max_size=4).map(tuple)),
)
any_facts = st.builds(
    OrderFacts,
    order_id=st.just(ORDER_ID),
    marketplace_id=st.sampled_from(["A1F83G8C2ARO7P", DE]),
    status=st.sampled_from(AmazonStatus),
    service_level=words,
    programs=st.sampled_from([(), ("PRIME",), ("FBM_SHIP_PLUS",)]),
    confirm_by=st.sampled_from([None, NOW]),
    seller_skus=st.lists(words, max_size=4).map(tuple),
    cancel_requested=st.booleans(),
    wanted_by=st.sampled_from(["", "Kim"]),
    address_gaps=st.sampled_from([(), ("city",)]),
)


@RULES
@given(seen=any_facts, known=st.sampled_from(KNOWN), maps=any_maps, held=st.booleans())
def test_ready_means_that_nothing_is_missing(
    seen: OrderFacts, known: OrderState | None, maps: OrderMaps, held: bool
) -> None:
    """With any maps, an order becomes READY exactly when every line, service and address can be used."""
    if known not in BEFORE_RELEASE:
        return
    complete = (
        seen.status in SHIPPABLE
        and bool(seen.seller_skus)
        and all(maps.skus.resolve(sku) for sku in seen.seller_skus)
        and bool(maps.services.resolve(seen.marketplace_id, seen.service_level, seen.programs))
        and not (seen.cancel_requested and not seen.wanted_by)
        and not (seen.address_gaps or held)
    )
    assert (decide_order(seen, known, maps, held_by_person=held).state is S.READY) == complete


@pytest.mark.parametrize("known", [S.HELD, S.RELEASED, S.DISPATCHED], ids=_name)
def test_a_person_overrules_the_buyers_wish(known: OrderState) -> None:
    """Who wants an order shipped all the same lifts the hold for the wish, and its problem wherever it is."""
    wish = facts(cancel_requested=True)
    assert [problem.kind for problem in decide_order(wish, known, MAPS).problems] == [K.CANCEL_REQUESTED]
    decision = decide_order(replace(wish, wanted_by="Kim"), known, MAPS)
    assert (decision.state, decision.problems) == (S.READY if known is S.HELD else known, ())


def test_facts_leave_the_person_out() -> None:
    """What decides is taken over as it is, and nothing of the recipient but the names of missing parts."""
    seen = order(lines=(line("MUG"), line("TEA-SET", cancel_requested=True)), recipient=recipient(city=" "))
    expected = facts(programs=("PREMIUM",), cancel_requested=True, address_gaps=("city",))
    assert facts_of(seen) == expected


def test_an_order_without_recipient_lacks_the_address() -> None:
    """Where Amazon shows no recipient, the whole address is missing and the order is held for it."""
    seen = facts_of(order(recipient=None))
    assert seen.address_gaps == ("address",)
    assert decide_order(seen, None, OrderMaps(skus=SKUS, services=SERVICES)).held_for is K.BAD_ADDRESS
