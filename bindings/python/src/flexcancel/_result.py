"""What every operation returns in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Dict, Mapping, NoReturn, Optional, Tuple, Type, TypeVar

from ._enums import Code, Hold, Operation, Outcome, Phase
from ._json import decode
from .session import CheckoutSession

R = TypeVar("R", bound="Result")


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
    """The HTTP status, if a whole response came."""
    code: Code
    """What became of it."""
    elapsed: float
    """How long it took, in seconds."""
    request_id: Optional[str]
    """Flex's id of the request, for a support ticket."""
    count: int = 1
    """How many equal attempts in a row it stands for; more than 1 only if they sent nothing."""
    first: float = 0.0
    """When the first of them began, in seconds since the call began."""
    last: float = 0.0
    """When the last of them began, in seconds since the call began."""


@dataclass(frozen=True)
class ProviderError:
    """What Flex said when it last refused."""

    code: Optional[str]
    """The machine-readable reason."""
    message: Optional[str]
    """The reason in words."""
    body: str
    """The beginning of the body, as it came."""


@dataclass(frozen=True)
class Result:
    """What every result has. Immutable; may be shared between threads, copied and pickled.

    A result is neither true nor false: ``bool(result)`` raises a ``TypeError``.
    ``docs/RESULT.md`` describes each field.
    """

    code: Code
    """Why the operation ended as it did."""
    message: str
    """What happened, in one line for a log."""
    advice: str
    """What to do now, in one line for a person."""
    retryable: bool
    """Whether the same call may succeed later, without any change."""
    elapsed: float
    """How long the operation took, in seconds."""
    json: str = field(repr=False)
    """The whole result as the JSON text that the library wrote, with times in milliseconds."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The same, decoded. Fractions are ``Decimal``."""

    #: What to ask in place of ``bool(result)``.
    _question: ClassVar[str] = "compare its code"

    @classmethod
    def from_json(cls: Type[R], text: str) -> R:
        """Reads the JSON text of a result."""
        raw = decode(text)
        result = cls.__new__(cls)
        # As __init__, which takes longer: a frozen dataclass sets its fields one by one.
        vars(result).update(cls._fields(raw), json=text, raw=raw)
        return result

    @classmethod
    def _fields(cls, raw: Mapping[str, Any]) -> Dict[str, Any]:
        return {
            "code": Code(raw["code"]),
            "message": raw["message"],
            "advice": raw["advice"],
            "retryable": raw["retryable"],
            "elapsed": raw["elapsed_ms"] / 1000,
        }

    def _summary(self) -> str:
        return f"{self.code}: {self.message}"

    def __bool__(self) -> NoReturn:
        # `if client.cancel(session_id):` would hold for a cancel that was refused.
        name = type(self).__name__
        raise TypeError(f"a {name} is neither true nor false: {self._question}")


@dataclass(frozen=True)
class SessionResult(Result):
    """What the results of calls about one session have in common."""

    outcome: Outcome
    """What may be said of the void."""
    hold: Hold
    """What is known of the money itself."""
    session_id: Optional[str]
    """The session's id as it was given; ``None`` if it cannot be used."""
    http_status: Optional[int]
    """The HTTP status of the last attempt, if a whole response came."""
    retry_after: Optional[float]
    """How many seconds the last response asked to wait."""

    _question = "ask result.is_voided, or compare result.outcome"

    @classmethod
    def _fields(cls, raw: Mapping[str, Any]) -> Dict[str, Any]:
        wait = raw["retry_after_ms"]
        return {
            **super()._fields(raw),
            "outcome": Outcome(raw["outcome"]),
            "hold": Hold(raw["hold"]),
            "session_id": raw["session_id"],
            "http_status": raw["http_status"],
            "retry_after": None if wait is None else wait / 1000,
        }

    def _summary(self) -> str:
        return f"{self.outcome}/{self.code}: {self.message}"

    @property
    def is_voided(self) -> bool:
        """Whether the till may say "voided"."""
        return self.outcome.is_voided

    @cached_property
    def attempts(self) -> Tuple[Attempt, ...]:
        """Every attempt at a round trip to Flex, in order."""
        return tuple(_attempt(raw) for raw in self.raw["attempts"])

    @cached_property
    def provider_error(self) -> Optional[ProviderError]:
        """What Flex said when it last refused; ``None`` if it did not."""
        raw = self.raw["provider_error"]
        return None if raw is None else ProviderError(raw["code"], raw["message"], raw["body"])

    @cached_property
    def session(self) -> Optional[CheckoutSession]:
        """The session in the last response that had one."""
        raw = self.raw["checkout_session"]
        return None if raw is None else CheckoutSession(raw)


def _attempt(raw: Mapping[str, Any]) -> Attempt:
    return Attempt(
        Operation(raw["operation"]),
        raw["reason"],
        Phase(raw["phase"]),
        raw["http_status"],
        Code(raw["code"]),
        raw["elapsed_ms"] / 1000,
        raw["request_id"],
        raw["count"],
        raw["first_ms"] / 1000,
        raw["last_ms"] / 1000,
    )
