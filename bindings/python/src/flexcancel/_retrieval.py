"""What a retrieve returns."""

from __future__ import annotations

from dataclasses import dataclass

from ._result import SessionResult


@dataclass(frozen=True)
class Retrieval(SessionResult):
    """How a session was when it was read, in ``session`` and ``hold``.

    ``outcome`` is what may be said of the void: ``already_canceled``; ``not_cancelable``, captured
    or expired; ``not_applied``, it can be canceled as of now, but a cancel that is still on its
    way may release it; or ``unknown``.
    """

    _question = "compare result.outcome or result.hold"
