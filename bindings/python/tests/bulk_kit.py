"""What the tests of bulk runs share."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from flexcancel import (
    BulkCancellation,
    BulkRun,
    BulkSummary,
)

from .sandbox import Sandbox

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"


def threads() -> list[str]:
    """The library's threads that the system has, too.

    Where a signal interrupts the start of a thread, Python lists one that is not there.
    """
    tasks = set(os.listdir("/proc/self/task"))
    running = (one for one in threading.enumerate() if str(one.native_id) in tasks)
    return [one.name for one in running if one.name.startswith("flexcancel")]


def cancels(sandbox: Sandbox) -> int:
    return int(sandbox.ask("GET", "/__sandbox/counts")["cancel"])


def ended(run: BulkRun[Any]) -> BulkSummary:
    assert run.summary is not None
    return run.summary


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)


def read(run: BulkRun[BulkCancellation], results: list[BulkCancellation]) -> None:
    """Reads a run to its end, or to its exception."""
    for result in run:
        results.append(result)
