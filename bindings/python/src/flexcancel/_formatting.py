"""What the command line shows to people."""

from __future__ import annotations

import json
import os
import shlex
from typing import Optional, TextIO

from ._cancellation import Cancellation
from ._enums import Outcome
from ._result import SessionResult

_COLOURS = {
    Outcome.CANCELED: "32",
    Outcome.ALREADY_CANCELED: "32",
    Outcome.NOT_CANCELABLE: "33",
    Outcome.NOT_APPLIED: "31",
    Outcome.UNKNOWN: "35",
}

_BAR_WIDTH = 30


def plain(text: str) -> str:
    """A text without what could steer a terminal: some of it is the provider's."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def describe(result: SessionResult, session_id: str, to: TextIO) -> str:
    """A result in a few lines."""
    outcome = str(result.outcome)
    if is_terminal(to) and "NO_COLOR" not in os.environ:
        outcome = f"\033[{_COLOURS[result.outcome]}m{outcome}\033[0m"
    why = f"{result.code}, hold {result.hold}"
    lines = [f"{plain(session_id)}: {outcome} ({why}): {plain(result.message)}"]
    if not result.is_voided:
        lines.append(f"  {result.advice}")
    entry = result.entry if isinstance(result, Cancellation) else None
    if entry is not None:
        lines.append(f"  outbox: entry {entry.id}, {entry.state}")
    elif result.outcome is Outcome.UNKNOWN and result.raw["repeat"] is not None:
        repeat = json.dumps(result.raw["repeat"], separators=(",", ":"))
        lines.append(f"  flexcancel cancel {plain(session_id)} --repeat {shlex.quote(repeat)}")
    return "\n".join(lines)


class Progress:
    """A bar on a terminal; nothing where the stream is none, or where there is one thing to do."""

    def __init__(self, total: int, to: Optional[TextIO]) -> None:
        self._total = total
        self._to = to if to is not None and total > 1 and is_terminal(to) else None

    def show(self, done: int) -> None:
        """Draws the bar."""
        if self._to is not None:
            bar = "#" * (_BAR_WIDTH * done // self._total)
            self._to.write(f"\r[{bar:<{_BAR_WIDTH}}] {done}/{self._total}")
            self._to.flush()

    def clear(self) -> None:
        """Takes the bar away."""
        if self._to is not None:
            width = _BAR_WIDTH + 4 + 2 * len(str(self._total))
            self._to.write("\r" + " " * width + "\r")
            self._to.flush()


def is_terminal(to: TextIO) -> bool:
    """Whether a stream is a terminal that can be steered."""
    return to.isatty() and os.environ.get("TERM") != "dumb"
