"""The fields whose values Flex lists. A value that is not listed is kept as it came."""

from __future__ import annotations

from .._enums import OpenEnum


class SessionStatus(OpenEnum):
    """Where a checkout session stands.

    What a cancel makes of it is not documented: the page's own answer to a cancel shows `open`.

    """

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    CANCELED = "canceled"
    """Not on the page, implied by the error code `checkout_session_canceled`."""


class CaptureMethod(OpenEnum):
    """Whether an authorization is captured by itself or on request."""

    AUTOMATIC = "automatic"
    """Captured without a further call."""
    MANUAL = "manual"
    """Held until it is captured or canceled."""


class SessionMode(OpenEnum):
    """What a checkout session is for."""

    PAYMENT = "payment"
    SUBSCRIPTION = "subscription"
    SETUP = "setup"
    OFF_SESSION = "off_session"
    REIMBURSEMENT = "reimbursement"


class PaymentIntentStatus(OpenEnum):
    """Where a payment intent stands. Source: other public pages of the Flex documentation."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    """A hold that can be captured or canceled. Known by analogy only."""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
