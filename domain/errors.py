"""Errors named for what happens next. Each message is a sentence a person can act on."""


class TryAgain(Exception):  # noqa: N818 - named for what happens next, not for what went wrong
    """A stranger did not answer usefully; the same call may succeed later.

    `after` is the stranger's own wish in seconds, when it stated one.
    `maybe_done` says that the stranger may have acted before the answer was lost. `pause` says that
    nothing is wrong: a budget is used up, and waiting is what it asks for.
    """

    def __init__(
        self, message: str, *, after: float | None = None, maybe_done: bool = False, pause: bool = False
    ) -> None:
        super().__init__(message)
        self.after = after
        self.maybe_done = maybe_done
        self.pause = pause


class NotTaken(TryAgain):
    """A stranger turned the question itself away: later it may take it, or take another one at once."""


class Refused(Exception):  # noqa: N818
    """A stranger understood and said no; the same call will be refused again.

    `code` is the stranger's own word for the reason, fit for a table but not for a person.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Denied(Refused):
    """A stranger does not accept us: no single order, parcel or quantity is at fault."""


class NeedsDecision(Exception):  # noqa: N818
    """Only a person can say what should happen; the message says what to decide."""
