"""requests.post, as its quickstart has it: a session and a connection for each call."""

from __future__ import annotations

import uuid

import requests
from contender import Contender, Lane, expect_open, serve


class Post(Lane):
    """Nothing is kept."""

    def __init__(self, url: str, ca_file: str | None, key: str) -> None:
        self.url = url
        self.verify = True if ca_file is None else ca_file
        self.key = key

    def call(self) -> None:
        """Cancels once."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        response = requests.post(self.url, headers=headers, verify=self.verify, timeout=15)
        response.raise_for_status()
        expect_open(response.json()["checkout_session"]["status"])


class RequestsPost(Contender):
    """requests without a session of the program's own."""

    def client(self, url: str, ca_file: str | None) -> tuple[str, str | None]:
        """Names what each call needs."""
        return f"{url}/v1/checkout/sessions/{self.session_id}/cancel", ca_file

    def lane(self, client: tuple[str, str | None]) -> Lane:
        """Makes nothing but the lane."""
        return Post(*client, self.key)


if __name__ == "__main__":
    serve(RequestsPost)
