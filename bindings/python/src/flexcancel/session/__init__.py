"""The typed view of a Flex checkout session: every documented field, and those that are not.

Every documented field is ``None`` where Flex omits it or sends null. Amounts are integers in cents.
A field that Flex adds later is in ``other``; a value that Flex adds later to a list of values
becomes a member of its own. A field of another type than the documented one raises a
``SessionFieldError`` that names it, when it is asked for.
"""

from ._checkout_session import CheckoutSession
from ._parts import (
    Breakdown,
    CustomText,
    CustomTextMessage,
    Defaults,
    Fee,
    LetterFee,
    NextAction,
    OpenObject,
    PaymentIntent,
    PaymentMethodOptions,
    PlatformFees,
    ShippingDetails,
    ShippingOptions,
    SubscriptionData,
    TaxRate,
    TotalDetails,
)
from ._record import Expandable, Record, SessionFieldError
from ._values import CaptureMethod, PaymentIntentStatus, SessionMode, SessionStatus

__all__ = [
    "Breakdown",
    "CaptureMethod",
    "CheckoutSession",
    "CustomText",
    "CustomTextMessage",
    "Defaults",
    "Expandable",
    "Fee",
    "LetterFee",
    "NextAction",
    "OpenObject",
    "PaymentIntent",
    "PaymentIntentStatus",
    "PaymentMethodOptions",
    "PlatformFees",
    "Record",
    "SessionFieldError",
    "SessionMode",
    "SessionStatus",
    "ShippingDetails",
    "ShippingOptions",
    "SubscriptionData",
    "TaxRate",
    "TotalDetails",
]
