"""The sandbox: a stand-in for Flex on loopback that knows the truth."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
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

    @contextmanager
    def outage(self) -> Iterator[None]:
        """The port is closed meanwhile."""
        # Only the connection that closed it can open it again.
        line = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        try:
            for method in ("POST", "DELETE"):
                line.request(method, "/__sandbox/outage", b"{}")
                answer = line.getresponse()
                answer.read()
                assert answer.status // 100 == 2
                if method == "POST":
                    yield
        finally:
            line.close()

    @contextmanager
    def refusing(self, status: int, code: str) -> Iterator[None]:
        """Every request is refused meanwhile, as Flex refuses."""
        body = json.dumps({"error": {"code": code, "message": "Refused."}})
        self.fault("status", times=ALWAYS, status=status, headers=[], body=body)
        yield
        self.ask("DELETE", "/__sandbox/faults")

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Cancels take effect and are not answered meanwhile, and nothing can be read back."""
        self.fault("drop_answer", times=ALWAYS, how="rst", operation="cancel")
        self.fault("status", times=ALWAYS, status=503, headers=[], body="", operation="retrieve")
        yield
        self.ask("DELETE", "/__sandbox/faults")

    def requests(self) -> list[Any]:
        found = self.ask("GET", "/__sandbox/requests")
        return list(found["requests"] if isinstance(found, dict) else found)

    def wait_for_requests(self, count: int) -> None:
        """Returns when so many requests have come."""
        until = time.monotonic() + 30
        while len(self.requests()) < count:
            assert time.monotonic() < until, f"expected {count} requests: {self.requests()}"
            time.sleep(0.002)
