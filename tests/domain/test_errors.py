"""Errors are named for what happens next and carry what the next step needs."""

import pickle

import pytest

from domain.errors import NeedsDecision, Refused, TryAgain


@pytest.mark.parametrize("kind", [TryAgain, Refused, NeedsDecision])
def test_an_error_is_its_sentence(kind: type[Exception]) -> None:
    """What a person reads is the message alone."""
    error = kind("Amazon did not answer. Wait a minute.")
    assert str(error) == "Amazon did not answer. Wait a minute."
    assert error.args == ("Amazon did not answer. Wait a minute.",)


@pytest.mark.parametrize("kind", [TryAgain, Refused, NeedsDecision])
@pytest.mark.parametrize("other", [TryAgain, Refused, NeedsDecision])
def test_no_error_is_caught_as_another(kind: type[Exception], other: type[Exception]) -> None:
    """What is retried, what is final and what a person decides never mix."""
    assert issubclass(kind, other) == (kind is other)
    assert not issubclass(kind, OSError | ValueError | LookupError)


@pytest.mark.parametrize("after", [None, 0.0, 1.5, 900.0])
@pytest.mark.parametrize("maybe_done", [False, True])
def test_try_again_says_when_and_whether_it_may_be_done(after: float | None, maybe_done: bool) -> None:
    """The stranger's own wait and the doubt about the deed travel with the error."""
    error = TryAgain("Busy.", after=after, maybe_done=maybe_done)
    assert (error.after, error.maybe_done) == (after, maybe_done)


def test_try_again_assumes_nothing() -> None:
    """Without a word of the stranger there is no wait, and nothing was done."""
    error = TryAgain("Busy.")
    assert (error.after, error.maybe_done) == (None, False)


@pytest.mark.parametrize("code", ["", "InvalidInput", "QuotaExceeded"])
def test_refused_keeps_the_strangers_word(code: str) -> None:
    """The code is for tables; the message stays free of it."""
    error = Refused("Amazon refused the parcel.", code=code)
    assert error.code == code
    assert str(error) == "Amazon refused the parcel."


@pytest.mark.parametrize(
    "error",
    [
        TryAgain("Busy.", after=2.0, maybe_done=True),
        Refused("No.", code="InvalidInput"),
        NeedsDecision("Which carrier?"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_another_process(error: Exception) -> None:
    """Prefect carries errors between processes: message and facts arrive whole."""
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))
