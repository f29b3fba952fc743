"""Advice on unknown carriers: only codes that may be sent, nothing for nonsense, and never "Other"."""

import csv
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.marketplaces import MARKETPLACES
from domain.tracking.carriers import KNOWN, OTHER, OTHER_ABROAD, approved
from tasks.tracking.carrier_advice import in_words, suggest

GB, DE, US = "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "ATVPDKIKX0DER"
WORDS = list(csv.DictReader(files("tasks").joinpath("carrier_words.csv").read_text("utf-8").splitlines()))


@pytest.mark.parametrize(
    ("carrier", "service", "marketplace", "code", "method"),
    [
        ("ROYAL  mail", "tpn", GB, "Royal Mail", "Tracked 24"),
        ("RoyalMailClickAndDrop", "RMCD Tracked 48 (TPS48) - No Signature", GB, "Royal Mail", "Tracked 48"),
        ("TPS", "", GB, "Royal Mail", "Tracked 48"),
        ("Evri", "EVRI 24", GB, "Hermes UK", ""),
        ("ParcelHub", "YODEL - XPRESS 48 POD DIH", GB, "Yodel", "Xpress"),
        ("DPD UK", "24", GB, "DPD", ""),
        ("Royl Mail", "", GB, "Royal Mail", ""),
        ("DHL Paket", "", DE, "DHL", "Paket"),
        ("stamps_com", "usps_priority_mail", US, "USPS", "Priority Mail"),
        ("Fed Ex", "", US, "FedEx", ""),
        ("CanadaPost", "", US, "Canada Post", ""),
        ("genericlabel", "UPS Ground", US, "UPS", "Ground"),
    ],
)
def test_strings_of_real_warehouses_get_the_code_a_person_would_choose(
    carrier: str, service: str, marketplace: str, code: str, method: str
) -> None:
    """Known words, label codes, brokers and slips of the pen lead to the code and its shipping method."""
    best = suggest(carrier, service, marketplace)[0]
    assert (best.carrier_code, best.shipping_method) == (code, method)
    assert 0 < best.score <= 100
    assert best.because
    assert in_words(carrier, service, marketplace) == f'Amazon\'s "{code}" fits best'


@pytest.mark.parametrize(
    "carrier",
    [
        "",
        "Pigeon",
        "Express",
        "Parcel",
        "Post",
        "Courier",
        "AUTO",
        "Zzyzx",
        "Other",
        "Veho",
        "SpeedX",
        "Cirro",
    ],
)
@pytest.mark.parametrize("marketplace", [GB, DE, US])
def test_nonsense_and_carriers_that_amazon_lists_nowhere_get_nothing(carrier: str, marketplace: str) -> None:
    """No suggestion is better than a wrong one: a person then asks what the carrier is."""
    assert suggest(carrier, "Next Day", marketplace) == ()
    assert in_words(carrier, "Next Day", marketplace) == ""


def test_a_carrier_that_the_marketplace_does_not_list_is_not_replaced_by_another() -> None:
    """DPD is not on the American list, and nothing that looks like it is suggested there."""
    assert suggest("DPD", "Next Day", US) == ()


def test_the_words_name_only_codes_of_amazon() -> None:
    """Each known word leads to a listed code, exact to the character, or to none; no row is there twice."""
    assert {row["carrier_code"] for row in WORDS} <= KNOWN | {""}
    assert {row["country"] for row in WORDS} <= {shop.country for shop in MARKETPLACES.values()} | {""}
    rows = [tuple(row.values()) for row in WORDS]
    assert len(rows) == len(set(rows))


_STRINGS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(sorted(KNOWN)),
    st.sampled_from([row["carrier"] for row in WORDS]),
    st.builds(
        "{} {}".format, st.sampled_from(sorted(KNOWN)), st.sampled_from(["UK", "24", "Express", "Other"])
    ),
)


@given(carrier=_STRINGS, service=_STRINGS, marketplace=st.sampled_from(sorted(MARKETPLACES)))
def test_every_suggestion_may_be_sent_for_that_marketplace(
    carrier: str, service: str, marketplace: str
) -> None:
    """Whatever a warehouse writes: approved codes only, each once, best first, and never Other in any language."""
    found = suggest(carrier, service, marketplace)
    codes = [one.carrier_code for one in found]
    assert set(codes) <= approved(marketplace) - OTHER_ABROAD - {OTHER}
    assert len(codes) == len(set(codes)) <= 3
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 100 for score in scores)
    assert bool(in_words(carrier, service, marketplace)) == bool(found)


@given(code=st.sampled_from(sorted(KNOWN - OTHER_ABROAD - {OTHER})))
def test_a_code_of_amazons_is_always_among_its_own_suggestions_by_letters(code: str) -> None:
    """A warehouse that writes Amazon's own code gets a code with a name that is in it."""
    assert suggest(code, "", GB)
