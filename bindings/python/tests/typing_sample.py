"""A user's program, for ``mypy --strict`` against the installed package. It is not run."""

from __future__ import annotations

from datetime import datetime
from typing import Optional, Union

import flexcancel
from flexcancel import BulkItem, Cancellation, Code, OutboxEntry, OutboxState, Outcome
from flexcancel.session import CheckoutSession, PaymentIntent, SessionStatus


def cashier(result: Cancellation) -> str:
    if result.outcome is Outcome.UNKNOWN and result.code is not Code.ABORTED:
        return f"pending: {result.advice}"
    return "voided" if result.is_voided else f"not voided: {result.message}"


def held_cents(session: Optional[CheckoutSession]) -> int:
    if session is None or session.status is SessionStatus.CANCELED:
        return 0
    intents: list[PaymentIntent] = []
    for intent in session.payment_intents or ():
        if intent.object is not None:
            intents.append(intent.object)
    total: Optional[int] = session.amount_total
    return sum(intent.amount_capturable or 0 for intent in intents) or total or 0


def blocking(session_id: str) -> float:
    abort = flexcancel.AbortToken()
    with flexcancel.Client(api_key_env="FLEX_API_KEY", timeout=10.0, max_attempts=3) as client:
        result = client.cancel(session_id, expand=["payment_intent"], timeout=5, abort=abort)
        slowest: float = max(attempt.elapsed for attempt in result.attempts)
        try:
            result.raise_for_outcome()
        except flexcancel.UnknownOutcomeError as error:
            repeat: Optional[flexcancel.Repeat] = error.result.repeat
            if repeat is not None:
                result = client.cancel(session_id, **repeat, verify=True)
    return slowest + held_cents(result.session)


def kept(client: flexcancel.Client, session_id: str) -> Optional[datetime]:
    with flexcancel.Outbox(client, "outbox.db", keep=86_400.0) as outbox:
        result = client.cancel(session_id)
        if result.repeat is not None:
            outbox.enqueue(session_id, **result.repeat)
        result = outbox.cancel(session_id, deliver_within=3_600, abort=flexcancel.AbortToken())
        entry: Optional[OutboxEntry] = result.entry
        report: flexcancel.FlushReport = outbox.flush(timeout=30, max=10)
        for entry in (*report.entries, *outbox.list(states=[OutboxState.REFUSED, "expired"])):
            if entry.needs_person and entry.state.is_final:
                outbox.acknowledge(entry)
        for claim in outbox.claim(max=5, lease_time=60.0):
            lease: str = claim.lease
            call = client.cancel(
                claim.session_id,
                idempotency_key=claim.idempotency_key,
                in_doubt=claim.in_doubt,
                asked_at=claim.asked_at,
            )
            entry = outbox.settle(
                claim,
                lease=lease,
                idempotency_key=claim.idempotency_key,
                outcome=call.outcome,
                code=call.code,
            )
        oldest: Optional[datetime] = outbox.stats().oldest_pending_at
    return oldest


def many(client: flexcancel.Client, ids: list[str]) -> Optional[int]:
    items: list[Union[str, BulkItem]] = [BulkItem(ids[0], timeout=5.0), *ids[1:]]
    with client.cancel_many(items, rate=25, journal="night.jsonl") as run:
        for result in run:
            key: Optional[str] = result.idempotency_key
            first: Optional[int] = result.duplicate_of
            cashier(result)
    for read in client.cancel_many(ids, dry_run=True):
        retrieval: flexcancel.Retrieval = read
        if retrieval.hold == "held" and read.number and key and first:
            break
    summary: Optional[flexcancel.BulkSummary] = run.summary
    return None if summary is None else summary.unknown


async def concurrent(session_id: str) -> str:
    client = flexcancel.Client(api_key_file="key", proxy="env")
    async with flexcancel.AsyncClient(client, max_calls=8) as many:
        result = await many.cancel(session_id, idempotency_key="till-7", in_doubt=False)
        if result.repeat is not None:
            result = await many.cancel(session_id, **result.repeat)
        async for one in many.cancel_many([session_id], concurrency=4):
            cashier(one)
        return cashier(result)


def readme_s_night(client: flexcancel.Client, ids: list[str]) -> None:
    with client.cancel_many(ids, concurrency=16, rate=25, journal="night.jsonl") as run:
        for result in run:
            if not result.is_voided:
                print(result.session_id, result.outcome, result.advice)
    if run.summary is not None:
        print(f"{run.summary.canceled} canceled, {run.summary.unknown} unknown")


def page_s_night(client: flexcancel.Client, ids: list[str]) -> None:
    with client.cancel_many(ids, rate=25, journal="night.jsonl", reason="closing time") as run:
        for result in run:
            if result.outcome == "unknown" or result.outcome == "not_applied":
                print(result.session_id, result.outcome, result.advice)
            elif not result.is_voided:
                print(result.session_id, result.outcome, "check before a refund")
    if run.summary is not None:
        print(f"{run.summary.canceled} canceled, {run.summary.unknown} unknown")


def refused(error: flexcancel.OutcomeError) -> tuple[Code, Outcome, str, Cancellation]:
    return error.code, error.outcome, error.message, error.result
