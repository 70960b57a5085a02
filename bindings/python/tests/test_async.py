"""The client for asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import Callable

import pytest

from flexcancel import (
    AbortToken,
    ArgumentError,
    AsyncClient,
    Cancellation,
    Client,
    ClosedError,
    Code,
    InterruptedCallError,
    Outcome,
)

from .sandbox import ALWAYS, KEY, Sandbox


def run(sandbox: Sandbox, work: Callable[[AsyncClient], Awaitable[None]]) -> None:
    """Runs the work with a client, and sees that no thread is left."""

    async def main() -> None:
        async with AsyncClient(Client(KEY, base_url=sandbox.url, timeout=60)) as client:
            await work(client)
        names = [thread.name for thread in threading.enumerate()]
        assert not [name for name in names if name.startswith("flexcancel")]
        assert client.client.is_closed
        await client.aclose()

    asyncio.run(main(), debug=True)


async def arrived(sandbox: Sandbox, count: int) -> None:
    """Returns when so many requests have come, while the loop runs on."""
    await asyncio.get_running_loop().run_in_executor(None, sandbox.wait_for_requests, count)


async def cancelled(task: asyncio.Task[object]) -> asyncio.CancelledError:
    try:
        await task
    except asyncio.CancelledError as error:
        return error
    raise AssertionError("the task was not cancelled")


def test_given_many_tasks_then_their_calls_run_side_by_side(sandbox: Sandbox) -> None:
    ids = [sandbox.held() for _ in range(50)]

    async def work(client: AsyncClient) -> None:
        results = await asyncio.gather(*(client.cancel(one, timeout=30) for one in ids))
        assert [result.session_id for result in results] == ids
        assert {result.outcome for result in results} == {Outcome.CANCELED}
        read = await client.retrieve(ids[0], expand=["customer"], max_attempts=1)
        assert read.outcome is Outcome.ALREADY_CANCELED

    run(sandbox, work)
    assert {sandbox.hold(one) for one in ids} == {"released"}


def test_given_a_task_that_is_cancelled_then_its_call_is_aborted_and_told(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    session_id = sandbox.held()

    async def work(client: AsyncClient) -> None:
        abort = AbortToken()
        task = asyncio.create_task(client.cancel(session_id, abort=abort))
        await arrived(sandbox, 1)
        task.cancel()
        error = await cancelled(task)
        interrupted = InterruptedCallError.of(error)
        assert interrupted is not None
        found = interrupted.result
        assert isinstance(found, Cancellation)
        assert (found.outcome, found.code) == (Outcome.UNKNOWN, Code.ABORTED)
        assert not abort.is_triggered

    run(sandbox, work)


def test_given_a_time_out_of_asyncio_s_then_the_call_has_ended_with_it(sandbox: Sandbox) -> None:
    sandbox.stall()
    session_id = sandbox.held()

    async def work(client: AsyncClient) -> None:
        with pytest.raises(asyncio.TimeoutError) as raised:
            await asyncio.wait_for(client.cancel(session_id), 0.2)
        assert InterruptedCallError.of(raised.value) is not None
        assert client._in_flight == set()

    run(sandbox, work)


def test_given_a_token_when_triggered_then_the_call_ends_with_a_result(sandbox: Sandbox) -> None:
    sandbox.stall()
    session_id = sandbox.held()

    async def work(client: AsyncClient) -> None:
        abort = AbortToken()
        task = asyncio.create_task(client.cancel(session_id, abort=abort))
        await arrived(sandbox, 1)
        abort.trigger()
        assert (await task).code is Code.ABORTED

    run(sandbox, work)


def test_given_a_call_that_waits_its_turn_when_cancelled_then_it_never_begins(
    sandbox: Sandbox,
) -> None:
    sandbox.stall()
    session_id = sandbox.held()

    async def main() -> None:
        async with AsyncClient(Client(KEY, base_url=sandbox.url), max_calls=1) as client:
            first = asyncio.create_task(client.cancel(session_id, timeout=60))
            await arrived(sandbox, 1)
            second = asyncio.create_task(client.cancel(session_id, timeout=60))
            await asyncio.sleep(0)
            second.cancel()
            assert InterruptedCallError.of(await cancelled(second)) is None
            first.cancel()
            await cancelled(first)
        assert len(sandbox.requests()) == 1

    asyncio.run(main())


def test_given_a_task_that_is_cancelled_before_it_starts_then_nothing_is_sent(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()

    async def work(client: AsyncClient) -> None:
        task = asyncio.create_task(client.cancel(session_id))
        task.cancel()
        assert InterruptedCallError.of(await cancelled(task)) is None

    run(sandbox, work)
    assert (sandbox.requests(), sandbox.hold(session_id)) == ([], "held")


def test_given_a_cancelled_task_that_nobody_awaits_then_it_still_tells_its_result(
    sandbox: Sandbox,
) -> None:
    # As after a TaskGroup, which older interpreters do not have.
    sandbox.fault("drop_answer", how="stall", times=ALWAYS, apply=True)
    session_id = sandbox.held()

    async def work(client: AsyncClient) -> None:
        task = asyncio.create_task(client.cancel(session_id))
        await arrived(sandbox, 1)
        task.cancel()
        await asyncio.wait({task})
        with pytest.raises(asyncio.CancelledError) as raised:
            task.result()
        ended = InterruptedCallError.of(raised.value)
        assert ended is not None
        assert isinstance(ended.result, Cancellation)
        assert ended.result.outcome is Outcome.UNKNOWN

    run(sandbox, work)
    assert sandbox.hold(session_id) == "released"


def test_given_a_call_in_flight_when_closed_then_it_ends_first(sandbox: Sandbox) -> None:
    session_id = sandbox.held()
    sandbox.fault("delay", ms=300)

    async def work(client: AsyncClient) -> None:
        task = asyncio.create_task(client.cancel(session_id))
        await arrived(sandbox, 1)
        await client.aclose()
        assert task.done() or client.client.is_closed
        assert (await task).outcome is Outcome.CANCELED
        with pytest.raises(ClosedError):
            await client.cancel(session_id)

    run(sandbox, work)


def test_given_an_argument_that_cannot_be_used_then_the_await_raises(sandbox: Sandbox) -> None:
    async def work(client: AsyncClient) -> None:
        assert repr(client) == "<flexcancel.AsyncClient>"
        with pytest.raises(ArgumentError, match="session_id"):
            await client.cancel("a/b")
        with pytest.raises(ArgumentError, match="timeout"):
            await client.retrieve("fcs_1", timeout=-1)

    run(sandbox, work)
    assert sandbox.requests() == []
