"""Many cancels in one run: its results."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flexcancel import (
    AbortToken,
    ArgumentError,
    BulkCancellation,
    BulkError,
    BulkItem,
    BulkRetrieval,
    Client,
    Code,
    Hold,
    Outcome,
)

from .bulk_kit import NOBODY_S, cancels, ended, read, threads
from .sandbox import ALWAYS, KEY, Sandbox


def test_given_each_kind_of_item_then_each_has_its_result_and_the_summary_counts_them(
    sandbox: Sandbox, client: Client
) -> None:
    held, captured, canceled = sandbox.held(), sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    client.cancel(canceled)
    ids = [held, NOBODY_S, captured, held, "no id", canceled, "a\0b", ""]
    run = client.cancel_many(ids)
    assert run.summary is None
    results = list(run)
    assert [one.number for one in results] == list(range(8))
    assert [(one.session_id, str(one.outcome), str(one.code)) for one in results] == [
        (held, "canceled", "ok"),
        (NOBODY_S, "not_applied", "not_found"),
        (captured, "not_cancelable", "not_cancelable"),
        (held, "canceled", "ok"),
        (None, "not_applied", "invalid_session_id"),
        (canceled, "already_canceled", "ok"),
        (None, "not_applied", "invalid_session_id"),
        (None, "not_applied", "invalid_session_id"),
    ]
    assert [one.duplicate_of for one in results] == [None, None, None, 0, None, None, None, None]
    assert {type(one) for one in results} == {BulkCancellation}
    assert not any(one.from_journal for one in results)
    assert results[0].hold is Hold.RELEASED
    assert results[0].idempotency_key is not None
    assert results[1].repeat is not None
    assert len(sandbox.ground_truth(held)["cancels_applied"]) == 1
    summary = ended(run)
    assert (summary.code, summary.complete, summary.items, summary.elapsed > 0) == (
        Code.OK,
        True,
        8,
        True,
    )
    counts = (summary.canceled, summary.already_canceled, summary.not_cancelable)
    assert counts == (2, 1, 1)
    assert (summary.not_applied, summary.unknown, summary.duplicates) == (4, 0, 1)
    assert (summary.from_journal, summary.rate_limited_responses) == (0, 0)
    assert summary.message
    assert summary.advice
    assert list(run) == []
    assert threads() == []
    assert repr(run) == "<flexcancel.BulkRun (ok)>"


def test_given_no_items_then_the_run_is_complete(client: Client) -> None:
    run = client.cancel_many([])
    assert list(run) == []
    assert (ended(run).complete, ended(run).items) == (True, 0)


def test_given_items_with_options_then_they_are_theirs(sandbox: Sandbox, client: Client) -> None:
    first, second = sandbox.held(), sandbox.held()
    items = [
        BulkItem(first, idempotency_key="till-7", in_doubt=False),
        BulkItem(second, timeout=0),
        BulkItem(second),
    ]
    results = list(client.cancel_many(items, timeout=5))
    assert results[0].idempotency_key == "till-7"
    assert [str(one.code) for one in results] == ["ok", "invalid_argument", "ok"]
    with pytest.raises(ArgumentError, match="timeout: expected a number of seconds"):
        BulkItem(second, timeout="soon")  # type: ignore[arg-type]


def test_given_a_dry_run_then_sessions_are_only_read(sandbox: Sandbox, client: Client) -> None:
    held = sandbox.held()
    (result,) = client.cancel_many([held], dry_run=True)
    assert isinstance(result, BulkRetrieval)
    assert (result.outcome, result.code, result.hold) == ("not_applied", "ok", "held")
    assert cancels(sandbox) == 0


def test_given_a_slow_session_then_results_come_in_order_unless_told_otherwise(
    sandbox: Sandbox, client: Client
) -> None:
    for in_order, numbers in ((True, [0, 1]), (False, [1, 0])):
        sandbox.fault("delay", ms=300)
        run = client.cancel_many([sandbox.held(), "refused at once"], in_order=in_order)
        assert [one.number for one in run] == numbers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": "fcs_1"}, "items: expected an iterable of session ids or BulkItems, found str"),
        ({"items": 7}, "items: expected an iterable of session ids or BulkItems, found int"),
        ({"rate": 0}, "rate: expected a whole number from 1 to 10000, found 0"),
        ({"rate": 2.5}, "rate: expected a whole number from 1 to 10000, found 2.5"),
        ({"concurrency": 257}, "concurrency: expected a whole number from 1 to 256, found 257"),
        ({"timeout": 0}, "timeout: expected a number of seconds from 0.001 to 600, found 0"),
        ({"timeout": "soon"}, "timeout: expected a number of seconds, found str"),
        ({"asked_at": "now"}, "asked_at: expected an aware datetime"),
        ({"max_unknown": -1}, "max_unknown: expected a whole number from 0"),
        ({"max_attempts": 0}, "max_attempts: expected a whole number from 1 to 10"),
        ({"expand": "customer"}, "expand: expected a list of names, found one text"),
        ({"journal": ""}, "journal: expected"),
        ({"journal": b"path"}, "journal: expected a plain value, found bytes"),
        ({"journal": "j", "dry_run": True}, "journal: expected without dry_run"),
        ({"in_order": "no"}, "in_order: expected true or false"),
        ({"reason": 7}, "reason: expected a string"),
    ],
)
def test_given_an_argument_that_cannot_be_used_then_it_is_named_and_nothing_is_sent(
    sandbox: Sandbox, client: Client, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError) as raised:
        client.cancel_many(**{"items": [sandbox.held()], **arguments})
    assert raised.value.message.startswith(message)
    assert sandbox.requests() == []
    assert threads() == []


def iter_failing(ids: list[str]) -> Iterator[str]:
    yield from ids
    raise OSError("usb stick\ngone")


@pytest.mark.parametrize("count", [0, 3])
def test_given_an_input_that_fails_then_the_summary_says_so_and_what_was_sent_ends(
    sandbox: Sandbox, client: Client, count: int
) -> None:
    ids = [sandbox.held() for _ in range(count)]
    sandbox.fault("delay", ms=100, times=ALWAYS)
    results: list[BulkCancellation] = []
    run = client.cancel_many(iter_failing(ids))
    with pytest.raises(OSError, match="usb stick"):
        read(run, results)
    summary = ended(run)
    assert (summary.code, summary.complete) == (Code.ABORTED, False)
    assert summary.message == "the input failed: OSError: usb stick gone"
    assert summary.advice.startswith("Put the input right, then resume the run with its journal.")
    assert (summary.items, summary.canceled) == (count, count), "no call in flight is aborted"
    assert [sandbox.hold(one) for one in ids] == ["released"] * count
    assert list(run) == []


def test_given_an_item_that_is_none_then_the_summary_has_its_error(
    sandbox: Sandbox, client: Client
) -> None:
    run = client.cancel_many([sandbox.held(), 7])  # type: ignore[list-item]
    assert next(run).is_voided
    with pytest.raises(ArgumentError) as raised:
        next(run)
    assert ended(run).code is Code.INVALID_ARGUMENT
    assert ended(run).message == f"the input failed: {raised.value}"


def test_given_an_input_that_fails_in_an_aborted_run_then_both_are_told(
    sandbox: Sandbox, client: Client
) -> None:
    abort = AbortToken()

    def ids() -> Iterator[str]:
        yield sandbox.held()
        abort.trigger()
        raise OSError("gone")

    run = client.cancel_many(ids(), abort=abort)
    with pytest.raises(OSError, match="gone"):
        read(run, [])
    assert ended(run).code is Code.ABORTED
    assert ended(run).message.endswith("; the input failed: OSError: gone")


def test_given_a_journal_then_a_second_run_resumes_the_first(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    ids = [sandbox.held() for _ in range(10)]
    journal = tmp_path / "night.jsonl"

    def some() -> Iterator[str]:
        yield from ids[:6]
        raise OSError("stopped")

    first: list[BulkCancellation] = []
    with pytest.raises(OSError, match="stopped"):
        read(client.cancel_many(some(), journal=journal, reason="closing time"), first)
    assert '"closing time"' in journal.read_text(encoding="utf-8").splitlines()[0]
    # Once more, with less than before: the journal itself is as it should be.
    cut_off = client.cancel_many(iter_failing(ids[:3]), journal=journal)
    with pytest.raises(OSError, match="usb stick"):
        read(cut_off, [])
    assert (ended(cut_off).code, ended(cut_off).complete) == (Code.ABORTED, False)
    run = client.cancel_many(ids, journal=journal)
    results = list(run)
    assert [one.from_journal for one in results] == [True] * 6 + [False] * 4
    assert [one.outcome for one in results] == [Outcome.CANCELED] * 10
    assert [one.idempotency_key for one in results[:6]] == [one.idempotency_key for one in first]
    assert (ended(run).from_journal, cancels(sandbox)) == (6, 10)


def test_given_a_journal_that_cannot_be_used_then_the_exception_says_why(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    ids = [sandbox.held() for _ in "ab"]
    journal = tmp_path / "night.jsonl"
    with client.cancel_many(ids, journal=journal), pytest.raises(BulkError) as raised:
        client.cancel_many(ids, journal=journal)
    assert raised.value.code is Code.JOURNAL_BUSY
    assert raised.value.summary.complete is False
    assert str(raised.value).startswith("journal_busy: ")
    with pytest.raises(BulkError) as raised:
        client.cancel_many(ids, journal=tmp_path / "no" / "journal")
    assert raised.value.code is Code.JOURNAL_IO
    assert sandbox.requests() == []
    assert len(list(client.cancel_many(ids, journal=journal))) == 2
    run = client.cancel_many(ids[::-1], journal=journal)
    with pytest.raises(BulkError) as raised:
        list(run)
    assert raised.value.code is Code.JOURNAL_INVALID
    assert raised.value.summary is run.summary
    assert threads() == []


def test_given_too_many_unknown_outcomes_then_the_results_come_before_the_exception(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(10)]
    results: list[BulkCancellation] = []
    with sandbox.losing_answers():
        run = client.cancel_many(ids, concurrency=1, max_unknown=1, timeout=0.5)
        with pytest.raises(BulkError) as raised:
            read(run, results)
    assert [one.outcome for one in results] == [Outcome.UNKNOWN] * 2
    assert all(one.repeat is not None for one in results)
    assert (raised.value.code, raised.value.summary.unknown) == (Code.MAX_UNKNOWN, 2)
    assert list(run) == []


def test_given_two_runs_on_one_client_then_each_has_its_own_results(
    sandbox: Sandbox, client: Client
) -> None:
    first, second = ([sandbox.held() for _ in range(30)] for _ in "ab")
    pairs = list(zip(client.cancel_many(first), client.cancel_many(second)))
    assert [(one.session_id, two.session_id) for one, two in pairs] == list(zip(first, second))

    def again(ids: list[str]) -> list[BulkCancellation]:
        return list(client.cancel_many(ids, concurrency=4))

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(again, (first, second)))
    assert [[one.session_id for one in each] for each in results] == [first, second]
    assert {one.outcome for each in results for one in each} == {Outcome.ALREADY_CANCELED}
    assert threads() == []


def test_given_a_rate_limit_and_nothing_configured_then_every_session_is_canceled() -> None:
    sandbox = Sandbox("--rate-limit", "40")
    try:
        ids = [sandbox.held() for _ in range(100)]
        with Client(KEY, base_url=sandbox.url, timeout=60) as client:
            run = client.cancel_many(ids)
            assert {one.outcome for one in run} == {Outcome.CANCELED}
        counts = sandbox.ask("GET", "/__sandbox/counts")
        assert counts["cancel"] == 100
        assert 0 < ended(run).rate_limited_responses == counts["rate_limited"]
    finally:
        sandbox.close()


def test_given_a_rate_then_the_run_keeps_it(sandbox: Sandbox, client: Client) -> None:
    ids = [sandbox.held() for _ in range(30)]
    run = client.cancel_many(ids, rate=20)
    assert {one.outcome for one in run} == {Outcome.CANCELED}
    assert ended(run).elapsed > 29 / 20
