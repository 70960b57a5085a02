"""flexcancel from Python: one client for all threads, and the session parsed."""

from __future__ import annotations

import flexcancel
from contender import Contender, Lane, expect_open, serve


class Shared(Lane):
    """The client that all threads share."""

    def __init__(self, client: flexcancel.Client, session_id: str) -> None:
        self.client = client
        self.session_id = session_id

    def call(self) -> None:
        """Cancels once."""
        session = self.client.cancel(self.session_id).session
        if session is None:
            raise ValueError("expected a session")
        expect_open(session.status)


class Flexcancel(Contender):
    """flexcancel."""

    def client(self, url: str, ca_file: str | None) -> flexcancel.Client:
        """Makes the client."""
        return flexcancel.Client(self.key, base_url=url, ca_file=ca_file)

    def lane(self, client: flexcancel.Client) -> Lane:
        """Shares the client."""
        return Shared(client, self.session_id)

    def close(self, client: flexcancel.Client) -> None:
        """Closes its connections."""
        client.close()


if __name__ == "__main__":
    serve(Flexcancel)
