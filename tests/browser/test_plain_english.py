"""The check of texts finds what only programs and engineers read, and leaves plain words alone."""

import pytest

from tests.browser.plain_english import plain_english, without

PLAIN = [
    "3 open problems, most urgent first.",
    "Amazon (main): Amazon answered 503 while reading changed orders.",
    "Refused by Amazon, denied by nobody, ready and closed.",
    "Check client_id and client_secret in lockstep.toml and run lockstep setup.",
    "lockstep import carriers FILE.csv for many; see its .error.txt",
    'Amazon\'s "Hermes UK" fits best (90 of 100).',
    "order-ingest all accounts Nov 25 19:25:39 UTC",
    "Order 204-1234568-0000008 is due 2026-11-25 20:26 UTC.",
    "The shop is GB A1F83G8C2ARO7P.",
    "SKU MUG-S and tracking RR00000001GB of the file orders-20261125T1925-000001.csv",
    "Nothing is true or none of it is.",
]
FAULTY = {
    "Traceback (most recent call last):": "a stack trace",
    '  File "/srv/flows/order_ingest.py", line 41, in order_ingest': "a stack trace",
    "Flow run encountered an exception: Refused: no such account": "a Python class",
    "Task run failed with exception: TryAgain('Amazon is away')": "a Python class",
    "It ended in KeyError": "a Python class",
    "sqlalchemy.exc.OperationalError": "a Python class",
    "carrier_unmapped": "a name for programs",
    "PART_DISPATCHED": "a name for programs",
    "the parcel is BLOCKED": "a state for programs",
    "nobody mapped it in A1F83G8C2ARO7P": "an id without its meaning",
    "run 13d81139-9005-47a0-ab31-ed6e14d3bf94": "an id for programs",
    "due by None": "a value of Python's",
    "ready: True": "a value of Python's",
    "{'READY': 3}": "a value of Python's",
    "['a']": "a value of Python's",
    "Account(name='main')": "a value of Python's",
    "<Ledger object at 0x7f>": "a value of Python's",
    "since datetime.datetime(2026, 1, 1)": "a value of Python's",
    "since 2026-11-25T19:25:39+00:00": "a time for programs",
    "order {order} waits": "an unfilled blank",
    "%s: %s": "an unfilled blank",
}


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_are_left_alone(text: str) -> None:
    """What people need, names of files, keys of lockstep.toml and order numbers included, is no fault."""
    assert plain_english(text) == []


@pytest.mark.parametrize("text", FAULTY)
def test_what_only_programs_read_is_found(text: str) -> None:
    """A text with one such thing has that fault."""
    assert FAULTY[text] in {fault.partition(":")[0] for fault in plain_english(text)}


def test_every_fault_is_told_once_and_with_the_word() -> None:
    """A word that stands there twice is one fault, and the fault quotes it."""
    said = "sku_unmapped and sku_unmapped, then bad_address"
    assert plain_english(said) == ["a name for programs: sku_unmapped", "a name for programs: bad_address"]


def test_lines_of_others_can_be_left_out() -> None:
    """A line goes when a pattern fits all of it, and stays when it fits a part."""
    text = "Worker 'w1' submitting flow run\nours\n  noise  \nnoise and more"
    assert without(text, [r"Worker '.*", "noise"]) == "ours\nnoise and more"
