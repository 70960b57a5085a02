"""Many cancels in one run, for asyncio."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from flexcancel import (
    ArgumentError,
    AsyncBulkRun,
    AsyncClient,
    BulkCancellation,
    BulkError,
    BulkRetrieval,
    ClosedError,
    Code,
    InterruptedCallError,
    Outcome,
)

from .bulk_kit import threads
from .sandbox import Sandbox
from .test_async import arrived, cancelled, run


async def read(cancels: AsyncBulkRun[BulkCancellation], results: list[BulkCancellation]) -> None:
    """Reads a run to its end, or to its exception."""
    async for result in cancels:
        results.append(result)


def test_given_an_input_of_either_kind_then_each_item_has_its_result(sandbox: Sandbox) -> None:
    first, second = ([sandbox.held() for _ in range(30)] for _ in "ab")

    async def asynchronous() -> AsyncIterator[str]:
        for session_id in second:
            await asyncio.sleep(0)
            yield session_id

    async def work(client: AsyncClient) -> None:
        results: tuple[list[BulkCancellation], list[BulkCancellation]] = ([], [])
        runs = client.cancel_many(first), client.cancel_many(asynchronous(), concurrency=4)
        await asyncio.gather(*map(read, runs, results))
        assert [[one.session_id for one in each] for each in results] == [first, second]
        assert {one.outcome for each in results for one in each} == {Outcome.CANCELED}
        assert all(one.summary is not None and one.summary.complete for one in runs)
        results[0].clear()
        await read(runs[0], results[0])
        assert results[0] == []
        dry = client.cancel_many(first[:1], dry_run=True)
        assert isinstance(await dry.__anext__(), BulkRetrieval)

    run(sandbox, work)


def test_while_a_run_waits_the_loop_runs_on(sandbox: Sandbox) -> None:
    sandbox.stall()
    ids = [sandbox.held() for _ in range(4)]

    async def work(client: AsyncClient) -> None:
        async with client.cancel_many(ids, concurrency=2) as cancels:
            task = asyncio.create_task(cancels.__anext__())
            await arrived(sandbox, 2)
            assert not task.done()
            task.cancel()
            error = await cancelled(task)
            found = InterruptedCallError.of(error)
            assert found is not None
            assert found.result is cancels.summary
            left = [one async for one in cancels]
        assert [(one.number, one.code) for one in left] == [(0, Code.ABORTED), (1, Code.ABORTED)]
        assert len(sandbox.requests()) == 2

    run(sandbox, work)


@pytest.mark.parametrize("way", ["aclose", "with", "forgotten", "client"])
def test_given_a_loop_that_is_left_then_the_run_is_aborted_and_waited_for(
    sandbox: Sandbox, way: str
) -> None:
    ids = [sandbox.held() for _ in range(30)]

    async def work(client: AsyncClient) -> None:
        cancels = client.cancel_many(ids, concurrency=2)
        async for result in cancels:
            assert result.is_voided
            sandbox.stall()
            break
        if way == "aclose":
            await cancels.aclose()
        elif way == "with":
            async with cancels:
                pass
        elif way == "forgotten":
            del cancels
            gc.collect()
        else:
            await client.aclose()
            with pytest.raises(ClosedError):
                client.cancel_many(ids)
        assert threads() == []
        if way != "forgotten":
            assert [one async for one in cancels] == []
            assert cancels.summary is not None
            assert cancels.summary.code is Code.ABORTED

    run(sandbox, work)
    assert len(sandbox.requests()) <= 4 * 2 + 1


def test_given_an_input_that_fails_then_it_is_said_after_the_results(sandbox: Sandbox) -> None:
    ids = [sandbox.held() for _ in range(10)]

    async def asynchronous() -> AsyncIterator[str]:
        for session_id in ids[:5]:
            yield session_id
        raise OSError("the file is gone")

    def synchronous() -> Iterator[str]:
        yield from ids[5:]
        raise OSError("the file is gone")

    async def work(client: AsyncClient) -> None:
        results: list[BulkCancellation] = []
        for items in (asynchronous(), synchronous()):
            cancels = client.cancel_many(items)
            with pytest.raises(OSError, match="the file is gone"):
                await read(cancels, results)
            assert cancels.summary is not None
            assert not cancels.summary.complete
            assert cancels.summary.code is Code.ABORTED
            assert cancels.summary.message == "the input failed: OSError: the file is gone"
        assert [one.session_id for one in results] == ids

    run(sandbox, work)


def test_given_what_cannot_be_used_then_it_is_said_and_nothing_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ids: list[Any] = [sandbox.held()]

    async def work(client: AsyncClient) -> None:
        with pytest.raises(ArgumentError, match="items: expected an iterable of session ids"):
            client.cancel_many("fcs_1")
        with pytest.raises(ArgumentError, match="timeout: expected a number of seconds, found"):
            client.cancel_many(ids, timeout="soon")  # type: ignore[call-overload]
        with pytest.raises(ArgumentError, match="rate: expected a whole number from 1"):
            await client.cancel_many(ids, rate=0).__anext__()
        with pytest.raises(BulkError) as raised:
            await client.cancel_many(ids, journal=tmp_path / "no" / "such").__anext__()
        assert raised.value.code is Code.JOURNAL_IO
        with pytest.raises(ArgumentError, match="items: expected session ids"):
            await client.cancel_many([7]).__anext__()  # type: ignore[list-item]

    run(sandbox, work)
    assert sandbox.requests() == []
