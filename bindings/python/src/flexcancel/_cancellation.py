"""What a cancel returns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Mapping, Optional, TypedDict

from ._enums import Outcome
from ._errors import NotAppliedError, NotCancelableError, UnknownOutcomeError
from ._outbox_entry import OutboxEntry, entry_of
from ._result import SessionResult


class Repeat(TypedDict):
    """The arguments that repeat a cancel: ``client.cancel(session_id, **repeat)``.

    A plain dictionary of JSON values: a till may store it with the sale.
    """

    idempotency_key: str
    """The key that every request of this cancel carries."""
    in_doubt: bool
    """Whether an earlier request with this key may have reached Flex."""
    asked_at: float
    """When the cancel was asked for, in seconds since 1970, as ``time.time()``."""


@dataclass(frozen=True)
class Cancellation(SessionResult):
    """What a cancel came to. Decide by ``outcome``; everything else explains it."""

    idempotency_key: Optional[str]
    """The key that every request of this cancel carried. ``repeat`` has it, too."""

    @classmethod
    def _fields(cls, raw: Mapping[str, Any]) -> Dict[str, Any]:
        return {**super()._fields(raw), "idempotency_key": raw["idempotency_key"]}

    @property
    def repeat(self) -> Optional[Repeat]:
        """The arguments that repeat this cancel; ``None`` if there is nothing to repeat.

        ``client.cancel(session_id, **result.repeat)``; the outbox's ``cancel`` and ``enqueue`` take
        them, too. Present where the outcome is ``unknown`` or ``not_applied`` and the arguments
        could be used. Each access returns a new dictionary.
        """
        raw = self.raw["repeat"]
        return None if raw is None else repeat_of(raw)

    @cached_property
    def entry(self) -> Optional[OutboxEntry]:
        """The outbox's entry of this cancel; ``None`` if it was not kept, or by a ``Client``."""
        return entry_of(self.raw)

    def raise_for_outcome(self) -> None:
        """Raises an ``OutcomeError`` unless the hold is released.

        ``UnknownOutcomeError`` where the money may still be held, ``NotCancelableError`` where it
        is too late, ``NotAppliedError`` where the cancel was definitely not done.
        """
        if not self.is_voided:
            raise _ERRORS.get(self.outcome, UnknownOutcomeError)(self)


_ERRORS = {Outcome.NOT_CANCELABLE: NotCancelableError, Outcome.NOT_APPLIED: NotAppliedError}


def repeat_of(raw: Mapping[str, Any]) -> Repeat:
    """The arguments from the field ``repeat`` of a result, which has milliseconds."""
    return Repeat(
        idempotency_key=raw["idempotency_key"],
        in_doubt=raw["in_doubt"],
        asked_at=raw["asked_at_ms"] / 1000,
    )
