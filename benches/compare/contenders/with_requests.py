"""requests: one session for each thread, as it does not promise that threads may share one."""

from __future__ import annotations

import uuid

import requests
from contender import Contender, Lane, expect_open, serve


class SessionLane(Lane):
    """One session."""

    def __init__(self, url: str, session: requests.Session, key: str) -> None:
        self.url = url
        self.session = session
        session.headers["Authorization"] = f"Bearer {key}"

    def call(self) -> None:
        """Cancels once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response = self.session.post(self.url, headers=headers, timeout=15)
        response.raise_for_status()
        expect_open(response.json()["checkout_session"]["status"])

    def close(self) -> None:
        """Closes its connections."""
        self.session.close()


class Requests(Contender):
    """requests."""

    def client(self, url: str, ca_file: str | None) -> tuple[str, str | None]:
        """Names what each thread's session needs."""
        # The first client is one that could call.
        self.session(ca_file).close()
        return f"{url}/v1/checkout/sessions/{self.session_id}/cancel", ca_file

    def session(self, ca_file: str | None) -> requests.Session:
        """Makes a session."""
        session = requests.Session()
        if ca_file is not None:
            session.verify = ca_file
        return session

    def lane(self, client: tuple[str, str | None]) -> Lane:
        """Makes a session of the thread's own."""
        url, ca_file = client
        return SessionLane(url, self.session(ca_file), self.key)


if __name__ == "__main__":
    serve(Requests)
