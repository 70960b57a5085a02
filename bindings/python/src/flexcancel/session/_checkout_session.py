"""The checkout session itself: the documented fields, in the order of Flex's page."""

from __future__ import annotations

from ._parts import (
    CustomText,
    Defaults,
    Fee,
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
from ._record import (
    Field,
    Record,
    boolean,
    expandable,
    integer,
    list_of,
    mapping,
    record,
    text,
    word,
)
from ._values import CaptureMethod, SessionMode, SessionStatus


class CheckoutSession(Record):
    """A Flex checkout session, as every operation on one returns it.

    Source: Flex API reference, "Cancel Auth Checkout Session".
    """

    __slots__ = ()

    allow_promotion_codes = Field(boolean, "Whether the shopper may enter promotion codes.")
    amount_total = Field(integer, "What is to be paid in all, in cents.")
    amount_subtotal = Field(integer, "The amount before the parts in ``total_details``, in cents.")
    amount_received = Field(integer, "What was received, in cents.")
    amount_refunded = Field(integer, "What was refunded, in cents.")
    amount_disputed = Field(integer, "What is disputed, in cents.")
    cancel_url = Field(
        text,
        "The page the shopper returns to on giving up; nothing to do with canceling a hold.",
    )
    captures = Field(list_of(expandable(OpenObject)), "The captures made.")
    disputes = Field(list_of(expandable(OpenObject)), "The disputes raised.")
    capture_method = Field(
        word(CaptureMethod),
        "Whether an authorization is captured by itself or on request.",
    )
    checkout_session_id = Field(text, "The session's id, in the case it came in.")
    client_reference_id = Field(text, "The seller's own reference.")
    created_at = Field(
        integer,
        "When it was created: an integer on the page, presumably Unix seconds.",
    )
    customer = Field(expandable(OpenObject), "The customer.")
    defaults = Field(record(Defaults), "The shopper's details given to the session.")
    expires_at = Field(integer, "When it expires: an integer on the page, presumably Unix seconds.")
    invoice = Field(
        expandable(OpenObject),
        "The invoice. Not known to be expandable, but an id: so an object is read too.",
    )
    hsa_fsa_eligible = Field(boolean, "Whether HSA/FSA money may pay for it.")
    letter_of_medical_necessity_required = Field(
        boolean,
        "Whether a letter of medical necessity is required.",
    )
    metadata = Field(mapping, "The seller's own data.")
    mode = Field(word(SessionMode), "What the session is for.")
    origin = Field(text, "Where it was made; the page shows ``shopify``.")
    payment_intent = Field(expandable(PaymentIntent), "The payment intent: the hold on the card.")
    payment_intents = Field(
        list_of(expandable(PaymentIntent)),
        "The payment intents, where there are several.",
    )
    redirect_url = Field(text, "The hosted page to send the shopper to.")
    refunds = Field(list_of(expandable(OpenObject)), "The refunds made.")
    setup_intent = Field(expandable(OpenObject), "The setup intent.")
    shipping_options = Field(record(ShippingOptions), "The shipping rate.")
    shipping_address_collection = Field(
        boolean,
        "Whether the shopper is asked for a shipping address.",
    )
    shipping_details = Field(record(ShippingDetails), "The address the order is shipped to.")
    split_cart = Field(text, "The page shows a string and no values.")
    status = Field(word(SessionStatus), "Where the session stands.")
    success_url = Field(text, "The page the shopper returns to after paying.")
    fees = Field(list_of(record(Fee)), "The fees.")
    custom_text = Field(record(CustomText), "The seller's own words on the checkout page.")
    subscription = Field(expandable(OpenObject), "The subscription.")
    subscription_data = Field(
        record(SubscriptionData),
        "What was asked for the subscription the session starts.",
    )
    tax_rate = Field(record(TaxRate), "The tax.")
    tax_calculation_mode = Field(text, "How tax and prices relate; the page shows ``exclusive``.")
    test_mode = Field(
        boolean,
        "Whether it belongs to test mode: a key of the other mode cannot reach it.",
    )
    total_details = Field(record(TotalDetails), "The parts of the total.")
    visit_type = Field(text, "The kind of consultation; the page shows ``cbtSleep``.")
    setup_future_use = Field(
        text,
        "Later use of the payment method; the page shows ``on_session``.",
    )
    payment_method_options = Field(
        record(PaymentMethodOptions),
        "Options of the payment, by kind of payment method.",
    )
    next_action = Field(record(NextAction), "What has to be done before the session can go on.")
    partner = Field(text, "The page shows a string and no values.")
    platform_fees = Field(record(PlatformFees), "What the platform charges.")
