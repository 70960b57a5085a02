"""Makes a call of the native library on the right thread."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
import time
from typing import Any, Generic, List, Optional, Tuple, Type, Union

from . import _events, _library
from ._abort import AbortToken, own_token
from ._errors import FlexcancelError, InterruptedCallError
from ._result import R

#: In seconds. A signal that arrives just as a wait begins is handled when the wait ends.
_MAX_WAIT_FOR_SIGNAL = 0.1

#: An aborted call ends within milliseconds, unless a handler of the log holds it up.
_MAX_WAIT_FOR_ABORTED = 5.0


class NativeCall(Generic[R]):
    """A call of the library with its arguments, ready to be made."""

    __slots__ = ("_arguments", "_function", "_kind")

    def __init__(
        self, kind: Type[R], function: Any, arguments: Tuple[Union[int, bytes, None], ...]
    ) -> None:
        self._kind = kind
        self._function = function
        self._arguments = arguments

    def make(self, *more: Optional[int]) -> R:
        """Makes the call on this thread, and blocks until it has ended."""
        return take(self._kind, self._function(*self._arguments, *more))

    def run(self, abort: Optional[AbortToken]) -> R:
        """The same, for a call that an abort token can end."""
        return self.make(None if abort is None else abort._handle)

    def run_logged(self, abort: Optional[AbortToken]) -> R:
        """The same, where events are logged."""
        if not threading.current_thread().daemon:
            return self.run(abort)
        with _events.ended_at_exit(abort) as token:
            return self.run(token)

    def run_interruptibly(self, abort: Optional[AbortToken]) -> R:
        """The same, on the main thread, where a signal handler may raise.

        Python runs its signal handlers on the main thread, and not while that is in native code.
        So another thread makes the call, and this one waits where a handler can interrupt it. If a
        handler raises, the call is aborted, and the exception goes on when the call has ended.
        """
        with own_token(abort) as token:
            work = _Work(self, token)
            try:
                is_started = work.start()
                if is_started:
                    work.wait()
            except BaseException as interruption:
                token.trigger()
                result = work.end()
                if result is None:
                    raise
                raise interruption from InterruptedCallError(result)
            return work.result() if is_started else self.run(token)


def take(kind: Type[R], result: Optional[int]) -> R:
    """Reads a result of the native library, and frees it."""
    return kind.from_json(_library.take_text(result or 0))


class _Work(Generic[R]):
    """A call on a thread of its own.

    A signal handler may raise in the waiting thread between any two steps. So whoever has the
    claim makes the call, and an end that was seen once is never waited for again.
    """

    def __init__(self, call: NativeCall[R], token: AbortToken) -> None:
        self._call = call
        self._token = token
        self._claim = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._ended: List[Union[R, BaseException]] = []
        self._thread: Optional[threading.Thread] = None
        self._process = os.getpid()

    def _run(self) -> None:
        if not self._claim.acquire(False):
            return
        try:
            self._ended.append(self._call.run(self._token))
        except BaseException as error:
            self._ended.append(error)
        finally:
            self._done.release()

    def start(self) -> bool:
        """Starts the thread. False if none can be made or started.

        A sub-interpreter allows no daemon threads, and an interpreter that ends allows none.
        """
        try:
            self._thread = threading.Thread(
                target=contextvars.copy_context().run,
                args=(self._run,),
                name="flexcancel-call",
                daemon=True,
            )
            self._thread.start()
            return True
        except RuntimeError:
            return not self._claim.acquire(False)
        except KeyError as error:
            # A signal handler raised while the thread was started: threading forgets the thread
            # twice, and this error hides the handler's.
            raise error.__context__ or error from None

    def wait(self) -> None:
        """Waits for the call and its thread. A signal handler may raise meanwhile."""
        while not self._done.acquire(timeout=_MAX_WAIT_FOR_SIGNAL):
            if self._process != os.getpid():
                raise FlexcancelError("the call goes on in the parent of this forked process")
        # A fork must not happen beside a thread that is still ending.
        if self._thread is not None:
            self._thread.join()

    def end(self) -> Optional[R]:
        """Waits for an aborted call, which ends soon; a second Ctrl-C changes nothing.

        None if the call has not started, and then it never will; or if it does not return.
        """
        if self._claim.acquire(False):
            return None
        deadline = time.monotonic() + _MAX_WAIT_FOR_ABORTED
        while not self._ended and self._thread is not None and self._thread.is_alive():
            try:
                if not self._done.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    break
            except BaseException:
                continue
        ended = self._ended[0] if self._ended else None
        return None if isinstance(ended, BaseException) else ended

    def result(self) -> R:
        """What the call came to."""
        ended = self._ended[0]
        if isinstance(ended, BaseException):
            raise ended
        return ended


def has_signal_handler() -> bool:
    """Whether Ctrl-C or SIGTERM runs Python code on this thread."""
    return threading.get_ident() == _main_thread and (
        callable(signal.getsignal(signal.SIGINT)) or callable(signal.getsignal(signal.SIGTERM))
    )


def _note_main_thread() -> None:
    # Looked up once: it would slow down each call.
    global _main_thread
    _main_thread = threading.main_thread().ident


_main_thread: Optional[int]
_note_main_thread()
if hasattr(os, "register_at_fork"):  # Windows has no forks.
    # In a forked child it is the thread that forked.
    os.register_at_fork(after_in_child=_note_main_thread)
