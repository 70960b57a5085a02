"""The progress of several calls on a terminal: with rich if it is installed, otherwise in lines."""

from __future__ import annotations

import time
from typing import Any, Callable, Optional

from ._console import Console, Stream
from ._rich import rich_console

#: In seconds, between two lines, and between two drawings of the bar.
_LINE_INTERVAL = 2.0
_BAR_INTERVAL = 0.1


class Progress:
    """Shows nothing."""

    def show(self, done: int) -> None:
        """So many are done."""

    def close(self) -> None:
        """Makes room for other lines."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def progress_of(total: int, console: Console) -> Progress:
    """The progress of so many calls. Nothing where nobody looks."""
    if total < 2 or not console.errors.is_terminal:
        return Progress()
    # A bar does not go together with results that are written to the same terminal.
    bar = None if console.is_terminal else _bar(total, console.errors)
    return bar or Lines(total, console.errors)


def line(done: int, total: int, elapsed: float) -> str:
    """The progress in one line."""
    rate = done / elapsed if elapsed > 0 else 0.0
    left = f", {(total - done) / rate:.0f} s left" if rate > 0 else ""
    return f"{done}/{total}, {rate:.1f} per second{left}"


class Lines(Progress):
    """A line now and then."""

    def __init__(self, total: int, to: Stream, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._to = to
        self._clock = clock
        self._started = self._shown = clock()

    def show(self, done: int) -> None:
        """Writes a line, unless the last one is new."""
        now = self._clock()
        if now - self._shown >= _LINE_INTERVAL:
            self._shown = now
            self._to.write(f"flexcancel: {line(done, self._total, now - self._started)}\n")


class Bar(Progress):
    """rich's bar. It is drawn as results come: rich's own thread could draw into other lines."""

    def __init__(self, total: int, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total, rate="")
        self._started = self._shown = time.monotonic()
        self._is_on = False

    def show(self, done: int) -> None:
        """Draws the bar, unless it is new."""
        now = time.monotonic()
        rate = f"{done / max(now - self._started, 0.001):.1f} per second"
        self._bar.update(self._task, completed=done, rate=rate)
        if now - self._shown >= _BAR_INTERVAL:
            self._shown = now
            if not self._is_on:
                self._bar.start()
                self._is_on = True
            self._bar.refresh()

    def close(self) -> None:
        """Removes the bar."""
        if self._is_on:
            self._is_on = False
            self._bar.stop()


def _bar(total: int, to: Stream) -> Optional[Progress]:
    console = rich_console(to)
    if console is None:
        return None
    from rich import progress

    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    shown = progress.Progress(
        *columns,
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    return Bar(total, shown)
