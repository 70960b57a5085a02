"""Makes one call on the right thread."""

from __future__ import annotations

import contextvars
import signal
import threading
from typing import Any, List, Optional

from . import _events, _library
from ._abort import AbortToken, own_token
from ._cancellation import Cancellation
from ._errors import InterruptedCallError


class Call:
    """One call of the native library, not made yet."""

    __slots__ = ("client", "function", "options", "session_id")

    def __init__(
        self, function: Any, client: int, session_id: bytes, options: Optional[bytes]
    ) -> None:
        self.function = function
        self.client = client
        self.session_id = session_id
        self.options = options

    def run(self, abort: Optional[AbortToken]) -> str:
        """Blocks until the call has ended. Returns the result's JSON text."""
        handle = None if abort is None else abort._handle
        result = self.function(self.client, self.session_id, self.options, handle)
        return _library.take_text(result)

    def run_logged(self, abort: Optional[AbortToken]) -> str:
        """The same, where events are logged."""
        if not threading.current_thread().daemon:
            return self.run(abort)
        with _events.ended_at_exit(abort) as token:
            return self.run(token)

    def run_interruptibly(self, abort: Optional[AbortToken]) -> str:
        """The same, from the main thread, where a signal handler may raise.

        Python runs its signal handlers on the main thread, and not while that is in native code.
        So another thread makes the call, and this one waits where a handler can interrupt it. If
        it raises, the call is aborted, and the exception goes on when the call has ended.
        """
        with own_token(abort) as token:
            claim, done = threading.Lock(), threading.Lock()
            done.acquire()
            texts: List[str] = []

            def work() -> None:
                try:
                    if claim.acquire(False):
                        texts.append(self.run(token))
                finally:
                    done.release()

            context = contextvars.copy_context()
            thread = threading.Thread(
                target=context.run, args=(work,), name="flexcancel-call", daemon=True
            )
            try:
                try:
                    thread.start()
                except RuntimeError:
                    # No thread can be started, as at the interpreter's end.
                    if claim.acquire(False):
                        return self.run(token)
                done.acquire()
            except BaseException as interruption:
                token.trigger()
                # Whoever has the claim makes the call: from here on, nobody else can.
                if not claim.acquire(False):
                    _wait(done)
                if not texts:
                    raise
                cancellation = Cancellation.from_json(texts[0])
                raise interruption from InterruptedCallError(cancellation)
            return texts[0]


def has_signal_handler() -> bool:
    """Whether Ctrl-C runs Python code on this thread."""
    is_main = threading.get_ident() == threading.main_thread().ident
    return is_main and callable(signal.getsignal(signal.SIGINT))


def _wait(done: Any) -> None:
    """Waits for a call that was aborted, which is soon; a second Ctrl-C does not leave it alone."""
    while True:
        try:
            done.acquire()
            return
        except BaseException:
            continue
