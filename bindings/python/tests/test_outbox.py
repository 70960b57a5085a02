"""The outbox, with the sandbox's truth as the oracle."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from pathlib import Path
from typing import Optional

import pytest

import flexcancel
from flexcancel import (
    AbortToken,
    ArgumentError,
    Cancellation,
    Code,
    FlushReport,
    InterruptedCallError,
    Outbox,
    OutboxEntry,
    OutboxError,
    OutboxState,
    Outcome,
    _outbox,
)

from . import script
from .sandbox import ALWAYS, Sandbox

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"


def test_given_a_held_session_when_canceled_then_it_is_voided_and_the_entry_is_delivered(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    session_id = sandbox.held()
    result = outbox.cancel(session_id, expand=["payment_intent"])
    assert (result.outcome, result.code) == (Outcome.CANCELED, Code.OK)
    assert result.session is not None
    entry = result.entry
    assert entry is not None
    assert (entry.session_id, entry.state) == (session_id, OutboxState.DELIVERED)
    assert (entry.idempotency_key, entry.attempts) == (result.idempotency_key, 1)
    assert (entry.expand, entry.mode, entry.base_url) == (("payment_intent",), "test", sandbox.url)
    assert (entry.last_outcome, entry.last_code) == (Outcome.CANCELED, Code.OK)
    assert not entry.needs_person
    assert sandbox.hold(session_id) == "released"


def test_given_an_outage_when_canceled_then_it_is_kept_and_tried_again_with_its_one_key(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    session_id = sandbox.held()
    sandbox.ask("POST", "/__sandbox/outage", {"ms": 400})
    result = outbox.cancel(session_id, timeout=0.1)
    assert (result.outcome, result.code) == (Outcome.UNKNOWN, Code.CONNECT)
    kept = outbox.enqueue(session_id)
    assert (kept.id, kept.idempotency_key) == (1, result.idempotency_key)
    assert (kept.state, kept.last_code) == (OutboxState.PENDING, Code.CONNECT)
    assert kept.next_try_at is not None
    report = outbox.flush()
    assert (report.code, report.entries) == (Code.OK, ()), "it waits for its turn"
    assert report.counts is not None
    assert (report.counts.pending, report.counts.due) == (1, 0)
    assert report.counts.oldest_pending_at == kept.created_at
    again = outbox.cancel(session_id)
    assert (again.outcome, again.idempotency_key) == (Outcome.CANCELED, kept.idempotency_key)
    assert outbox.list()[0].state is OutboxState.DELIVERED
    assert sandbox.hold(session_id) == "released"


def test_given_an_outage_when_flushed_then_what_was_kept_is_delivered_once_it_is_over(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    ids = [sandbox.held() for _ in range(3)]
    sandbox.ask("POST", "/__sandbox/outage", {"ms": 400})
    for session_id in ids:
        outbox.enqueue(session_id)
    report = outbox.flush()
    assert report.code is Code.OK, report.message
    assert [entry.state for entry in report.entries] == [OutboxState.DELIVERED] * 3
    assert report.counts is not None
    assert (report.counts.pending, report.counts.delivered) == (0, 3)
    assert {sandbox.hold(one) for one in ids} == {"released"}


def test_given_enqueued_cancels_then_nothing_is_sent_until_a_flush(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    ids = [sandbox.held() for _ in range(3)]
    entries = [outbox.enqueue(one) for one in ids]
    assert [entry.attempts for entry in entries] == [0, 0, 0]
    assert (entries[0].last_outcome, entries[0].last_code) == (None, None)
    assert sandbox.requests() == []
    report = outbox.flush(max=2)
    assert [entry.session_id for entry in report.entries] == ids[:2]
    assert outbox.stats().due == 1
    assert outbox.flush().code is Code.OK
    assert {sandbox.hold(one) for one in ids} == {"released"}
    headers = [header for request in sandbox.requests() for header in request["headers"]]
    keys = [value for name, value in headers if name.lower() == "idempotency-key"]
    assert keys == [entry.idempotency_key for entry in entries]


def test_given_what_cannot_be_delivered_then_it_is_in_the_worklist_until_a_person_has_seen_it(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    captured = sandbox.held()
    sandbox.capture(captured)
    assert outbox.cancel(captured).outcome is Outcome.NOT_CANCELABLE
    assert outbox.cancel(NOBODY_S).outcome is Outcome.NOT_APPLIED
    outbox.cancel(sandbox.held())
    assert outbox.stats().worklist == 2
    refused, attention = outbox.worklist()
    assert (refused.state, attention.state) == ("refused", OutboxState.NEEDS_ATTENTION)
    assert refused.needs_person
    seen = outbox.acknowledge(refused)
    assert seen.acknowledged_at is not None
    assert not seen.needs_person
    assert outbox.acknowledge(refused.id) == seen, "again has no effect"
    assert outbox.worklist() == (attention,)
    outbox.acknowledge(attention)
    assert outbox.stats().worklist == 0
    assert outbox.list(acknowledged=True, session_id=captured) == (seen,)
    assert [entry.id for entry in outbox.list(after=1, max=1)] == [2]
    assert [entry.id for entry in outbox.list(states=["delivered"])] == [3]
    assert outbox.list(states=[OutboxState.PENDING]) == ()


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_given_a_long_worklist_then_all_of_it_is_listed(
    sandbox: Sandbox, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(_outbox, "_MAX_LISTED", page)
    for number in range(3):
        outbox.enqueue(f"fcs_{number}")
    assert len(outbox.flush().entries) == 3
    assert [entry.id for entry in outbox.worklist()] == [1, 2, 3]


def test_given_ctrl_c_in_a_cancel_then_its_exception_tells_the_entry_that_stays(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    class Alarm(Exception):
        pass

    def ring(number: int, frame: object) -> None:
        raise Alarm

    sandbox.stall()
    session_id = sandbox.held()
    kept = signal.signal(signal.SIGALRM, ring)
    try:
        for call in (lambda: outbox.cancel(session_id, timeout=60), outbox.flush):
            outbox.enqueue(sandbox.held())
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(Alarm) as raised:
                call()
            found = InterruptedCallError.of(raised.value)
            assert found is not None
            result = found.result
            assert result.code is Code.ABORTED
            if isinstance(result, FlushReport):
                entries: tuple[Optional[OutboxEntry], ...] = result.entries
            else:
                assert isinstance(result, Cancellation)
                assert result.outcome is Outcome.UNKNOWN
                entries = (result.entry,)
            assert [(entry.state, entry.unclear) for entry in entries if entry] == [("pending", 1)]
    finally:
        signal.signal(signal.SIGALRM, kept)


def test_given_an_abort_then_a_flush_ends_and_says_so(sandbox: Sandbox, outbox: Outbox) -> None:
    abort = AbortToken()
    abort.trigger()
    outbox.enqueue(sandbox.held())
    report = outbox.flush(abort=abort)
    assert (report.code, report.entries) == (Code.ABORTED, ())
    assert report.counts is not None
    assert report.counts.due == 1
    assert sandbox.requests() == []


def test_given_a_refused_key_then_a_flush_ends_early_and_keeps_all(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    for _ in range(3):
        outbox.enqueue(sandbox.held())
    sandbox.fault("status", status=401, body="", headers=[], times=ALWAYS)
    report = outbox.flush()
    assert (report.code, len(report.entries)) == (Code.UNAUTHORIZED, 1)
    assert report.counts is not None
    assert report.counts.pending == 3


def test_given_many_threads_then_each_entry_is_delivered_once(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    ids = [sandbox.held() for _ in range(20)]
    enqueuers = [threading.Thread(target=outbox.enqueue, args=(one,)) for one in ids]
    tried: list[int] = []

    def flush() -> None:
        tried.extend(entry.id for entry in outbox.flush().entries)

    flushers = [threading.Thread(target=flush) for _ in range(4)]
    for group in (enqueuers, flushers):
        for thread in group:
            thread.start()
        for thread in group:
            thread.join()
    assert sorted(tried) == list(range(1, 21))
    assert {sandbox.ground_truth(one)["cancels_received"] for one in ids} == {1}


def test_given_asyncio_then_a_thread_of_its_own_flushes(sandbox: Sandbox, outbox: Outbox) -> None:
    session_id = sandbox.held()

    async def main() -> flexcancel.FlushReport:
        await asyncio.to_thread(outbox.enqueue, session_id)
        return await asyncio.to_thread(outbox.flush)

    assert asyncio.run(main()).code is Code.OK
    assert sandbox.hold(session_id) == "released"


FORK = """
    import os, sys
    from flexcancel import Client, Outbox
    client = Client("fsk_test_hunter2", base_url=sys.argv[1])
    outbox = Outbox(client, sys.argv[2])
    outbox.enqueue(sys.argv[3])
    child = os.fork()
    if child == 0:
        report = outbox.flush()
        os._exit(0 if [entry.state for entry in report.entries] == ["delivered"] else 1)
    print(os.waitpid(child, 0)[1], outbox.stats().delivered)
