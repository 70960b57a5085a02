"""Says why a run has no results: Flex is away, or refuses all that is sent."""

from __future__ import annotations

import logging
import time
from typing import Callable

from ._events import logger

#: In seconds: without a result, and between two lines.
_PATIENCE = 3.0
_INTERVAL = 10.0


class Waiting(logging.Handler):
    """Passes on the newest failure of a run from which nothing has come for a while.

    Within ``with`` it is a handler of the package's logger. A thread of the library calls it.
    """

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell
        self._clock = clock
        self._since = clock()
        self._next = self._since + _PATIENCE

    def has_result(self) -> None:
        """A result has come."""
        self._since = self._clock()
        self._next = self._since + _PATIENCE

    def emit(self, record: logging.LogRecord) -> None:
        """Tells it, if it is time."""
        now = self._clock()
        if now >= self._next:
            self._next = now + _INTERVAL
            self._tell(f"no result for {now - self._since:.0f} s: {record.getMessage()}")

    def __enter__(self) -> Waiting:
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger.removeHandler(self)
