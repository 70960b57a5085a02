"""The exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum
from typing import Dict, Tuple

from ._enums import Outcome


class ExitCode(IntEnum):
    """What the command line ends with: 0 to 3 say what is known, the others what went wrong."""

    DONE = 0
    TOO_LATE = 1
    FOR_A_PERSON = 2
    PENDING = 3
    USAGE = 64
    LIBRARY = 69
    UNEXPECTED = 70
    LOST_OUTPUT = 73
    OUTBOX = 74
    STOPPED = 75
    INTERRUPTED = 130
    TERMINATED = 143


#: The exit code of each outcome. Of several sessions, the greatest counts.
OF_OUTCOME = {
    Outcome.CANCELED: ExitCode.DONE,
    Outcome.ALREADY_CANCELED: ExitCode.DONE,
    Outcome.NOT_CANCELABLE: ExitCode.TOO_LATE,
    Outcome.NOT_APPLIED: ExitCode.FOR_A_PERSON,
    Outcome.UNKNOWN: ExitCode.PENDING,
}

#: The commands that have meanings of their own for 0 to 3.
COMMANDS = ("cancel, cancel-many", "retrieve", "outbox flush, outbox watch --once", "doctor")

#: For each exit code its meaning, of each of the commands where they differ. The page
#: docs/COMMAND_LINE.md has it, too.
MEANINGS: Dict[ExitCode, Tuple[str, ...]] = {
    ExitCode.DONE: ("voided", "is canceled", "nothing is left to be done", "all is well"),
    ExitCode.TOO_LATE: ("too late: captured or expired", "captured or expired", "", ""),
    ExitCode.FOR_A_PERSON: (
        "not voided",
        "can be canceled as of now, or was refused",
        "the worklist is not empty",
        "something is to be done: the lines say what",
    ),
    ExitCode.PENDING: (
        "unknown: treat the void as pending, and repeat it",
        "unknown",
        "cancels are still pending",
        "",
    ),
    ExitCode.USAGE: ("wrong usage or configuration; nothing was sent",),
    ExitCode.LIBRARY: ("the native library cannot be loaded; nothing was sent",),
    ExitCode.UNEXPECTED: ("an unexpected error; what was not shown is unknown",),
    ExitCode.LOST_OUTPUT: ("the output could not be written; it is on standard error",),
    ExitCode.OUTBOX: ("the outbox's file, or the journal, cannot be used",),
    ExitCode.STOPPED: (
        "cancel-many stopped early; it says why, and what was not tried",
        "",
        "",
        "",
    ),
    ExitCode.INTERRUPTED: ("interrupted; standard error tells what was not tried",),
    ExitCode.TERMINATED: ("ended by SIGTERM; standard error tells what was not tried",),
}


def epilog(command: int) -> str:
    """The exit codes of a command, as its help shows them."""
    lines = [f"Exit status of {COMMANDS[command]}:"]
    for code, meanings in MEANINGS.items():
        meaning = meanings[command] if len(meanings) > 1 else meanings[0]
        if meaning:
            lines.append(f"  {int(code):>3}  {meaning}")
    return "\n".join(lines)


class UsageError(Exception):
    """Arguments of the command line that cannot be used."""
