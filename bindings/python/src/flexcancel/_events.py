"""Passes the events of the native library to the logger ``flexcancel``."""

from __future__ import annotations

import atexit
import ctypes
import json
import logging
import threading
import traceback
from contextlib import contextmanager
from typing import Iterator, Optional, Set

from . import _library
from ._abort import AbortToken, own_token
from ._library import native

logger = logging.getLogger("flexcancel")
_root = logging.getLogger()

_SEVERITIES = {2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}

_NO_CALLBACK = _library.LogCallback()

#: How many seconds the interpreter's end waits for the calls that it aborts.
_MAX_WAIT_AT_EXIT = 5.0


def wanted() -> bool:
    """Whether the logger has a handler. If not, no events are made."""
    # As hasHandlers, without its loop, which would slow down each call: only the root is above.
    handlers = logger.handlers or (logger.propagate and _root.handlers)
    return bool(handlers) and logger.isEnabledFor(logging.WARNING)


def subscribe(client: int, on: bool) -> None:
    """Starts or stops the log events of a client."""
    native.client_set_log(client, _on_event if on else _NO_CALLBACK, None)


def _pass_on(_user_data: Optional[int], level: int, event: int, length: int) -> None:
    try:
        severity = _SEVERITIES.get(level, logging.WARNING)
        if logger.isEnabledFor(severity):
            _log(severity, ctypes.string_at(event, length).decode())
    except Exception:
        # As logging's own handlers do. Nothing may reach the native caller.
        if logging.raiseExceptions:
            traceback.print_exc()


# Never freed: a call in flight keeps the callback that it started with.
_on_event = _library.LogCallback(_pass_on)


def _log(severity: int, text: str) -> None:
    event = json.loads(text)
    if event["event"] == "attempt":
        what = f"{event['operation']} attempt: {event['phase']}, {event['code']}"
    elif event["event"] == "warm_up":
        what = event["code"]
    else:
        what = f"{event['outcome']}/{event['code']}, hold {event['hold']}"
    logger.log(
        severity, "%s: %s: %s", event.get("session_id", "warm-up"), what, event["message"],
        extra={"flexcancel": event},
    )  # fmt: skip


_in_flight: Set[AbortToken] = set()
_changed = threading.Condition()


@contextmanager
def ended_at_exit(abort: Optional[AbortToken]) -> Iterator[AbortToken]:
    """Aborts a daemon thread's call when the interpreter ends.

    A callback into an interpreter that has ended would end its thread within native code, and with
    it the process.
    """
    with own_token(abort) as token:
        with _changed:
            _in_flight.add(token)
        try:
            yield token
        finally:
            with _changed:
                _in_flight.discard(token)
                _changed.notify_all()


@atexit.register
def _end_calls() -> None:
    for token in list(_in_flight):
        token.trigger()
    with _changed:
        _changed.wait_for(lambda: not _in_flight, _MAX_WAIT_AT_EXIT)
