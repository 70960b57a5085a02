"""A run of ``cancel_many`` for asyncio."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, AsyncIterable, AsyncIterator, Iterable, Mapping, Optional, Type, Union

from ._abort import AbortToken
from ._bulk_call import Given
from ._bulk_run import MAX_UNREAD, B, BulkBase, Item, iter_items

Items = Union[Iterable[Item], AsyncIterable[Item]]


class AsyncBulkRun(BulkBase[B], AsyncIterator[B]):
    """A run of ``AsyncClient.cancel_many``: an asynchronous iterator of results.

    As ``BulkRun``: the input and the results are read by the task that iterates. The run ends early
    with ``aclose``, at the end of an ``async with`` block, with its client, and where it is no
    longer referenced; which then blocks the event loop until the aborted calls have ended.
    """

    __slots__ = ("_async_items", "_items", "_news")

    def __init__(
        self,
        client: Any,
        kind: Type[B],
        items: Items,
        options: Mapping[str, Any],
        abort: Optional[AbortToken],
    ) -> None:
        self._async_items: Optional[AsyncIterator[Item]] = None
        if isinstance(items, AsyncIterable):
            self._async_items = items.__aiter__()
        else:
            self._items = iter_items(items)
        self._news = asyncio.Event()
        ring = partial(_set, asyncio.get_running_loop(), self._news)
        super().__init__(client, kind, options, abort, ring)

    def __aiter__(self) -> AsyncBulkRun[B]:
        return self

    async def __anext__(self) -> B:
        self._call.check_process()
        try:
            result = await self._next()
        except BaseException as interruption:
            # The task was cancelled.
            self._call.begin_abort()
            await self._ended()
            raise self._interrupt(interruption) from interruption.__cause__
        if result is None:
            self._tell()
            raise StopAsyncIteration
        return result

    async def __aenter__(self) -> AsyncBulkRun[B]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the run, and waits for it. Closing again has no effect."""
        self._call.begin_leave()
        await self._ended()
        self._leave()

    async def _ended(self) -> None:
        """Waits for an aborted run, which ends soon; a second cancellation changes nothing."""
        while not self._call.ended:
            self._news.clear()
            try:
                if not self._call.ended:
                    await self._news.wait()
            except asyncio.CancelledError:
                continue

    async def _next(self) -> Optional[B]:
        call = self._call
        while True:
            # Looked at before the results: the last of them come before the end.
            has_ended = bool(call.ended)
            if call.is_hungry and not has_ended and len(call.results) < MAX_UNREAD:
                call.give(await self._read())
                continue
            result = self._result()
            if result is not None or has_ended:
                return result
            self._news.clear()
            if not call.has_news:
                await self._news.wait()

    async def _read(self) -> Given:
        if self._is_over:
            return None
        try:
            if self._async_items is None:
                item = next(self._items)
            else:
                item = await self._async_items.__anext__()
        except (StopIteration, StopAsyncIteration):
            return None
        except Exception as error:
            self._fail(error)
            return None
        return self._encoded(item)


def _set(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    """Says from another thread that there are news."""
    try:
        loop.call_soon_threadsafe(news.set)
    except RuntimeError:
        # The loop is closed: nobody waits.
        return
