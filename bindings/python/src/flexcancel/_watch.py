"""What ``outbox watch`` shows: a table on a terminal, and lines elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

from ._console import Console
from ._enums import OutboxState, Outcome
from ._formatting import plain
from ._outbox import WORKLIST, Outbox
from ._outbox_entry import OutboxCounts, OutboxEntry
from ._rich import rich_console

_COLORS = {
    OutboxState.PENDING: "cyan",
    OutboxState.DELIVERED: "green",
    OutboxState.REFUSED: "yellow",
    OutboxState.EXPIRED: "yellow",
    OutboxState.NEEDS_ATTENTION: "magenta",
}

#: The columns of the table, and how each is aligned.
_COLUMNS = (
    ("ENTRY", "right"),
    ("STATE", "left"),
    ("AGE", "right"),
    ("NEXT", "right"),
    ("TRIES", "right"),
    ("LAST", "left"),
    ("SESSION", "left"),
)

#: The lines of the terminal that no entry can have: the counts, the names of the columns, the
#: number of the entries that do not fit, and the cursor's.
_OTHER_LINES = 4

_NOW = timedelta()

#: The entry itself does not tell when its lease ends.
_IN_DELIVERY = "being delivered, or was interrupted"
_UNTIL = "free again when its lease is over, its call's timeout + 10 s, or a claim's lease_time"

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
    state = f"{entry.state}, acknowledged" if entry.acknowledged_at else str(entry.state)
    tries = "1 try" if entry.attempts == 1 else f"{entry.attempts} tries"
    return f"{entry.id}: {plain(entry.session_id)}: {state} ({_known(entry)}, {tries})"


def _has_open_try(entry: OutboxEntry) -> bool:
    """Whether a try may have reached Flex of which nothing was noted: it is under way, or cut off.

    A cancel that was handed over in doubt is as one.
    """
    is_noted = entry.last_outcome not in (None, Outcome.NOT_APPLIED)
    return entry.state is OutboxState.PENDING and entry.unclear > 0 and not is_noted


def _known(entry: OutboxEntry) -> str:
    """What is known of an entry's tries."""
    if not _has_open_try(entry):
        return f"{entry.last_outcome}/{entry.last_code}" if entry.last_code else "not tried"
    if entry.in_delivery:
        return "outcome not known yet"
    return "interrupted, outcome not known" if entry.attempts else "in doubt, not tried here"


def details(entry: OutboxEntry) -> Iterator[str]:
    """What a person needs to know of an entry, in lines: when it is due, where it goes, and why."""
    if entry.state is OutboxState.PENDING:
        mode = f", {entry.mode} mode" if entry.mode else ""
        yield f"{_due(entry)}; for {plain(entry.base_url)}{mode}"
    if entry.last_message and (entry.needs_person or entry.state is OutboxState.PENDING):
        yield plain(entry.last_message)


def _due(entry: OutboxEntry) -> str:
    if entry.in_delivery:
        return f"{_IN_DELIVERY}: {_UNTIL}"
    wait = _NOW
    if entry.next_try_at is not None:
        wait = entry.next_try_at - datetime.now(timezone.utc)
    if entry.next_try_at is None or wait <= _NOW:
        return "due now"
    return f"due in {_time(wait)}, at {entry.next_try_at.astimezone():%Y-%m-%d %H:%M:%S}"


def table(taken: Snapshot, now: datetime, height: int) -> Any:
    """The snapshot as a table of rich, of so many lines at most."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    def text(words: str) -> Any:
        # Not read as rich's markup.
        return Text(words, no_wrap=True, overflow="ellipsis")

    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name, justify in _COLUMNS:
        # Only the session's column may become narrower than its cells.
        is_whole = name != "SESSION"
        rows.add_column(name, justify=justify, no_wrap=is_whole)  # type: ignore[arg-type]
    shown = taken.entries[: max(1, height - _OTHER_LINES)]
    for entry in shown:
        cells = [text(cell) for cell in _cells(entry, now)]
        rows.add_row(*cells, style=_COLORS.get(entry.state))
    parts = [text(summary(taken.counts)), rows]
    remaining = taken.counts.worklist + taken.counts.pending - len(shown)
    if remaining > 0:
        parts.append(text(f"and {remaining} more"))
    return Group(*parts)


def _cells(entry: OutboxEntry, now: datetime) -> Tuple[str, ...]:
    wait = "" if entry.next_try_at is None else _time(max(_NOW, entry.next_try_at - now))
    return (
        str(entry.id),
        plain(str(entry.state)),
        _time(now - entry.created_at),
        "busy" if entry.in_delivery else wait,
        str(entry.attempts),
        "not known" if _has_open_try(entry) else plain(str(entry.last_code or "-")),
        plain(entry.session_id),
    )


def _time(duration: timedelta) -> str:
    count = duration // timedelta(seconds=1)
    for unit, limit in _UNITS:
        if count < limit:
            return f"{count} {unit}"
        count //= 24 if unit == "h" else 60
    return "long"


class Watch:
    """Shows one snapshot after another: as a table on a terminal with rich, otherwise as lines."""

    def __init__(self, outbox: Outbox, to: Console, as_json: bool) -> None:
        self._outbox = outbox
        self._to = to
        self._as_json = as_json
        self._table = None if as_json else _live(to)
        self._printed: Optional[OutboxCounts] = None
        self._seen: Dict[int, OutboxEntry] = {}

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._table is not None:
            self._table.stop()

    def show(self) -> Snapshot:
        """Shows the outbox as it is now; as lines, only what has changed."""
        if self._table is None:
            taken = Snapshot.of(self._outbox)
            self._print(taken)
            return taken
        height = self._table.console.height
        taken = Snapshot.of(self._outbox, height)
        self._table.start()
        self._table.update(table(taken, datetime.now(timezone.utc), height), refresh=True)
        return taken

    def _print(self, taken: Snapshot) -> None:
        changed = list(self._changed(taken))
        if not changed and taken.counts == self._printed:
            return
        self._printed = taken.counts
        if self._as_json:
            self._to.print(taken.json(), may_be_cut=True)
            return
        for entry in changed:
            self._to.print(line(entry), may_be_cut=True)
        self._to.print(summary(taken.counts), may_be_cut=True)

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


def _live(to: Console) -> Optional[Any]:
    """Rich's place on the terminal that is drawn again and again."""
    console = rich_console(to.output)
    if console is None:
        return None
    from rich.live import Live

    return Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
