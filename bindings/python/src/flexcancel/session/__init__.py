"""The typed view of a Flex checkout session, with its fields that are not documented.

A documented field is ``None`` where Flex omits it or sends null. Amounts are integers in cents. A
field that Flex adds later is in ``other``; a value that Flex adds later to a list of values becomes
a member that is not documented. Reading a field of another type than the documented one raises a
``SessionFieldError`` that names it. Times are as Flex writes them: the session's in seconds since
1970, a payment intent's as ISO 8601 text.
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
