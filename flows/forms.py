"""What all forms do alike: a decision has an author, and it takes effect in its turn, at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import Refused, TryAgain
from ledger.connection import Ledger, Turn

PATIENCE, PAUSE = 60, 2.0  # looks, and seconds between them: two minutes for a run that is at work already


def signed(your_name: str) -> str:
    """The author of a decision, without stray spaces.

    Raises:
        Refused: no name was given.
    """
    author = " ".join(your_name.split())
    if not author:
        raise Refused("Your name is missing: who decides is kept with the decision. Nothing changed.")
    return author


@contextmanager
def in_turn(ledger: Ledger, street: str, name: str) -> Iterator[Turn]:
    """Let a decision take effect now; a run of the street that is at work is waited for.

    Raises:
        TryAgain: that run takes long; the decision is kept and takes effect with the next one.
    """
    for _ in range(PATIENCE):
        with ledger.only_one(street, name) as alone:
            if alone:
                yield alone
                return
        time.sleep(PAUSE)
    raise TryAgain(
        f"The decision is kept. Another run has been at work for {name} for a while and may not have seen it: the"
        f" next {street} makes it effective."
    )
