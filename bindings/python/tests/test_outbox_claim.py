"""Entries of the outbox that somebody else delivers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict

import pytest

from flexcancel import (
    ArgumentError,
    Client,
    Code,
    Outbox,
    OutboxClaim,
    OutboxError,
    OutboxState,
    Outcome,
)

from .sandbox import Sandbox


def result_of(claim: OutboxClaim, outcome: Outcome, code: Code, **more: Any) -> Dict[str, Any]:
    key = claim.idempotency_key
    return {
        "lease": claim.lease,
        "idempotency_key": key,
        "outcome": outcome,
        "code": code,
        **more,
    }


def test_given_a_forwarder_without_a_key_when_its_worker_delivers_then_the_entry_is_settled(
    sandbox: Sandbox, client: Client, outbox: Outbox, path: Path
) -> None:
    session_id = sandbox.held()
    kept = outbox.enqueue(session_id)
    with Client("no-key", base_url=sandbox.url) as keyless, Outbox(keyless, path) as forwarder:
        (claim,) = forwarder.claim()
        assert (claim.id, claim.session_id, claim.in_doubt) == (kept.id, session_id, False)
        assert (claim.idempotency_key, claim.asked_at) == (kept.idempotency_key, kept.asked_at)
        assert (len(claim.lease), claim.in_delivery, claim.attempts) == (32, True, 1)
        assert forwarder.claim() == ()
        with pytest.raises(OutboxError) as busy:
            outbox.withdraw(claim, "why")
        assert busy.value.code is Code.OUTBOX_BUSY
        done = client.cancel(
            session_id,
            idempotency_key=claim.idempotency_key,
            in_doubt=claim.in_doubt,
            asked_at=claim.asked_at,
        )
        settlement = result_of(claim, done.outcome, done.code, message=done.message)
        entry = forwarder.settle(claim, **settlement)
        assert (entry.state, entry.last_outcome) == (OutboxState.DELIVERED, Outcome.CANCELED)
        assert (entry.last_message, entry.in_delivery) == (done.message, False)
        assert forwarder.settle(claim.id, **settlement) == entry
        with pytest.raises(OutboxError) as final:
            forwarder.settle(claim, **result_of(claim, Outcome.NOT_APPLIED, Code.REJECTED))
        assert final.value.code is Code.OUTBOX_FINAL
    assert sandbox.hold(session_id) == "released"


def test_given_a_result_that_is_not_definite_then_the_entry_waits_and_stays_in_doubt(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    outbox.enqueue(sandbox.held())
    (claim,) = outbox.claim(max=1, lease_time=60)
    lost = result_of(claim, Outcome.UNKNOWN, Code.TIMEOUT, retry_after=60)
    entry = outbox.settle(claim, **lost)
    assert (entry.state, entry.unclear) == (OutboxState.PENDING, 1)
    assert entry.next_try_at is not None
    assert entry.next_try_at.timestamp() - time.time() > 50


def test_given_arguments_that_cannot_be_used_then_they_are_named_and_nothing_changes(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    outbox.enqueue(sandbox.held())
    with pytest.raises(ArgumentError, match="lease_time: expected a number of seconds from 1 to"):
        outbox.claim(lease_time=0.5)
    with pytest.raises(ArgumentError, match="max: expected"):
        outbox.claim(max=0)
    (claim,) = outbox.claim()
    right = result_of(claim, Outcome.CANCELED, Code.OK)
    for field, wrong in {
        "lease": "",
        "idempotency_key": "another",
        "outcome": "done",
        "code": "0",
        "message": 7,
        "retry_after": -1,
    }.items():
        with pytest.raises(ArgumentError, match=f"{field}: expected"):
            outbox.settle(claim, **{**right, field: wrong})
    with pytest.raises(OutboxError) as missing:
        outbox.settle(99, **right)
    assert missing.value.code is Code.OUTBOX_NO_ENTRY
    assert outbox.list()[0].in_delivery
