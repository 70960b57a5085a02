"""What a call came to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple, TypedDict

from ._entry import OutboxCounts, OutboxEntry, OutboxView, view
from ._enums import Code, Hold, Operation, Outcome, Phase
from ._errors import NotAppliedError, NotCancelableError, UnknownOutcomeError
from ._once import once
from .session import CheckoutSession
from .session._json import scan

_decode = json.JSONDecoder().raw_decode

# Quotes within texts are escaped, so this can only be a key; the first, because the session's own
# keys stand after it.
_SESSION_KEY = ',"checkout_session":'

# What a till decides by stands before it.
_HOLD_KEY = ',"hold":'


@dataclass(frozen=True)
class Attempt:
    """One attempt at a round trip to Flex."""

    operation: Operation
    """What it was for."""
    reason: str
    """Why it was made, like ``first attempt``."""
    phase: Phase
    """How far it came."""
    http_status: Optional[int]
    """The status of its answer, if a whole one came."""
    code: Code
    """What became of it."""
    elapsed_ms: int
    """How long it took."""
    request_id: Optional[str]
    """Flex's name for the exchange, for a support ticket."""


@dataclass(frozen=True)
class ProviderError:
    """What Flex said when it last refused."""

    code: Optional[str]
    """The machine-readable reason."""
    message: Optional[str]
    """The reason in words."""
    body: str
    """The beginning of the body, as it came."""


class Repeat(TypedDict):
    """The arguments that repeat a cancel: ``client.cancel(session_id, **repeat)``.

    A plain dictionary that JSON can hold: a till may store it with the sale.
    """

    idempotency_key: str
    """The key that every request of this cancel carries."""
    in_doubt: bool
    """Whether an earlier request with this key may have reached Flex."""
    asked_at_ms: int
    """When the cancel was asked for, in milliseconds since 1970."""


@dataclass(frozen=True)
class Cancellation:
    """What a call came to. Immutable; may be shared between threads.

    Decide by ``outcome``; everything else explains it. ``docs/RESULT.md`` describes each field.
    """

    outcome: Outcome
    """What is known of the cancel."""
    code: Code
    """Why."""
    hold: Hold
    """What is known of the money itself."""
    message: str
    """What happened, in one line for a log."""
    advice: str
    """What to do now, in one line for a person."""
    retryable: bool
    """Whether the same call may well go better later, without any change."""
    session_id: Optional[str]
    """The session's id as it was given; ``None`` if it is not usable."""
    idempotency_key: Optional[str]
    """The key that every send of this cancel carried. ``repeat`` has it, to repeat the cancel."""
    elapsed_ms: int
    """How long the call took."""
    http_status: Optional[int]
    """The status of the last attempt's answer, if a whole one came."""
    retry_after_ms: Optional[int]
    """How long the last answer asked to be left alone."""
    json: str = field(repr=False)
    """All of it, as the JSON text that the library wrote."""

    @classmethod
    def from_json(cls, text: str) -> Cancellation:
        """Takes the JSON text of a result. Outcome and code are read at once."""
        result = cls.__new__(cls)
        fields = result.__dict__
        fields["json"] = text
        try:
            fields["outcome"], fields["code"] = _decided(text[: text.index(_HOLD_KEY)])
        except (KeyError, ValueError):
            # A newer library may have another order.
            fields.update(_fields(text))
        return result

    if not TYPE_CHECKING:  # which would take any name for a field

        def __getattr__(self, name: str) -> Any:
            """Reads the other fields when the first of them is asked for."""
            text = vars(self).get("json")
            if text is None or name not in type(self).__dataclass_fields__:
                raise AttributeError(f"'Cancellation' object has no attribute {name!r}")
            vars(self).update(_fields(text))
            return vars(self)[name]

    @property
    def is_voided(self) -> bool:
        """Whether the till may say "voided"."""
        return self.outcome.is_voided

    @property
    def repeat(self) -> Optional[Repeat]:
        """The arguments that repeat this cancel; ``None`` if there is nothing to repeat.

        ``client.cancel(session_id, **result.repeat)``; an outbox's ``cancel`` and ``enqueue`` take
        them, too. There where the outcome is ``unknown`` or ``not_applied`` and the arguments were
        usable. A dictionary of the caller's own.
        """
        found = _head(self.json).get("repeat")
        if found is None:
            return None
        return Repeat(
            idempotency_key=found["idempotency_key"],
            in_doubt=found["in_doubt"],
            asked_at_ms=found["asked_at_ms"],
        )

    @once
    def attempts(self) -> Tuple[Attempt, ...]:
        """Every attempt at a round trip to Flex, in order."""
        return tuple(_attempt(attempt) for attempt in _head(self.json)["attempts"])

    @once
    def provider_error(self) -> Optional[ProviderError]:
        """What Flex said when it last refused; ``None`` if it did not."""
        found = _head(self.json)["provider_error"]
        if found is None:
            return None
        return ProviderError(found["code"], found["message"], found["body"])

    @once
    def session(self) -> Optional[CheckoutSession]:
        """The session of the last answer that had one. Read when first asked for."""
        text = self.json
        value = scan(text, text.index(_SESSION_KEY) + len(_SESSION_KEY))[0]
        return None if value is None else CheckoutSession(value)

    @once
    def raw_session(self) -> Optional[str]:
        """The session's JSON text, exactly as Flex wrote it."""
        text = self.json
        start = text.index(_SESSION_KEY) + len(_SESSION_KEY)
        value, end = scan(text, start)
        return None if value is None else text[start:end]

    @once
    def outbox(self) -> Optional[OutboxView]:
        """What an operation of the outbox is about; ``None`` for every other call."""
        text = self.json
        end = scan(text, text.index(_SESSION_KEY) + len(_SESSION_KEY))[1]
        found = _decode("{" + text[end:].lstrip(","))[0].get("outbox")
        return None if found is None else view(found)

    def raise_for_outcome(self) -> None:
        """Raises an ``OutcomeError`` unless the hold is released.

        ``UnknownOutcomeError`` where it may be there or not, ``NotCancelableError`` where it is too
        late, ``NotAppliedError`` where it was surely not done.
        """
        if self.outcome.is_voided:
            return
        if self.outcome is Outcome.NOT_CANCELABLE:
            raise NotCancelableError(self)
        if self.outcome is Outcome.NOT_APPLIED:
            raise NotAppliedError(self)
        raise UnknownOutcomeError(self)


