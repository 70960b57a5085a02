"""The entries of an outbox, and their counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Tuple

from ._enums import Code, OutboxState, Outcome
from ._times import utc

#: Points in time, and the library's names of them.
TIMES = {
    "created_at": "created_ms",
    "asked_at": "asked_at_ms",
    "not_after": "not_after_ms",
    "next_try_at": "next_try_ms",
    "ended_at": "ended_ms",
    "acknowledged_at": "acknowledged_ms",
    "oldest_pending_at": "oldest_pending_ms",
}


@dataclass(frozen=True)
class OutboxEntry:
    """A cancel that the outbox keeps. Points in time are aware ``datetime`` objects in UTC."""

    id: int
    """Its number in the file; never used again."""
    session_id: str
    """The session to cancel."""
    idempotency_key: str
    """The one key that every request of it carries."""
    expand: Tuple[str, ...]
    """Related objects to expand in the response."""
    mode: Optional[str]
    """``test`` or ``live``; ``None`` if the client that made it did not know."""
    base_url: str
    """The service that it is for."""
    state: OutboxState
    """How far it is."""
    created_at: datetime
    """When it was made."""
    asked_at: datetime
    """When the cancel was asked for. A hold that was made later is not released."""
    not_after: datetime
    """From then on it is not delivered any more."""
    next_try_at: Optional[datetime]
    """Before that, a flush passes it over. ``None`` if it is final."""
    attempts: int
    """How many attempts were made to deliver it."""
    unclear: int
    """How many attempts may have reached Flex without a clear response; a call that was handed over
    counts."""
    in_delivery: bool
    """Whether somebody delivers it, or may still do so."""
    last_outcome: Optional[Outcome]
    """What is known of this cancel since the last attempt; ``None`` before the first."""
    last_code: Optional[Code]
    """Why."""
    last_message: Optional[str]
    """The same in words."""
    ended_at: Optional[datetime]
    """When it became final."""
    acknowledged_at: Optional[datetime]
    """When a person acknowledged it."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The entry as the library wrote it, with times in milliseconds."""

    @property
    def needs_person(self) -> bool:
        """Whether it is in the worklist: final, not delivered, and not acknowledged."""
        is_open = self.acknowledged_at is None
        return is_open and self.state.is_final and self.state is not OutboxState.DELIVERED


@dataclass(frozen=True)
class OutboxClaim(OutboxEntry):
    """An entry that somebody else is to deliver: with its key, ``asked_at`` and ``in_doubt``."""

    lease: str
    """The token of the claim. It goes with the entry, and comes back with the result."""
    in_doubt: bool
    """Whether a request before the claim may have reached Flex."""


@dataclass(frozen=True)
class OutboxCounts:
    """How many entries there are, of every service and mode unless it says otherwise."""

    pending: int
    """Still to be delivered."""
    delivered: int
    """Delivered, and not forgotten yet."""
    refused: int
    """Refused by Flex."""
    expired: int
    """Out of time."""
    needs_attention: int
    """To be settled by a person."""
    worklist: int
    """Refused, expired or in need of attention, and not acknowledged."""
    due: int
    """Pending for this client's service and mode, and to be tried now."""
    foreign: int
    """Pending for another service or mode."""
    oldest_pending_at: Optional[datetime]
    """When the oldest pending entry was made, in UTC."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The counts as the library wrote them, with times in milliseconds."""


def entry_of(result: Mapping[str, Any]) -> Optional[OutboxEntry]:
    """The one entry that a result is about."""
    found = (result["outbox"] or {}).get("entry")
    return None if found is None else _entry(found)


def entries_of(result: Mapping[str, Any]) -> Tuple[OutboxEntry, ...]:
    """The entries that a result lists."""
    return tuple(_entry(found) for found in (result["outbox"] or {}).get("entries", ()))


def claims_of(result: Mapping[str, Any]) -> Tuple[OutboxClaim, ...]:
    """The entries that a claim has taken."""
    found = (result["outbox"] or {}).get("entries", ())
    return tuple(OutboxClaim(**_entry_fields(OutboxClaim, one)) for one in found)


def counts_of(result: Mapping[str, Any]) -> Optional[OutboxCounts]:
    """The counts in a result."""
    found = (result["outbox"] or {}).get("counts")
    return None if found is None else OutboxCounts(**_fields(OutboxCounts, found))


def _entry(raw: Mapping[str, Any]) -> OutboxEntry:
    return OutboxEntry(**_entry_fields(OutboxEntry, raw))


def _entry_fields(kind: Any, raw: Mapping[str, Any]) -> Dict[str, Any]:
    fields = _fields(kind, raw)
    outcome, code = raw["last_outcome"], raw["last_code"]
    fields["expand"] = tuple(raw["expand"])
    fields["state"] = OutboxState(raw["state"])
    fields["last_outcome"] = None if outcome is None else Outcome(outcome)
    fields["last_code"] = None if code is None else Code(code)
    return fields


def _fields(kind: Any, raw: Mapping[str, Any]) -> Dict[str, Any]:
    """The fields that this version knows; a newer library may add some."""
    names = [name for name in kind.__dataclass_fields__ if name != "raw"]
    found = {name: utc(raw[TIMES[name]]) if name in TIMES else raw[name] for name in names}
    return {**found, "raw": raw}
