"""For tests of programs that use Flex: a sandbox on this machine that knows the truth.

>>> from flexcancel.testing import Sandbox                            # doctest: +SKIP
>>> with Sandbox() as sandbox, sandbox.client() as client:            # doctest: +SKIP
...     session_id = sandbox.held()
...     client.cancel(session_id)
...     assert sandbox.hold(session_id) == "released"

``docs/TESTING.md`` shows how. No money moves, and nothing leaves this machine.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, TypeVar

from ._arguments import PathLike
from ._client import Client
from ._errors import FlexcancelError

__all__ = ["ALWAYS", "TEST_KEY", "Sandbox", "SandboxError"]

TEST_KEY = "fsk_test_sandbox"
"""An API key that the sandbox takes, unless its options name others."""

ALWAYS = 4_294_967_295
"""As ``times`` of a fault: for as many requests as come."""

S = TypeVar("S", bound="Sandbox")

_PROGRAM = "flex-sandbox"
_PROGRAM_ENV = "FLEX_SANDBOX"
#: Where pip puts it, which is not on PATH when Python was started by its path.
_INSTALLED = sysconfig.get_path("scripts")

#: The fields of a new session, as the sandbox's help lists them.
_FIELDS = (
    "amount_total",
    "capture_method",
    "client_reference_id",
    "success_url",
    "cancel_url",
    "metadata",
    "test_mode",
    "paid",
)

#: The timeout of a request to the sandbox that has no wait of its own, in seconds.
_TIMEOUT = 30


class SandboxError(FlexcancelError):
    """The sandbox cannot be started, has ended, or refuses what it is asked to do."""


class Sandbox:
    """A running ``flex-sandbox``: a stand-in for Flex, at ``url``.

    ``options`` are those of its command line, such as ``"--rate-limit", "40"``; ``flex-sandbox
    --help`` lists them. With ``tls`` it speaks HTTPS, and ``ca_file`` is the path of the authority
    to trust. ``program`` is the path of ``flex-sandbox``; left out, it is what the variable
    ``FLEX_SANDBOX`` names, or what is on ``PATH``, or what pip has installed
    (``flexcancel[test]``).

    Use it as a context manager, or ``close`` it; it ends at the latest with the process that
    started it. Thread-safe, but for ``close`` and ``outage``.

    Raises ``SandboxError`` if it cannot be started.
    """

    url: str
    """Where it listens: the ``base_url`` of a client."""

    ca_file: Optional[str]
    """With ``tls``: the path of the authority's certificate. Else ``None``."""

    def __init__(
        self, *options: str, tls: bool = False, program: Optional[PathLike] = None
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="flex-sandbox-")
        self.ca_file = str(Path(self._scratch.name, "ca.pem")) if tls else None
        if self.ca_file is not None:
            options = ("--tls", "--ca-out", self.ca_file, *options)
        try:
            self._start([_found(program), *options])
        except BaseException:
            self._scratch.cleanup()
            raise

    def _start(self, command: List[str]) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    text=True,
                    # Ctrl-C on a terminal is for the test alone. The sandbox watches its parent.
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            except OSError as error:
                raise SandboxError(f"cannot start {command[0]}: {error}") from error
            assert self._process.stdout is not None
            words = self._process.stdout.readline().split()
            if words[:2] != ["listening", "on"]:
                self._end()
                complaints.seek(0)
                raise SandboxError(f"{command[0]} did not start: {complaints.read().strip()}")
        self.url = words[2]

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the sandbox. Closing again has no effect."""
        self._end()
        self._scratch.cleanup()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def client(self, api_key: str = TEST_KEY, **settings: Any) -> Client:
        """A client of this sandbox. ``settings`` are further arguments of ``Client``."""
        return Client(api_key, base_url=self.url, ca_file=self.ca_file, **settings)

    def create(self, **fields: Any) -> str:
        """A new session: its id. Nobody has paid yet.

        ``fields`` are those of the sandbox's help, such as ``amount_total`` (in cents, 4999),
        ``capture_method``, ``metadata``, ``test_mode`` and ``paid``. Raises ``SandboxError`` for
        another one.
        """
        for name in fields:
            if name not in _FIELDS:
                known = ", ".join(_FIELDS)
                raise SandboxError(f"{name}: no such field of a session; expected {known}")
        session = self.ask("POST", "/__sandbox/sessions", fields)
        return str(session["checkout_session_id"])

    def held(self, **fields: Any) -> str:
        """A new session that the shopper has paid, and whose money is held: its id."""
        return self.create(paid=True, **fields)

    def pay(self, session_id: str) -> None:
        """The shopper pays."""
        self.ask("POST", f"/__sandbox/sessions/{session_id}/pay")

    def capture(self, session_id: str) -> None:
        """Somebody else takes the money."""
        self.ask("POST", f"/__sandbox/sessions/{session_id}/capture")

    def expire(self, session_id: str) -> None:
        """The session lapses, or its hold does."""
        self.ask("POST", f"/__sandbox/sessions/{session_id}/expire")

    def ground_truth(self, session_id: str) -> Dict[str, Any]:
        """What is true of a session, whatever was answered.

        It has ``hold``, ``status``, ``cancels_received`` and more; the sandbox's help says all.
        """
        return dict(self.ask("GET", f"/__sandbox/sessions/{session_id}"))

    def hold(self, session_id: str) -> str:
        """What is true of a session's money: ``held``, ``released``, ``captured`` or ``none``."""
        return str(self.ground_truth(session_id)["hold"])

    def fault(self, name: str, **fields: Any) -> None:
        """Has something go wrong with the next request.

        ``fields`` are ``times`` (1; ``ALWAYS``), ``operation`` (``"cancel"`` or ``"retrieve"``;
        left out: both), ``apply`` (whether the request has its effect nevertheless) and those of
        the fault. The sandbox's help lists the faults. Raises ``SandboxError`` for an unknown one.
        """
        self.ask("POST", "/__sandbox/faults", {"fault": name, **fields})

    def clear_faults(self) -> None:
        """Lets nothing more go wrong."""
        self.ask("DELETE", "/__sandbox/faults")

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Within the context, the port is closed: connections are refused."""
        # Only the connection that closed it can open it again.
        line = self._connect()
        try:
            self._exchange(line, "POST", "/__sandbox/outage", {})
            try:
                yield
            finally:
                self._exchange(line, "DELETE", "/__sandbox/outage", {})
        finally:
            line.close()

    def requests(self) -> List[Dict[str, Any]]:
        """What has arrived at Flex's own routes. No API key is among it."""
        found = self.ask("GET", "/__sandbox/requests")
        return list(found["requests"] if isinstance(found, dict) else found)

    def ask(self, method: str, path: str, body: Optional[Any] = None) -> Any:
        """Asks a route of the sandbox's own, such as ``/__sandbox/counts``: the parsed answer."""
        line = self._connect()
        try:
            return self._exchange(line, method, path, body)
        finally:
            line.close()

    def _connect(self) -> http.client.HTTPConnection:
        # Without TLS, where the sandbox has it, too: so no fault befalls what is asked here.
        address = self.url.partition("://")[2]
        return http.client.HTTPConnection(address, timeout=_TIMEOUT)

    @staticmethod
    def _exchange(line: http.client.HTTPConnection, method: str, path: str, body: Any) -> Any:
        try:
            line.request(method, path, None if method == "GET" else json.dumps(body or {}))
            answer = line.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            problem = f"the sandbox does not answer; it is closed, or has ended: {error}"
            raise SandboxError(f"{method} {path}: {problem}") from error
        if answer.status // 100 != 2:
            raise SandboxError(f"{method} {path}: {answer.status}: {text.strip()}")
        return json.loads(text) if text else None


def _found(program: Optional[PathLike]) -> str:
    named = os.fspath(program) if program is not None else os.environ.get(_PROGRAM_ENV)
    found = named or shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path=_INSTALLED)
    if found is None:
        raise SandboxError(
            f"{_PROGRAM} is not on PATH: install flexcancel[test], or build it with cargo build "
            f"-p {_PROGRAM} and let {_PROGRAM_ENV} name it"
        )
    return os.fsdecode(found)
