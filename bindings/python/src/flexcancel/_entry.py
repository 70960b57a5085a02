"""What the outbox keeps, and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from ._enums import Code, OutboxState, Outcome


@dataclass(frozen=True)
class OutboxEntry:
    """A cancel that the outbox keeps. Points in time are milliseconds since 1970."""

    id: int
    """Its number in the file; never used again."""
    session_id: str
    """The session to cancel."""
    idempotency_key: str
    """The one key that every send of it carries."""
    expand: Tuple[str, ...]
    """What Flex is asked to have in full in its answer."""
    mode: Optional[str]
    """``test`` or ``live``; ``None`` if the client that made it did not know."""
    base_url: str
    """The service that it is for."""
    state: OutboxState
    """How far it is."""
    created_ms: int
    """When it was made."""
    asked_at_ms: int
    """When the cancel was asked for. A hold that was made later is not released."""
    not_after_ms: int
    """From then on it is not delivered any more."""
    next_try_ms: Optional[int]
    """Before that, a flush passes it over. ``None`` if it is final."""
    attempts: int
    """How many attempts were made to deliver it."""
    unclear: int
    """How many attempts may have reached Flex without a clear answer, with the call handed over."""
    in_delivery: bool
    """Whether somebody delivers it, or may still do so."""
    last_outcome: Optional[Outcome]
    """What is known of this cancel since the last attempt; ``None`` before the first."""
    last_code: Optional[Code]
    """Why."""
    last_message: Optional[str]
    """The same in words."""
    ended_ms: Optional[int]
    """When it became final."""
    acknowledged_ms: Optional[int]
    """When a person acknowledged it."""

    @property
    def needs_person(self) -> bool:
        """Whether it is in the worklist: final, not delivered, and not acknowledged."""
        is_open = self.acknowledged_ms is None
        return is_open and self.state.is_final and self.state is not OutboxState.DELIVERED


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
    oldest_pending_ms: Optional[int]
    """When the oldest pending one was made, in milliseconds since 1970."""


@dataclass(frozen=True)
class OutboxView:
    """What an operation of the outbox is about."""

    entry: Optional[OutboxEntry]
    """The one entry that it was about, as it stands now."""
    entries: Tuple[OutboxEntry, ...]
    """The entries that it found or tried, as they stand now."""
    counts: Optional[OutboxCounts]
    """How many there are now."""


def view(found: Mapping[str, Any]) -> OutboxView:
    """Reads the field ``outbox`` of a result."""
    entry, counts = found["entry"], found["counts"]
    return OutboxView(
        None if entry is None else _entry(entry),
        tuple(_entry(one) for one in found["entries"]),
        None if counts is None else OutboxCounts(**_known(OutboxCounts, counts)),
    )


def _entry(found: Mapping[str, Any]) -> OutboxEntry:
    fields = _known(OutboxEntry, found)
    outcome, code = fields["last_outcome"], fields["last_code"]
    fields["expand"] = tuple(fields["expand"])
    fields["state"] = OutboxState(fields["state"])
    fields["last_outcome"] = None if outcome is None else Outcome(outcome)
    fields["last_code"] = None if code is None else Code(code)
    return OutboxEntry(**fields)


def _known(kind: Any, found: Mapping[str, Any]) -> dict[str, Any]:
    """Without the fields that a newer library adds."""
    return {name: found[name] for name in kind.__dataclass_fields__}
