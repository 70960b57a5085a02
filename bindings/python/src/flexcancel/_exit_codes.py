"""How the command line ends. The README has the table."""

from __future__ import annotations

from ._enums import Outcome

#: The exit code of each outcome. Of several, the one that most needs a person.
EXIT_CODES = {
    Outcome.CANCELED: 0,
    Outcome.ALREADY_CANCELED: 0,
    Outcome.NOT_CANCELABLE: 1,
    Outcome.NOT_APPLIED: 2,
    Outcome.UNKNOWN: 3,
}

#: What an outbox has left to be done: nothing, something by a person, something by a flush.
SETTLED, FOR_A_PERSON, PENDING = 0, 2, 3

USAGE = 64
UNUSABLE = 74
INTERRUPTED = 130


class UsageError(Exception):
    """Arguments that cannot be used."""
