"""http.client and json of the standard library: one connection for each thread."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from urllib.parse import urlsplit

from contender import Contender, Lane, expect_open, serve


class Settings:
    """Where to, and whom to trust."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port
        self.tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None


class Connection(Lane):
    """One connection."""

    def __init__(self, settings: Settings, key: str, session_id: str) -> None:
        self.path = f"/v1/checkout/sessions/{session_id}/cancel"
        self.key = key
        if settings.tls is None:
            self.connection = http.client.HTTPConnection(settings.host, settings.port, timeout=15)
        else:
            self.connection = http.client.HTTPSConnection(
                settings.host, settings.port, timeout=15, context=settings.tls
            )

    def call(self) -> None:
        """Cancels once."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        self.connection.request("POST", self.path, headers=headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise ValueError(f"HTTP {response.status}")
        expect_open(answer["checkout_session"]["status"])

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()


class HttpClient(Contender):
    """The standard library."""

    def client(self, url: str, ca_file: str | None) -> Settings:
        """Makes the settings."""
        return Settings(url, ca_file)

    def lane(self, client: Settings) -> Lane:
        """Makes a connection."""
        return Connection(client, self.key, self.session_id)


if __name__ == "__main__":
    serve(HttpClient)
