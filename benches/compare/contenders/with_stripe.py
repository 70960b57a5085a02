"""stripe-python: the expiry of a checkout session, with one StripeClient for all threads."""

from __future__ import annotations

import stripe
from contender import Contender, Lane, expect_open, serve


class Shared(Lane):
    """The client that all threads share."""

    def __init__(self, client: stripe.StripeClient, session_id: str) -> None:
        self.client = client
        self.session_id = session_id

    def call(self) -> None:
        """Expires once. The library makes the idempotency key."""
        expect_open(self.client.v1.checkout.sessions.expire(self.session_id).status)


class Stripe(Contender):
    """stripe-python."""

    def client(self, url: str, ca_file: str | None) -> stripe.StripeClient:
        """Makes the client."""
        if ca_file is not None:
            stripe.ca_bundle_path = ca_file
        return stripe.StripeClient(self.key, base_addresses={"api": url})

    def lane(self, client: stripe.StripeClient) -> Lane:
        """Shares the client."""
        return Shared(client, self.session_id)


if __name__ == "__main__":
    serve(Stripe)
