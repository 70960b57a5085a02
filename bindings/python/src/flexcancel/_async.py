"""The client for asyncio."""

from __future__ import annotations

import asyncio
import contextvars
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Optional, Sequence, Set, Union, overload
from weakref import WeakSet

from . import _arguments
from ._abort import AbortToken, check_token, own_token
from ._arguments import PathLike, checked
from ._async_bulk_run import AsyncBulkRun, Items
from ._bulk_item import BulkCancellation, BulkRetrieval
from ._bulk_run import bulk_options
from ._cancellation import Cancellation
from ._client import Client, check_warm_up
from ._enums import Code
from ._errors import ArgumentError, InterruptedCallError
from ._library import native
from ._native_call import NativeCall
from ._not_copied import NotCopied
from ._result import R, Result
from ._retrieval import Retrieval
from ._times import Time


class AsyncClient(NotCopied):
    """A ``Client`` for asyncio.

    - ``client``: a ``Client``, which makes the calls. It is closed with this one.
    - ``max_calls``: how many calls run at a time, 1 or more; 64 if left out. Each runs on a thread
      of this client's own. Further calls wait for a free thread, and their ``timeout`` does not run
      meanwhile. It limits no run of ``cancel_many``, which has ``concurrency``.

    Cancelling a task aborts its call: the ``CancelledError`` is raised when the call has ended,
    with an ``InterruptedCallError`` as its cause, whose ``result`` says what is known.
    ``InterruptedCallError.of(error)`` finds it.

    Raises ``TypeError`` for what is no ``Client``, and ``ArgumentError`` for ``max_calls``.

    Belongs to one event loop. No thread is left when ``aclose`` has returned.
    """

    __slots__ = ("_executor", "_in_flight", "_process", "_runs", "client", "max_calls")

    def __init__(self, client: Client, *, max_calls: int = 64) -> None:
        is_async = isinstance(client, AsyncClient)
        hint = "; pass its client, or use it as it is" if is_async else ""
        _arguments.instance("client", client, Client, hint)
        if isinstance(max_calls, bool) or not isinstance(max_calls, int) or max_calls < 1:
            found = max_calls if isinstance(max_calls, int) else type(max_calls).__name__
            problem = f"max_calls: expected a whole number from 1, found {found}"
            raise ArgumentError(Code.INVALID_ARGUMENT, problem)
        self.client = client
        self.max_calls = max_calls
        self._in_flight: Set[asyncio.Future[Any]] = set()
        self._runs: WeakSet[AsyncBulkRun[Any]] = WeakSet()
        self._renew()

    async def cancel(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        idempotency_key: Optional[str] = None,
        in_doubt: Optional[bool] = None,
        asked_at: Optional[Time] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        abort: Optional[AbortToken] = None,
    ) -> Cancellation:
        """As ``Client.cancel``. ``timeout`` starts with the call, not while it waits."""
        named = {"timeout": timeout, "verify": verify, "max_attempts": max_attempts}
        options = _arguments.cancel_options(expand, idempotency_key, in_doubt, asked_at, **named)
        call = self.client._prepare(Cancellation, native.client_cancel, options, session_id)
        return checked(await self._run(call, abort), options, session_id)

    async def retrieve(
        self,
        session_id: str,
        *,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        max_attempts: Optional[int] = None,
        abort: Optional[AbortToken] = None,
    ) -> Retrieval:
        """As ``Client.retrieve``. ``timeout`` starts with the call, not while it waits."""
        options = {"expand": expand, "timeout": timeout, "max_attempts": max_attempts}
        call = self.client._prepare(Retrieval, native.client_retrieve, options, session_id)
        return checked(await self._run(call, abort), options, session_id)

    @overload
    def cancel_many(
        self,
        items: Items,
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: Literal[False] = False,
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> AsyncBulkRun[BulkCancellation]: ...

    @overload
    def cancel_many(
        self,
        items: Items,
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: Literal[True],
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> AsyncBulkRun[BulkRetrieval]: ...

    def cancel_many(
        self,
        items: Items,
        *,
        concurrency: int = 16,
        rate: Optional[int] = None,
        journal: Optional[PathLike] = None,
        in_order: bool = True,
        max_unknown: Optional[int] = None,
        dry_run: bool = False,
        reason: Optional[str] = None,
        expand: Sequence[str] = (),
        timeout: Optional[float] = None,
        verify: Optional[bool] = None,
        max_attempts: Optional[int] = None,
        asked_at: Optional[Time] = None,
        abort: Optional[AbortToken] = None,
    ) -> Union[AsyncBulkRun[BulkCancellation], AsyncBulkRun[BulkRetrieval]]:
        """As ``Client.cancel_many``; ``items`` may be asynchronous, too.

        Cancelling the task that iterates aborts the calls in flight: the ``CancelledError`` is
        raised when they have ended, and their results can still be read. The run's thread is not
        one of ``max_calls``. An argument that is out of its bounds raises when the first result is
        asked for.
        """
        options = bulk_options(
            rate, journal, expand, dry_run, concurrency=concurrency, in_order=in_order,
            max_unknown=max_unknown, reason=reason, timeout=timeout, verify=verify,
            max_attempts=max_attempts, asked_at=asked_at,
        )  # fmt: skip
        self._disinherit()
        run: Union[AsyncBulkRun[BulkCancellation], AsyncBulkRun[BulkRetrieval]]
        if dry_run:
            run = AsyncBulkRun(self.client, BulkRetrieval, items, options, abort)
        else:
            run = AsyncBulkRun(self.client, BulkCancellation, items, options, abort)
        self._runs.add(run)
        return run

    async def warm_up(
        self, *, timeout: Optional[float] = None, abort: Optional[AbortToken] = None
    ) -> None:
        """As ``Client.warm_up``."""
        options = {"timeout": timeout}
        call = self.client._prepare(Result, native.client_warm_up, options)
        check_warm_up(checked(await self._run(call, abort), options))

    async def aclose(self) -> None:
        """Closes the client when the calls in flight have ended. Closing again has no effect.

        Runs of ``cancel_many`` are ended, as by their ``aclose``.
        """
        self._disinherit()
        # Calls that begin from here on are refused.
        self.client.close()
        for run in list(self._runs):
            await run.aclose()
        while self._in_flight:
            await asyncio.wait(set(self._in_flight))
        # No thread has work any more, so there is nothing to wait for.
        self._executor.shutdown()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<flexcancel.AsyncClient{' (closed)' if self.client.is_closed else ''}>"

    def _renew(self) -> None:
        self._process = os.getpid()
        self._executor = ThreadPoolExecutor(self.max_calls, "flexcancel")

    def _disinherit(self) -> None:
        # In a forked child: the threads, and the calls in flight, stayed in the parent.
        if self._process != os.getpid():
            self._in_flight.clear()
            self._runs.clear()
            self._renew()

    async def _run(self, call: NativeCall[R], abort: Optional[AbortToken]) -> R:
        check_token(abort)
        self.client._listen()
        self._disinherit()
        with own_token(abort) as token:
            work = self._executor.submit(contextvars.copy_context().run, call.run, token)
            future: asyncio.Future[R] = asyncio.wrap_future(work)
            self._in_flight.add(future)
            future.add_done_callback(self._in_flight.discard)
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError as error:
                token.trigger()
                # A call that has not started never will.
                if not work.cancel():
                    raise error from InterruptedCallError(await _ended(future))
                raise


async def _ended(future: asyncio.Future[Any]) -> Any:
    """Waits for an aborted call, which ends soon; a second cancellation changes nothing."""
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError:
            continue
    return future.result()
