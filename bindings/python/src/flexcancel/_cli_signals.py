"""The signals that end the command line. Only its own program sets handlers; the library never."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List

from ._abort import AbortToken


class Terminated(KeyboardInterrupt):
    """SIGTERM. It ends whatever runs as Ctrl-C does."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises ``Terminated`` meanwhile, unless the caller of the program has it ignored."""
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        # The command is about to end, and a second one would cost what it has to say. ``timeout``
        # sends two: to the command, and to its process group.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def aborting(abort: AbortToken) -> Iterator[List[int]]:
    """The first signal ends a run in order, so that no result is lost. Yields what has come.

    A second Ctrl-C raises, a second SIGTERM changes nothing. A signal that is ignored stays so.
    """
    come: List[int] = []
    kept: Dict[signal.Signals, Any] = {}

    def end(number: int, _: object) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, kept[signal.SIGINT])
        come.append(number)
        abort.trigger()

    for one in (signal.SIGINT, signal.SIGTERM) if _is_main_thread() else ():
        if callable(signal.getsignal(one)):
            kept[one] = signal.getsignal(one)
            signal.signal(one, end)
    try:
        yield come
    finally:
        for one, handler in kept.items():
            if one not in come:
                signal.signal(one, handler)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
