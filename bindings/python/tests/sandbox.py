"""The sandbox of the package, and what only these tests ask of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flexcancel import testing
from flexcancel.testing import ALWAYS

__all__ = ["ALWAYS", "KEY", "Sandbox"]

#: The API key of the tests. Nothing that they or the package print may hold it.
KEY = "fsk_test_hunter2"


class Sandbox(testing.Sandbox):
    """A running ``flex-sandbox``, which the driver names in ``FLEX_SANDBOX``."""

    def stall(self) -> None:
        """No request is answered from here on, and none has an effect."""
        self.fault("drop_answer", how="stall", times=ALWAYS, apply=False)

    @contextmanager
    def refusing(self, status: int, code: str) -> Iterator[None]:
        """Every request is refused meanwhile, as Flex refuses."""
        body = json.dumps({"error": {"code": code, "message": "Refused."}})
        self.fault("status", times=ALWAYS, status=status, headers=[], body=body)
        yield
        self.clear_faults()

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Cancels take effect and are not answered meanwhile, and nothing can be read back."""
        self.fault("drop_answer", times=ALWAYS, how="rst", operation="cancel")
        self.fault("status", times=ALWAYS, status=503, headers=[], body="", operation="retrieve")
        yield
        self.clear_faults()

    def wait_for_requests(self, count: int) -> None:
        """Returns when so many requests have come."""
        until = time.monotonic() + 30
        while len(self.requests()) < count:
            assert time.monotonic() < until, f"expected {count} requests: {self.requests()}"
            time.sleep(0.002)
