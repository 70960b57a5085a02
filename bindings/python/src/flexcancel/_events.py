"""Passes the events of the native library on to the logger ``flexcancel``."""

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

logger = logging.getLogger("flexcancel")
_root = logging.getLogger()

_SEVERITIES = {2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}

_NO_CALLBACK = _library.LogCallback()

#: How long the interpreter's end waits for calls that it has aborted.
_MOST_WAIT_AT_EXIT = 5.0


def wanted() -> bool:
    """Whether anybody listens. If not, events are not even made."""
    # As hasHandlers, whose loop each call would pay for: there is only the root above.
    handlers = logger.handlers or (logger.propagate and _root.handlers)
    return bool(handlers) and logger.isEnabledFor(logging.WARNING)


def subscribe(client: int, on: bool) -> None:
    """Has the events of a client logged, or not."""
    _library.client_set_log(client, _on_event if on else _NO_CALLBACK, None)


def _pass_on(_user_data: Optional[int], level: int, event: int, length: int) -> None:
    try:
        severity = _SEVERITIES.get(level, logging.WARNING)
        if logger.isEnabledFor(severity):
            _log(severity, ctypes.string_at(event, length).decode())
    except Exception:
        # As logging's own handlers do. Nothing may reach the native caller.
        if logging.raiseExceptions:
            traceback.print_exc()


# It lives as long as the process: a call in flight keeps the callback that it began with.
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
    """Sees to it that a daemon thread's call does not outlive the interpreter.

    A callback into an interpreter that is gone ends its thread within native code, which would
    take the whole process down.
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
        _changed.wait_for(lambda: not _in_flight, _MOST_WAIT_AT_EXIT)
