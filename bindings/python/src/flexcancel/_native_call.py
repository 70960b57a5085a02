"""Makes one call on the right thread."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
import time
from typing import Any, List, Optional, Tuple, Union

from . import _events, _library
from ._abort import AbortToken, own_token
from ._cancellation import Cancellation
from ._errors import InterruptedCallError

#: A signal that comes just as a wait begins is noticed only when Python runs again.
_LONGEST_DEAF = 0.1

#: An aborted call ends within milliseconds, unless a handler of the log holds it up.
_MOST_WAIT_FOR_ABORTED = 5.0


#: What a function of the library takes before the abort token.
Arguments = Tuple[Union[int, bytes, None], ...]


def run(function: Any, arguments: Arguments, abort: Optional[AbortToken]) -> str:
    """Blocks until the call has ended. Returns the result's JSON text."""
    handle = None if abort is None else abort._handle
    return _library.take_text(function(*arguments, handle))


def run_logged(function: Any, arguments: Arguments, abort: Optional[AbortToken]) -> str:
    """The same, where events are logged."""
    if not threading.current_thread().daemon:
        return run(function, arguments, abort)
    with _events.ended_at_exit(abort) as token:
        return run(function, arguments, token)


def run_interruptibly(function: Any, arguments: Arguments, abort: Optional[AbortToken]) -> str:
    """The same, from the main thread, where a signal handler may raise.

    Python runs its signal handlers on the main thread, and not while that is in native code. So
    another thread makes the call, and this one waits where a handler can interrupt it. If it
    raises, the call is aborted, and the exception goes on when the call has ended.
    """
    with own_token(abort) as token:
        work = _Work(function, arguments, token)
        try:
            is_started = work.start()
            if is_started:
                work.wait()
        except BaseException as interruption:
            token.trigger()
            cancellation = work.end()
            if cancellation is None:
                raise
            raise interruption from InterruptedCallError(cancellation)
        return work.text() if is_started else run(function, arguments, token)


class _Work:
    """A call on a thread of its own.

    A signal handler may raise in the thread that waits, between any two steps. So whoever has the
    claim makes the call, and what was seen once is never waited for again.
    """

    def __init__(self, function: Any, arguments: Arguments, token: AbortToken) -> None:
        self._call = (function, arguments, token)
        self._claim = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._ended: List[Union[str, BaseException]] = []
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name="flexcancel-call",
            daemon=True,
        )

    def _run(self) -> None:
        if not self._claim.acquire(False):
            return
        try:
            self._ended.append(run(*self._call))
        except BaseException as error:
            self._ended.append(error)
        finally:
            self._done.release()

    def start(self) -> bool:
        """Starts the thread. False if none can be started, as at the interpreter's end."""
        try:
            self._thread.start()
            return True
        except RuntimeError:
            return not self._claim.acquire(False)
        except KeyError as error:
            # A thread that a signal handler's exception overtook as it was started: threading
            # forgets it twice, and the handler's exception over that.
            raise error.__context__ or error from None

    def wait(self) -> None:
        """Waits for the call and its thread. A signal handler may raise meanwhile."""
        while not self._done.acquire(timeout=_LONGEST_DEAF):
            pass
        # Whoever forks next shall not do so beside a thread that is still ending.
        self._thread.join()

    def end(self) -> Optional[Cancellation]:
        """Waits for a call that was aborted, which is soon; a second Ctrl-C changes nothing.

        None if the call has not begun, and then it never will; or if it does not come back.
        """
        if self._claim.acquire(False):
            return None
        until = time.monotonic() + _MOST_WAIT_FOR_ABORTED
        while not self._ended and self._thread.is_alive():
            try:
                if not self._done.acquire(timeout=max(0.0, until - time.monotonic())):
                    break
            except BaseException:
                continue
        ended = self._ended[0] if self._ended else None
        return Cancellation.from_json(ended) if isinstance(ended, str) else None

    def text(self) -> str:
        """What the call came to."""
        ended = self._ended[0]
        if isinstance(ended, str):
            return ended
        raise ended


def has_signal_handler() -> bool:
    """Whether Ctrl-C runs Python code on this thread."""
    return threading.get_ident() == _main_thread and callable(signal.getsignal(signal.SIGINT))


def _note_main_thread() -> None:
    # Asked for once: each call would pay for it.
    global _main_thread
    _main_thread = threading.main_thread().ident


_main_thread: Optional[int]
_note_main_thread()
# In a forked child it is the thread that forked.
os.register_at_fork(after_in_child=_note_main_thread)
