"""Ends calls early, from any thread."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import Iterator, Optional, Set

from ._arguments import instance
from ._errors import FlexcancelError
from ._library import native
from ._not_copied import NotCopied


class AbortToken(NotCopied):
    """Ends every call that it is given to, now and later.

    One token may serve many calls. Thread-safe; a signal handler may trigger it. It stays
    triggered, and cannot be pickled or copied. A cancel aborted before its request was handed to
    the network sends nothing and is ``not_applied``; after that, its outcome is what is known.
    """

    __slots__ = ("__weakref__", "_free", "_handle", "_linked", "_triggered")

    def __init__(self) -> None:
        self._handle: int = native.abort_new() or 0
        if self._handle == 0:
            raise FlexcancelError("no abort token can be made: every handle is in use")
        # At the interpreter's end there is nothing to free, and calls may still be aborted.
        self._free = weakref.finalize(self, native.abort_free, self._handle)
        self._free.atexit = False
        self._triggered = False
        self._linked: Set[AbortToken] = set()

    def trigger(self) -> None:
        """Ends the calls. Triggering again has no effect.

        A call that completes at the same moment may return its result nevertheless.
        """
        # Without a lock, which a forked child could find held for good. Each step is atomic, and
        # this order is the opposite of that in _link: a token is in the list, or sees the flag.
        self._triggered = True
        linked = list(self._linked)
        native.abort_trigger(self._handle)
        for token in linked:
            token.trigger()

    @property
    def is_triggered(self) -> bool:
        """Whether it was triggered."""
        return self._triggered

    def _link(self, token: AbortToken) -> None:
        self._linked.add(token)
        if self._triggered:
            token.trigger()

    def _unlink(self, token: AbortToken) -> None:
        self._linked.discard(token)


def check_token(abort: object) -> None:
    """Raises a ``TypeError`` for what cannot end a call. To be called before the call is made."""
    if abort is not None:
        instance("abort", abort, AbortToken)


@contextmanager
def own_token(parent: Optional[AbortToken]) -> Iterator[AbortToken]:
    """A token of one call. The caller's token triggers it, but not the other way round."""
    token = AbortToken()
    try:
        if parent is not None:
            parent._link(token)
        yield token
    finally:
        if parent is not None:
            parent._unlink(token)
        # Not left to the garbage collector, where Python loses what a signal handler raises.
        token._free()
