"""The enumerations of a result: outcomes, codes, holds, phases, operations.

A test compares outcomes and codes with the C header.
"""

from __future__ import annotations

from enum import Enum
from typing import Optional


class TextEnum(str, Enum):
    """An enumeration of strings: a member equals its string, and is formatted as it."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return str.__format__(str(self.value), spec)


class OpenEnum(TextEnum):
    """An enumeration that may grow: any other value becomes a member that is not documented.

    ``SessionStatus("frozen")`` is no error: it equals ``"frozen"``.
    """

    @classmethod
    def _missing_(cls, value: object) -> Optional[OpenEnum]:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    @property
    def is_documented(self) -> bool:
        """Whether this version knows the value."""
        return type(self).__members__.get(self.name) is self


class Outcome(TextEnum):
    """What is known of the cancel. A definite outcome is never wrong."""

    UNKNOWN = "unknown"
    """A request may have reached Flex, or may still be sent from an outbox, and its effect is not
    known. Asserts nothing. The till may say "pending", never "voided" and never "not voided"."""
    CANCELED = "canceled"
    """Flex confirmed the cancel, or a read-back shows it. Asserts: at some moment after the cancel
    was requested and before the call ended, no hold was left, and none had been captured since the
    request. The till may say "voided"."""
    ALREADY_CANCELED = "already_canceled"
    """The session was already canceled. As far as Flex reports, this call had no effect. Asserts
    the same as ``canceled``. The till may say "voided"."""
    NOT_CANCELABLE = "not_cancelable"
    """The session was captured or expired. Asserts: at some moment of the call no hold was left to
    cancel, and no request of this cancel released one. The till may say "too late". Before a
    refund, check whether money was captured."""
    NOT_APPLIED = "not_applied"
    """The cancel was certainly not done: no request of it was handed to the network, or Flex
    refused each one. Asserts: no request of this cancel had an effect or will have one. The till
    may say "not voided"."""

    @property
    def is_voided(self) -> bool:
        """Whether the till may say "voided"."""
        return self is Outcome.CANCELED or self is Outcome.ALREADY_CANCELED

    @classmethod
    def _missing_(cls, value: object) -> Optional[Outcome]:
        # An outcome of a newer library asserts nothing that this version can vouch for.
        return cls.UNKNOWN if isinstance(value, str) else None


class Hold(OpenEnum):
    """What is known of the money itself."""

    UNKNOWN = "unknown"
    """Nothing is known of the money."""
    RELEASED = "released"
    """No hold is left: the session is canceled."""
    NONE = "none"
    """There is no hold: the session never had one, or the session expired."""
    CAPTURED = "captured"
    """The money was captured, all or a part of it."""
    HELD = "held"
    """The hold was there when the session was last read."""


class Code(OpenEnum):
    """Why the outcome is what it is. ``docs/TROUBLESHOOTING.md`` says what to do about each."""

    OK = "ok"
    INVALID_HANDLE = "invalid_handle"
    """The client or the outbox is closed (``ClosedError``)."""
    INVALID_ARGUMENT = "invalid_argument"
    INVALID_CONFIG = "invalid_config"
    INVALID_SESSION_ID = "invalid_session_id"
    ABORTED = "aborted"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL = "protocol"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    NOT_CANCELABLE = "not_cancelable"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    SERVER_ERROR = "server_error"
    MODE_MISMATCH = "mode_mismatch"
    NEWER_HOLD = "newer_hold"
    OUTBOX_UNAVAILABLE = "outbox_unavailable"
    OUTBOX_UNSAFE = "outbox_unsafe"
    OUTBOX_IO = "outbox_io"
    OUTBOX_FULL = "outbox_full"
    OUTBOX_CORRUPT = "outbox_corrupt"
    OUTBOX_SCHEMA = "outbox_schema"
    OUTBOX_BUSY = "outbox_busy"
    OUTBOX_NO_ENTRY = "outbox_no_entry"
    OUTBOX_PENDING = "outbox_pending"
    OUTBOX_STALE = "outbox_stale"
    OUTBOX_EXPIRED = "outbox_expired"
    OUTBOX_FINAL = "outbox_final"
    JOURNAL_IO = "journal_io"
    JOURNAL_INVALID = "journal_invalid"
    JOURNAL_BUSY = "journal_busy"
    MAX_UNKNOWN = "max_unknown"
    INTERNAL = "internal"


class OutboxState(OpenEnum):
    """How far a cancel in the outbox is. Every state but ``PENDING`` is for good."""

    PENDING = "pending"
    """Still to be delivered."""
    DELIVERED = "delivered"
    """The hold is released."""
    REFUSED = "refused"
    """Flex says that it is too late, or that it does not take this cancel."""
    EXPIRED = "expired"
    """Its time ran out, and no try of it had an effect."""
    NEEDS_ATTENTION = "needs_attention"
    """Nobody but a person can settle it."""

    @property
    def is_final(self) -> bool:
        """Whether it can become no other."""
        return self is not OutboxState.PENDING


class Operation(OpenEnum):
    """What one round trip with Flex was for."""

    CANCEL = "cancel"
    RETRIEVE = "retrieve"


class Phase(OpenEnum):
    """How far a round trip came. From ``SENDING`` on, the request may have reached Flex."""

    PREPARING = "preparing"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    HANDSHAKING = "handshaking"
    SENDING = "sending"
    WAITING = "waiting"
    READING = "reading"
    COMPLETE = "complete"
