"""The label desk of the simulated 3PL: new labels, voided parcels, and what is told only afterwards."""

from dataclasses import replace
from datetime import datetime

from sandbox.packing import FileRow, PackingBench
from sandbox.parcels import Parcel, dispatch_rows

TOLD = ("both", "new-first", "apart", "new-only")


class LabelDesk(PackingBench):
    """What may be done with parcels that have left. Every public method is thread-safe.

    Where a method takes a parcel, it is the warehouse's name for it or a tracking number that it has or had
    (the newest parcel with it, when several share one). A parcel that does not exist is a ValueError.
    """

    def relabel(
        self, parcel: str, *, tracking: str = "", carrier: tuple[str, str] | None = None, told: str = "both"
    ) -> Parcel:
        """Gives a parcel a new label, or one that was voided a new life under its old name.

        Args:
            parcel: which one.
            tracking: the new number, made up when absent.
            carrier: the new carrier and service, the old ones when absent.
            told: both: a voided row, then the new one; new-first: the other way round; apart: the two in
                files of their own; new-only: nothing is voided. A voided parcel is always new-only.

        Raises:
            ValueError: there is no such parcel, or no such way to tell.
        """
        if told not in TOLD:
            raise ValueError(f"A new label is not told {told!r}; there are {', '.join(TOLD)}.")
        with self.lock:
            old = self._found(parcel)
            name, service = carrier or (old.carrier, old.service)
            tracking, now = tracking or self._label(name), self._moment()
            new = replace(old, carrier=name, service=service, tracking=tracking, shipped_at=now)
            gone = dispatch_rows(old, voided=True)
            if old not in self.dispatched:
                self._put_back(old, -1)
                gone, told = [], "new-only"
            self._in_its_place(old, new)
            self._tell_label(gone, dispatch_rows(new), told)
            return new

    def void(self, parcel: str) -> Parcel:
        """Takes a parcel back, with nothing in its place; its units lie on the shelf again."""
        with self.lock:
            old = self._in_force(parcel)
            self._in_its_place(old, None)
            self._put_back(old, 1)
            self._tell(dispatch_rows(old, voided=True))
            return old

    def send_tracking(self, parcel: str, tracking: str = "") -> Parcel:
        """Tells of a parcel again, now with its tracking number: the given, the planned or a made-up one."""
        with self.lock:
            old = self._in_force(parcel)
            tracking = tracking or self._number_of(old.habit, old.number, old.carrier)
            self._untracked = [(due, name) for due, name in self._untracked if name != old.package_ref]
            return self._retold(old, replace(old, tracking=tracking))

    def tell_lines(self, parcel: str) -> Parcel:
        """Tells of a parcel again, now with what is in it."""
        with self.lock:
            old = self._in_force(parcel)
            return self._retold(old, replace(old, habit=replace(old.habit, tells_lines=True)))

    def _belated(self, now: datetime) -> list[FileRow]:
        """Rows for the boxes whose turn it is, and tells of the tracking numbers whose moment has come."""
        for due, name in list(self._untracked):
            if due <= now:
                self.send_tracking(name)
        due_now = [rest for rest in self._rests if rest.due is not None and rest.due <= now]
        return [row for rest in due_now for row in dispatch_rows(self._next_box(rest))]

    def _retold(self, old: Parcel, new: Parcel) -> Parcel:
        self.dispatched[self.dispatched.index(old)] = new
        self._tell(dispatch_rows(new))
        return new

    def _tell_label(self, gone: list[FileRow], new: list[FileRow], told: str) -> None:
        if told == "apart":
            self._tell(gone)
        before, after = {"both": (gone, []), "new-first": ([], gone)}.get(told, ([], []))
        self._tell([*before, *new, *after])

    def _in_its_place(self, old: Parcel, new: Parcel | None) -> None:
        if old not in self.dispatched:
            self.dispatched += [new] if new else []
            return
        place = self.dispatched.index(old)
        self.dispatched[place : place + 1] = [new] if new else []
        self.withdrawn.append(old)
        self._untracked = [(due, name) for due, name in self._untracked if name != old.package_ref]

    def _found(self, word: str) -> Parcel:
        """A parcel by its name or by any number that it had: as it is now, or as it was when voided."""
        known = [*reversed(self.dispatched), *reversed(self.withdrawn)]
        name = next((p.package_ref for p in known if word and word in (p.package_ref, p.tracking)), None)
        if name is None:
            raise ValueError(f"The warehouse knows no parcel {word!r}.")
        return next(parcel for parcel in known if parcel.package_ref == name)

    def _in_force(self, word: str) -> Parcel:
        parcel = self._found(word)
        if parcel not in self.dispatched:
            raise ValueError(f"The parcel {word!r} was voided.")
        return parcel
