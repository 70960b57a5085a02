"""The native call of a bulk run, on a thread of its own."""

from __future__ import annotations

import contextvars
import ctypes
import os
import threading
import time
import weakref
from collections import deque
from queue import Empty, SimpleQueue
from typing import Callable, Deque, List, Optional, Tuple, Union

from . import _library
from ._abort import AbortToken
from ._errors import FlexcancelError
from ._library import native

#: An item as C takes it; ``None`` is the end of the input.
Given = Optional[Tuple[bytes, Optional[bytes]]]

#: In seconds. A signal that arrives just as a wait begins is handled when the wait ends.
_MAX_WAIT_FOR_SIGNAL = 0.1

#: The aborted calls end within milliseconds, unless a handler of the log holds them up.
_MAX_WAIT_FOR_ABORTED = 5.0

#: In seconds, between two looks whether the run is still there.
_CONSUMER_INTERVAL = 1.0

#: So many signals may interrupt the end of a run.
_MAX_INTERRUPTIONS = 100

#: What the native callbacks return.
_ITEM, _END, _GO_ON, _LEAVE = 1, 0, 0, -1


class BulkCall:
    """Hands items to the native call, and results to its consumer.

    The thread is the native call's: its callbacks only pass on what they get. The consumer reads
    the input and the results on its own thread. The thread has no strong reference to the consumer,
    so that a run that is forgotten ends.

    A signal handler may raise in the consumer between any two steps. So nothing here has a lock
    that is held for longer than one step, and what is read is removed last.
    """

    def __init__(
        self,
        consumer: object,
        client: int,
        options: Optional[bytes],
        abort: Optional[AbortToken],
        ring: Optional[Callable[[], None]] = None,
    ) -> None:
        self._consumer = weakref.ref(consumer)
        self.token = AbortToken()
        #: Whether the native call waits for an item.
        self.is_hungry = False
        #: The results that were not read as yet, as JSON.
        self.results: Deque[bytes] = deque()
        #: The summary as JSON, or what went wrong; empty until the native call has ended.
        self.ended: List[Union[str, BaseException]] = []
        #: Whether the consumer has left, and is handed nothing more.
        self.is_left = False
        self._arguments = (client, options)
        self._abort = abort
        self._also_ring = ring
        self._bell = threading.Lock()
        self._bell.acquire()
        self._given: SimpleQueue[Given] = SimpleQueue()
        #: Valid until the next item is given.
        self._kept: Given = None
        self._process = os.getpid()
        self._thread: Optional[threading.Thread] = None

    def start(self) -> None:
        """Starts the thread."""
        try:
            # Whoever holds the run ends it, at the latest when the interpreter ends; which would
            # wait for another thread before that.
            self._start_thread(is_daemon=True)
        except RuntimeError:
            # A sub-interpreter allows no daemon threads.
            self._start_thread(is_daemon=False)
        except KeyError as error:
            # A signal handler raised while the thread was started: threading forgets the thread
            # twice, and this error hides the handler's.
            raise error.__context__ or error from None

    def _start_thread(self, *, is_daemon: bool) -> None:
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name="flexcancel-bulk",
            daemon=is_daemon,
        )
        self._thread.start()

    def _run(self) -> None:
        # As locals they are freed here, and so are the references to this call.
        next_item = _library.NextCallback(self._on_next)
        done = _library.DoneCallback(self._on_done)
        ended: Union[str, BaseException]
        try:
            if self._abort is not None:
                self._abort._link(self.token)
            handle = self.token._handle
            cancel_many = native.client_cancel_many
            summary = cancel_many(*self._arguments, next_item, done, None, handle)
            ended = _library.take_text(summary or 0)
        except BaseException as error:
            ended = error
        finally:
            if self._abort is not None:
                self._abort._unlink(self.token)
        self.ended.append(ended)
        self._ring()

    def _on_next(self, _user_data: Optional[int], session_id: int, options: int) -> int:
        try:
            self.is_hungry = True
            self._ring()
            self._kept = self._next_given()
            if self.is_left:
                return _LEAVE
            if self._kept is None:
                return _END
            for address, text in zip((session_id, options), self._kept):
                ctypes.c_char_p.from_address(address).value = text
            return _ITEM
        except BaseException:
            # Nothing may reach the native caller.
            return _LEAVE

    def _next_given(self) -> Given:
        """Waits for the consumer. Its finalizer may be lost: a signal handler can raise in it."""
        while True:
            try:
                return self._given.get(timeout=_CONSUMER_INTERVAL)
            except Empty:
                if self._consumer() is None:
                    self.is_left = True
                    return None

    def _on_done(self, _user_data: Optional[int], _number: int, result: int) -> int:
        try:
            if self.is_left:
                return _LEAVE
            self.results.append(native.result_json(result, None))
            self._ring()
            return _GO_ON
        except BaseException:
            return _LEAVE

    def _ring(self) -> None:
        # Only the thread rings, so that the bell cannot be released twice.
        if self._bell.locked():
            self._bell.release()
        if self._also_ring is not None:
            self._also_ring()

    @property
    def has_news(self) -> bool:
        """Whether the consumer has anything to do."""
        return self.is_hungry or bool(self.results) or bool(self.ended)

    def wait(self) -> None:
        """Waits until there may be news. A signal handler may raise meanwhile."""
        self.check_process()
        self._bell.acquire(timeout=_MAX_WAIT_FOR_SIGNAL)

    def check_process(self) -> None:
        """Raises in a forked child, which has no such thread."""
        if self._process != os.getpid():
            where = "it goes on in the parent of this forked process"
            raise FlexcancelError(f"a run belongs to its process: {where}")

    def give(self, item: Given) -> None:
        """Gives the item that the native call waits for."""
        self.is_hungry = False
        self._given.put(item)

    def begin_abort(self) -> None:
        """Ends the run early. The results of what was in flight are kept."""
        self.token.trigger()
        self._given.put(None)

    def begin_leave(self) -> None:
        """Ends the run early. No result is handed over any more."""
        self.is_left = True
        self.begin_abort()

    def abort(self) -> None:
        """Ends the run early and waits for it. The results of what was in flight are kept."""
        _insist(self.begin_abort)
        self.join()

    def leave(self) -> None:
        """Ends the run early and waits for it. No result is handed over any more."""
        _insist(self.begin_leave)
        self.join()

    def join(self) -> None:
        """Waits for the thread of a run that has ended, or is about to."""
        _insist(self._wait_for_end)

    def _wait_for_end(self) -> None:
        thread = self._thread
        if thread is None or self._process != os.getpid():
            return
        # The garbage collector may run on that very thread.
        if threading.get_ident() == thread.ident:
            return
        deadline = time.monotonic() + _MAX_WAIT_FOR_ABORTED
        while thread.is_alive() and time.monotonic() < deadline:
            if not self.ended:
                self._bell.acquire(timeout=_MAX_WAIT_FOR_SIGNAL)
            else:
                # A fork must not happen beside a thread that is still ending.
                thread.join(_MAX_WAIT_FOR_SIGNAL)


def _insist(step: Callable[[], None]) -> None:
    """Takes a step that may be taken again, until no signal handler raises meanwhile.

    What was raised first is raised in the end.
    """
    first: Optional[BaseException] = None
    for _ in range(_MAX_INTERRUPTIONS):
        try:
            step()
            break
        except BaseException as interruption:
            first = first or interruption
    if first is not None:
        raise first
