"""What ``outbox watch`` shows: a table on a terminal, and lines elsewhere."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

from ._console import Console
from ._enums import OutboxState
from ._formatting import plain
from ._outbox import WORKLIST, Outbox
from ._outbox_entry import OutboxCounts, OutboxEntry

_COLORS = {
    OutboxState.PENDING: "36",
    OutboxState.DELIVERED: "32",
    OutboxState.REFUSED: "33",
    OutboxState.EXPIRED: "33",
    OutboxState.NEEDS_ATTENTION: "35",
}

_HEADER = f"{'ENTRY':>7}  {'STATE':15}  {'AGE':>6}  {'NEXT':>6}  {'TRIES':>5}  {'LAST':17}  SESSION"

_NOW = timedelta()

#: From this count on, a time is shown in the next unit.
_UNITS = (("s", 60), ("min", 60), ("h", 48), ("d", 10_000))


@dataclass(frozen=True)
class Snapshot:
    """An outbox at one moment: what is still to be done."""

    counts: OutboxCounts
    worklist: Tuple[OutboxEntry, ...]
    pending: Tuple[OutboxEntry, ...]

    @classmethod
    def of(cls, outbox: Outbox, max: Optional[int] = None) -> Snapshot:
        """Reads an outbox, with at most ``max`` entries of each kind.

        Entries may change meanwhile; the next snapshot shows it.
        """
        return cls(
            outbox.stats(),
            tuple(islice(outbox._all(WORKLIST, acknowledged=False), max)),
            tuple(islice(outbox._all((OutboxState.PENDING,)), max)),
        )

    @property
    def entries(self) -> Tuple[OutboxEntry, ...]:
        """The worklist first, then the pending entries."""
        return self.worklist + self.pending

    def json(self) -> str:
        """The snapshot as one line of JSON."""
        entries = [entry.raw for entry in self.entries]
        return json.dumps({"counts": self.counts.raw, "entries": entries})


def summary(counts: OutboxCounts) -> str:
    """The counts in one line."""
    parts = [f"{counts.pending} pending ({counts.due} due)", f"{counts.worklist} for a person"]
    parts.append(f"{counts.delivered} delivered")
    if counts.foreign:
        parts.append(f"{counts.foreign} for another service or mode")
    return ", ".join(parts)


def line(entry: OutboxEntry) -> str:
    """An entry in one line."""
    known = f"{entry.last_outcome}/{entry.last_code}" if entry.last_code else "not tried"
    state = f"{entry.state}, acknowledged" if entry.acknowledged_at else str(entry.state)
    tries = "1 try" if entry.attempts == 1 else f"{entry.attempts} tries"
    return f"{entry.id}: {plain(entry.session_id)}: {state} ({known}, {tries})"


def details(entry: OutboxEntry) -> Iterator[str]:
    """What a person needs to know of an entry, in lines: when it is due, where it goes, and why."""
    if entry.state is OutboxState.PENDING:
        mode = f", {entry.mode} mode" if entry.mode else ""
        yield f"{_due(entry)}; for {plain(entry.base_url)}{mode}"
    if entry.last_message and (entry.needs_person or entry.state is OutboxState.PENDING):
        yield plain(entry.last_message)


def _due(entry: OutboxEntry) -> str:
    if entry.in_delivery:
        return "being delivered now"
    wait = _NOW
    if entry.next_try_at is not None:
        wait = entry.next_try_at - datetime.now(timezone.utc)
    if entry.next_try_at is None or wait <= _NOW:
        return "due now"
    return f"due in {_time(wait)}, at {entry.next_try_at.astimezone():%Y-%m-%d %H:%M:%S}"


def table(taken: Snapshot, now: datetime, width: int, height: int) -> List[str]:
    """The snapshot as a colored table that fits."""
    lines = [summary(taken.counts)[:width], _HEADER[:width]]
    # One line stays free for the cursor, and one for what does not fit.
    shown = taken.entries[: max(1, height - len(lines) - 2)]
    for entry in shown:
        row = _row(entry, now)[:width]
        lines.append(f"\033[{_COLORS.get(entry.state, '0')}m{row}\033[0m")
    remaining = taken.counts.worklist + taken.counts.pending - len(shown)
    if remaining > 0:
        lines.append(f"        and {remaining} more"[:width])
    return lines


def _row(entry: OutboxEntry, now: datetime) -> str:
    age = _time(now - entry.created_at)
    wait = "" if entry.next_try_at is None else _time(max(_NOW, entry.next_try_at - now))
    wait = "now" if entry.in_delivery else wait
    last = plain(str(entry.last_code or "-"))
    row = f"{entry.id:>7}  {entry.state:15}  {age:>6}  {wait:>6}  {entry.attempts:>5}  {last:17}  "
    return row + plain(entry.session_id)


def _time(duration: timedelta) -> str:
    count = duration // timedelta(seconds=1)
    for unit, limit in _UNITS:
        if count < limit:
            return f"{count} {unit}"
        count //= 24 if unit == "h" else 60
    return "long"


class Watch:
    """Shows one snapshot after another: as a table on a terminal, otherwise as lines."""

    def __init__(self, outbox: Outbox, to: Console, as_json: bool) -> None:
        self._outbox = outbox
        self._to = to
        self._as_json = as_json
        self._is_table = to.has_color and not as_json
        self._drawn = 0
        self._printed: Optional[OutboxCounts] = None
        self._seen: Dict[int, OutboxEntry] = {}

    def show(self) -> Snapshot:
        """Shows the outbox as it is now; as lines, only what has changed."""
        size = shutil.get_terminal_size()
        taken = Snapshot.of(self._outbox, size.lines if self._is_table else None)
        if self._is_table:
            self._draw(taken, size)
        else:
            self._print(taken)
        return taken

    def _draw(self, taken: Snapshot, size: os.terminal_size) -> None:
        lines = table(taken, datetime.now(timezone.utc), size.columns, size.lines)
        # Overwrites the previous table, which ends above the cursor and may be longer.
        back = f"\033[{self._drawn}F" if self._drawn else ""
        self._to.write(back + "".join(f"{one}\033[K\n" for one in lines) + "\033[J")
        self._drawn = len(lines)

    def _print(self, taken: Snapshot) -> None:
        changed = list(self._changed(taken))
        if not changed and taken.counts == self._printed:
            return
        self._printed = taken.counts
        if self._as_json:
            self._to.print(taken.json())
            return
        for entry in changed:
            self._to.print(line(entry))
        self._to.print(summary(taken.counts))

    def _changed(self, taken: Snapshot) -> Iterable[OutboxEntry]:
        """New entries, changed ones, and what became of those that are no longer shown."""
        before, self._seen = self._seen, {entry.id: entry for entry in taken.entries}
        for entry in taken.entries:
            if before.pop(entry.id, None) != entry:
                yield entry
        for number in before:
            for entry in self._outbox.list(after=number - 1, max=1):
                if entry.id == number:
                    yield entry
