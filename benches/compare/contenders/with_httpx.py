"""httpx: one client for all threads."""

from __future__ import annotations

import ssl
import uuid

import httpx
from contender import Contender, Lane, expect_open, serve


class Shared(Lane):
    """The client that all threads share."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self.client = client
        self.path = path

    def call(self) -> None:
        """Cancels once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response = self.client.post(self.path, headers=headers)
        response.raise_for_status()
        expect_open(response.json()["checkout_session"]["status"])


class Httpx(Contender):
    """httpx."""

    def client(self, url: str, ca_file: str | None) -> httpx.Client:
        """Makes the client."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if ca_file is None and url.startswith("https:"):
            return httpx.Client(base_url=url, headers=headers, timeout=15)
        # By default it reads its roots, for 20 ms or more, also where no TLS is wanted.
        trusted = False if ca_file is None else ssl.create_default_context(cafile=ca_file)
        return httpx.Client(base_url=url, headers=headers, timeout=15, verify=trusted)

    def lane(self, client: httpx.Client) -> Lane:
        """Shares the client."""
        return Shared(client, f"/v1/checkout/sessions/{self.session_id}/cancel")

    def close(self, client: httpx.Client) -> None:
        """Closes its connections."""
        client.close()


if __name__ == "__main__":
    serve(Httpx)
