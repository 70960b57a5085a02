"""Formats results for people."""

from __future__ import annotations

import json
import shlex
from typing import Optional

from ._cancellation import Cancellation
from ._enums import Code, Outcome
from ._result import SessionResult
from ._retrieval import Retrieval

_COLORS = {
    Outcome.CANCELED: "32",
    Outcome.ALREADY_CANCELED: "32",
    Outcome.NOT_CANCELABLE: "33",
    Outcome.NOT_APPLIED: "31",
    Outcome.UNKNOWN: "35",
}


#: What a retrieve of a session with a hold comes to.
_CAN_BE_CANCELED = (Outcome.NOT_APPLIED, Code.OK)


def plain(text: str) -> str:
    """A text without control characters, for a terminal: some of it is the provider's."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def can_be_canceled(result: SessionResult) -> bool:
    """Whether a session was read, and has a hold that a cancel would release."""
    return isinstance(result, Retrieval) and (result.outcome, result.code) == _CAN_BE_CANCELED


def describe(result: SessionResult, session_id: str, *, in_color: bool) -> str:
    """A result in a few lines."""
    outcome = str(result.outcome)
    if can_be_canceled(result):
        # Nobody tried to cancel it, so nothing was "not applied".
        outcome = "can be canceled"
    if in_color:
        outcome = f"\033[{_COLORS[result.outcome]}m{outcome}\033[0m"
    head = f"{plain(session_id)}: {outcome} ({result.code}, hold {result.hold})"
    lines = [f"{head}: {plain(result.message)}"]
    if not result.is_voided:
        lines.append(f"  {result.advice}")
    entry = result.entry if isinstance(result, Cancellation) else None
    if entry is not None:
        lines.append(f"  outbox: entry {entry.id}, {entry.state}")
    return "\n".join(lines)


def repeat_of_unknown(result: SessionResult) -> Optional[str]:
    """What ``--repeat`` takes, for a shell; ``None`` if nobody has to repeat the cancel."""
    is_kept = isinstance(result, Cancellation) and result.entry is not None
    repeat = result.raw.get("repeat")
    if is_kept or repeat is None or result.outcome is not Outcome.UNKNOWN:
        return None
    return shlex.quote(json.dumps(repeat, separators=(",", ":")))