@dataclass(frozen=True)
class FlushReport:
    """What a flush came to. It asserts nothing of any cancel: its entries do."""

    code: Code
    """``ok``, or why the flush ended early."""
    message: str
    """What happened, in one line for a log."""
    advice: str
    """What to do now, in one line for a person."""
    retryable: bool
    """Whether the same call may well go better later, without any change."""
    elapsed_ms: int
    """How long it took."""
    entries: Tuple[OutboxEntry, ...]
    """The entries that were tried, as they stand now."""
    counts: Optional[OutboxCounts]
    """How many there are now; ``None`` if they could not be read."""

    @classmethod
    def of(cls, result: Cancellation) -> FlushReport:
        """Reads it from the result that the library gives."""
        found = result.outbox or OutboxView(None, (), None)
        return cls(
            result.code,
            result.message,
            result.advice,
            result.retryable,
            result.elapsed_ms,
            found.entries,
            found.counts,
        )


@lru_cache(maxsize=256)
def _decided(beginning: str) -> Tuple[Outcome, Code]:
    """Outcome and code, with which a result begins. Kept: there are few kinds."""
    found = _decode(beginning + "}")[0]
    return Outcome(found["outcome"]), Code(found["code"])


def _fields(text: str) -> Dict[str, Any]:
    head = _head(text)
    return {
        "outcome": Outcome(head["outcome"]),
        "code": Code(head["code"]),
        "hold": Hold(head["hold"]),
        "message": head["message"],
        "advice": head["advice"],
        "retryable": head["retryable"],
        "session_id": head["session_id"],
        "idempotency_key": head["idempotency_key"],
        "elapsed_ms": head["elapsed_ms"],
        "http_status": head["http_status"],
        "retry_after_ms": head["retry_after_ms"],
    }


def _head(text: str) -> Dict[str, Any]:
    """The result without its session, which costs most to read."""
    head: Dict[str, Any] = _decode(text[: text.index(_SESSION_KEY)] + "}")[0]
    return head


def _attempt(found: Mapping[str, Any]) -> Attempt:
    return Attempt(
        Operation(found["operation"]),
        found["reason"],
        Phase(found["phase"]),
        found["http_status"],
        Code(found["code"]),
        found["elapsed_ms"],
        found["request_id"],
    )
