"""Carrier gaps: what open orders will need and nobody mapped, and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.maps import AmazonCarrier, CarrierMap, fold
from domain.problems import ProblemKind, Team
from domain.tracking.carrier_gaps import CarrierGap, Need, Used, find_gaps, gap_problem

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
GB, DE = "A1F83G8C2ARO7P", "A1PA6795UKMFR9"


def need(service: str = "STD", marketplace: str = GB, *, orders: int = 2, hours: int = 24) -> Need:
    return Need(
        connection="main",
        marketplace_id=marketplace,
        service=service,
        orders=orders,
        first_due=NOW + timedelta(hours=hours),
    )


def used(carrier: str, service: str = "", *, asked: str = "STD") -> Used:
    return Used(connection="main", service=asked, warehouse_carrier=carrier, warehouse_service=service)


def mapped(*strings: tuple[str, str], marketplace: str = GB) -> dict[str, CarrierMap]:
    words = AmazonCarrier(carrier_code="DPD")
    rows = {(marketplace, fold(carrier), fold(service)): words for carrier, service in strings}
    return {"main": CarrierMap(rows=rows)}


def gaps(
    needs: list[Need], history: list[Used], maps: dict[str, CarrierMap], free: tuple[str, ...] = ()
) -> tuple[CarrierGap, ...]:
    return find_gaps(needs, history, maps, {"main": free})


def test_a_carrier_used_for_the_service_must_be_mapped_in_the_orders_marketplace() -> None:
    """What is mapped in one marketplace is a gap in another, before any parcel of it exists there."""
    history = [used("Royal Mail", "TPN"), used("DPD", asked="NEXT")]
    found = gaps([need(), need(marketplace=DE)], history, mapped(("royal mail", "")))
    assert [one.subject for one in found] == [f"main / Royal Mail / TPN in {DE}"]


def test_without_history_one_row_that_could_fit_is_enough() -> None:
    """A new service needs a row for any service of a carrier, or for just this one."""
    assert gaps([need()], [], mapped(("DPD", ""))) == ()
    assert gaps([need()], [], mapped(("DPD", " std "))) == ()
    (found,) = gaps([need()], [], mapped(("DPD", "NEXT")))
    assert found.subject == f"main / service STD in {GB}"
    assert len(gaps([need()], [], {})) == 1
    assert len(gaps([need()], [], mapped(("DPD", ""), marketplace=DE))) == 1


def test_parcels_without_a_carriers_name_say_nothing() -> None:
    """They are no history, since no row of the map could name them."""
    assert gaps([need()], [used(" ")], mapped(("DPD", ""))) == ()


def test_carriers_whose_parcels_nobody_confirms_need_no_row() -> None:
    """A carrier whose labels are bought through Amazon is no gap, however it is spelled."""
    assert gaps([need()], [used("AMAZON  Shipping")], {}, free=("amazon shipping",)) == ()


def test_one_carrier_that_several_services_need_is_one_gap() -> None:
    """Orders add up, the earliest moment counts, and spellings of one string count once."""
    history = [used("RM", "TPN"), used("rm ", "tpn"), used("RM", "TPN", asked="NEXT")]
    (found,) = gaps([need(hours=9), need("NEXT", orders=3, hours=5)], history, {})
    assert (found.orders, found.first_due) == (5, NOW + timedelta(hours=5))
    assert found.services == ("NEXT", "STD")


def test_the_problem_is_a_sentence_with_a_number_a_moment_and_advice() -> None:
    """Operations reads what is missing, for how many orders, until when, and what fits best."""
    (gap,) = gaps([need()], [used("Royal Mail", "TPN")], {})
    problem = gap_problem(gap, 'Amazon\'s "Royal Mail" fits best')
    assert (problem.kind, problem.manner.owner) == (ProblemKind.CARRIER_GAP, Team.OPERATIONS)
    assert problem.subject == f"main / Royal Mail / TPN in {GB}"
    assert problem.act_by == NOW + timedelta(hours=24)
    assert "2 open orders wait" in problem.summary
    assert problem.summary.endswith('(asked for STD). Amazon\'s "Royal Mail" fits best.')
    (bare,) = gaps([need(orders=1)], [], {})
    assert gap_problem(bare, "").summary.endswith("1 open order waits for a parcel.")


_CARRIERS = st.sampled_from(["RM", "rm", "DPD", "Evri", ""])
_SERVICES = st.sampled_from(["", "TPN", "24"])
_ASKED = st.sampled_from(["STD", "NEXT"])


@given(
    needs=st.lists(st.builds(need, _ASKED, st.sampled_from([GB, DE])), max_size=4),
    history=st.lists(st.builds(used, _CARRIERS, _SERVICES, asked=_ASKED), max_size=8),
    known=st.lists(st.tuples(_CARRIERS, _SERVICES), max_size=4),
)
def test_filling_every_gap_leaves_none(
    needs: list[Need], history: list[Used], known: list[tuple[str, str]]
) -> None:
    """With a row for each gap (any row, where no carrier is known) there is no gap any more."""
    maps = mapped(*known)
    found = gaps(needs, history, maps)
    words = AmazonCarrier(carrier_code="DPD")
    rows = {
        (gap.marketplace_id, fold(gap.warehouse_carrier or "DPD"), fold(gap.warehouse_service)): words
        for gap in found
    }
    assert gaps(needs, history, {"main": CarrierMap(rows={**maps["main"].rows, **rows})}) == ()
    assert len({gap.subject.casefold() for gap in found}) == len(found)