"""


def test_given_a_forked_child_then_it_may_use_its_parent_s_outbox(
    sandbox: Sandbox, path: Path
) -> None:
    exit_code, output, complaints = script.run(FORK, sandbox.url, str(path), sandbox.held())
    assert (exit_code, output, complaints) == (0, "0 1\n", "")


def test_given_a_listener_then_the_calls_of_the_outbox_are_logged(
    sandbox: Sandbox, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = sandbox.held()
    with caplog.at_level(logging.DEBUG, "flexcancel"):
        outbox.enqueue(session_id)
        assert caplog.records == []
        outbox.flush()
    events = [record.__dict__["flexcancel"]["event"] for record in caplog.records]
    assert events == ["attempt", "result"]
    assert session_id in caplog.text
    assert "hunter" not in caplog.text


def test_given_a_pending_entry_when_a_person_withdraws_it_then_it_has_ended(outbox: Outbox) -> None:
    kept = outbox.enqueue("fcs_1")
    with pytest.raises(ArgumentError, match="reason: expected 1 to 200 bytes"):
        outbox.withdraw(kept, "")
    with pytest.raises(ArgumentError, match="reason: expected a str, found int"):
        outbox.withdraw(kept, 1)  # type: ignore[arg-type]
    with pytest.raises(OutboxError, match="no entry 7"):
        outbox.withdraw(7, "why")
    ended = outbox.withdraw(kept, "sold by hand")
    assert (ended.state, ended.last_message) == (OutboxState.EXPIRED, "withdrawn: sold by hand")
    assert not ended.needs_person
    assert outbox.withdraw(kept.id, "again") == ended
