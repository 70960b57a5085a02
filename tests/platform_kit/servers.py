"""The servers that programs of other systems talk to. They are of this machine."""

import json
import socket
import subprocess
import threading
import urllib.request
from typing import Any

from platform_kit.systems import ROOT


class Sandbox:
    """The sandbox, a program of this machine."""

    def __init__(self, *arguments: str):
        program = ROOT / "target" / "debug" / "flex-sandbox"
        self.process = subprocess.Popen(
            [program, *arguments], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/__sandbox/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"{}")

    def held(self) -> str:
        """A session whose money is held."""
        return str(self.ask("POST", "sessions", {"paid": True})["checkout_session_id"])

    def truth(self, session: str) -> Any:
        return self.ask("GET", f"sessions/{session}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class Silent:
    """A server that goes so far and no further."""

    def __init__(self, words: bytes = b""):
        self.words = words
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.hold, args=[connection], daemon=True).start()

    def hold(self, connection: socket.socket) -> None:
        try:
            while connection.recv(65536):
                if self.words:
                    connection.sendall(self.words)
        except OSError:
            pass
        connection.close()


class Full:
    """A server whose queue is full: what connects now gets no response."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.queued = socket.create_connection(("127.0.0.1", self.port))
