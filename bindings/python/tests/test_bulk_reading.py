"""How a bulk run reads its input, and how its results are read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flexcancel import (
    ArgumentError,
    BulkCancellation,
    Client,
    Outcome,
)

from .bulk_kit import cancels, ended, read, threads, wait_until
from .sandbox import Sandbox


def test_the_input_is_read_a_few_items_ahead_and_on_the_thread_that_iterates(
    client: Client,
) -> None:
    by = []

    def endless() -> Iterator[str]:
        while True:
            by.append(threading.get_ident())
            yield f"fcs_{len(by)}"

    run = client.cancel_many(endless(), concurrency=2)
    assert by == []
    for number, result in enumerate(run):
        assert result.number == number
        assert len(by) - number <= 4 * 2 + 1
        if number == 40:
            break
    run.close()
    assert set(by) == {threading.get_ident()}


def test_given_an_exception_of_the_input_then_it_is_raised_after_the_results(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(20)]

    def failing() -> Iterator[str]:
        yield from ids
        raise OSError("the file is gone")

    run = client.cancel_many(failing(), concurrency=4)
    results: list[BulkCancellation] = []
    with pytest.raises(OSError, match="the file is gone"):
        read(run, results)
    assert [one.session_id for one in results] == ids
    assert {one.outcome for one in results} == {Outcome.CANCELED}
    assert (ended(run).items, ended(run).complete) == (20, False)
    assert list(run) == []
    assert threads() == []


@pytest.mark.parametrize("odd", [None, 7, b"fcs_1"])
def test_given_an_item_of_a_wrong_type_then_the_run_ends_and_says_so(
    sandbox: Sandbox, client: Client, odd: Any
) -> None:
    ids: list[Any] = [sandbox.held(), odd, sandbox.held()]
    run = client.cancel_many(ids)
    assert next(run).is_voided
    kind = type(odd).__name__
    with pytest.raises(ArgumentError, match=f"items: expected session ids .*, found {kind}"):
        next(run)
    assert not ended(run).complete
    assert sandbox.hold(ids[2]) == "held"


def test_given_many_threads_that_read_one_run_then_each_result_is_read_once(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(100)]

    def slow() -> Iterator[str]:
        # A generator refuses a second thread while one is inside it.
        for session_id in ids:
            time.sleep(0.001)
            yield session_id

    run = client.cancel_many(slow())
    with ThreadPoolExecutor(8) as pool:
        each_s = list(pool.map(lambda _: [one.number for one in run], range(8)))
    assert sorted(number for each in each_s for number in each) == list(range(100))


def test_given_results_that_wait_then_the_input_is_read_first(
    sandbox: Sandbox, client: Client
) -> None:
    taken = []

    def counted() -> Iterator[str]:
        for session_id in [sandbox.held() for _ in range(20)]:
            taken.append(session_id)
            yield session_id

    with client.cancel_many(counted(), concurrency=4) as run:
        first = next(run)
        call = run._call
        wait_until(lambda: call.is_hungry)
        # As if another call had ended at the same moment.
        call.results.appendleft(first.json.encode())
        before = len(taken)
        assert next(run) == first
        assert len(taken) > before


def test_given_results_that_are_not_read_then_no_more_than_the_window_is_sent(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(100)]
    with client.cancel_many(ids, concurrency=2) as run:
        next(run)
        sandbox.wait_for_requests(2)
    assert cancels(sandbox) <= 4 * 2 + 1


def test_given_results_that_pile_up_then_they_are_read_before_the_input(
    sandbox: Sandbox, client: Client
) -> None:
    ids = [sandbox.held() for _ in range(20)]
    with client.cancel_many(ids, concurrency=4) as run:
        first = next(run)
        call = run._call
        wait_until(lambda: call.is_hungry)
        call.results.extend([first.json.encode()] * 64)
        next(run)
        assert call.is_hungry
