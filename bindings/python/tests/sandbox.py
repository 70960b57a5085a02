"""The sandbox: a stand-in for Flex on loopback that knows the truth."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from typing import Any

#: The API key of the tests. Nothing that they or the package print may hold it.
KEY = "fsk_test_hunter2"

#: For as many requests as come.
ALWAYS = 4_294_967_295


class Sandbox:
    """A running ``flex-sandbox``, which the driver names in ``FLEX_SANDBOX``."""

    def __init__(self, *options: str) -> None:
        program = os.environ.get("FLEX_SANDBOX")
        assert program, "FLEX_SANDBOX is not set: cargo test --test python sets it"
        self._process = subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def create(self, **fields: object) -> str:
        session = self.ask("POST", "/__sandbox/sessions", fields)
        return str(session["checkout_session_id"])

    def held(self, **fields: object) -> str:
        """A session whose money is held."""
        return self.create(paid=True, **fields)

    def truth(self, session_id: str) -> Any:
        return self.ask("GET", f"/__sandbox/sessions/{session_id}")

    def hold(self, session_id: str) -> str:
        return str(self.truth(session_id)["hold"])

    def capture(self, session_id: str) -> None:
        self.ask("POST", f"/__sandbox/sessions/{session_id}/capture")

    def fault(self, name: str, **fields: object) -> None:
        self.ask("POST", "/__sandbox/faults", {"fault": name, **fields})

    def stall(self) -> None:
        """No request is answered from here on, and none has an effect."""
        self.fault("drop_answer", how="stall", times=ALWAYS, apply=False)

    def requests(self) -> list[Any]:
        found = self.ask("GET", "/__sandbox/requests")
        return list(found["requests"] if isinstance(found, dict) else found)

    def wait_for_requests(self, count: int) -> None:
        """Returns when so many requests have come."""
        until = time.monotonic() + 30
        while len(self.requests()) < count:
            assert time.monotonic() < until, f"expected {count} requests: {self.requests()}"
            time.sleep(0.002)
