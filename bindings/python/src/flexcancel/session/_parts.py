"""What a checkout session is made of. All amounts are cents of USD."""

from __future__ import annotations

from typing import Optional

from ._record import Field, Record, anything, boolean, integer, list_of, record, text, word
from ._values import CaptureMethod, PaymentIntentStatus


class OpenObject(Record):
    """An object whose fields are not documented: all of them are in ``other``."""

    __slots__ = ()


class PaymentIntent(Record):
    """A payment intent, as it comes when expanded: the hold on the card, and what became of it.

    Source: other public pages of the Flex documentation; the page of the cancel shows ids only.
    """

    __slots__ = ()

    payment_intent_id = Field(text, "Its id.")
    amount = Field(integer, "What is to be paid, in cents.")
    amount_capturable = Field(integer, "What is held and can still be captured, in cents.")
    amount_received = Field(integer, "What was captured, in cents.")
    status = Field(
        word(PaymentIntentStatus),
        "Where it stands: better evidence of the hold than the session's ``status``.",
    )
    capture_method = Field(word(CaptureMethod), "Whether it is captured by itself or on request.")
    created_at = Field(
        text,
        "When it was created: an ISO 8601 string, unlike the session's own ``created_at``.",
    )
    test_mode = Field(boolean, "Whether it belongs to test mode.")

    @property
    def id(self) -> Optional[str]:
        """Its id."""
        return self.payment_intent_id


class PaymentMethodOptions(Record):
    """Options of the payment, by kind of payment method."""

    __slots__ = ()

    card = Field(record(OpenObject), "Options of a card; the page shows an empty object.")


class NextAction(Record):
    """What has to be done before the session can go on."""

    __slots__ = ()

    type = Field(text, "Which action; the page shows ``collect_letter_of_medical_necessity``.")
    collect_letter_of_medical_necessity = Field(
        record(OpenObject),
        "Details of that action; the page shows an empty object.",
    )


class SubscriptionData(Record):
    """What was asked for the subscription the session starts."""

    __slots__ = ()

    cancel_at = Field(text, "When the subscription ends; the page shows ``2024-01-01T00:00:00Z``.")
    trial_end = Field(
        text,
        "When the trial ends; the page shows a string and not which form it has.",
    )
    cancel_at_period_end = Field(boolean, "Whether the subscription ends with its current period.")
    trial_period_days = Field(integer, "Length of the trial in days.")


class Defaults(Record):
    """The shopper's details given to the session."""

    __slots__ = ()

    customer_id = Field(text, "The customer's id.")
    email = Field(text, "E-mail address.")
    first_name = Field(text, "First name.")
    last_name = Field(text, "Last name.")
    phone = Field(text, "Phone number; the page shows ``+15555555555``.")


class ShippingOptions(Record):
    """The shipping rate of the session."""

    __slots__ = ()

    shipping_rate_id = Field(text, "The rate's id.")
    shipping_amount = Field(integer, "What shipping costs, in cents.")
    display_name = Field(text, "The rate's name as the shopper sees it.")


class ShippingDetails(Record):
    """The address the order is shipped to."""

    __slots__ = ()

    shipping_address_id = Field(text, "The address's id.")
    line1 = Field(text, "First line: street and number.")
    line2 = Field(text, "Second line, such as a suite.")
    city = Field(text, "City.")
    state = Field(text, "State; the page shows ``CA``.")
    postal_code = Field(text, "Postal code: a string, for it may begin with a zero.")
    country = Field(text, "Country; the page shows ``US``.")


class CustomTextMessage(Record):
    """One text."""

    __slots__ = ()

    message = Field(text, "The text.")


class CustomText(Record):
    """The seller's own words on the checkout page, by place."""

    __slots__ = ()

    after_submit = Field(record(CustomTextMessage), "After the submit button.")
    shipping_address = Field(record(CustomTextMessage), "Beside the shipping address.")
    submit = Field(record(CustomTextMessage), "Beside the submit button.")
    terms_of_service_acceptance = Field(
        record(CustomTextMessage),
        "In place of the usual words on accepting the terms of service.",
    )
    payment = Field(record(CustomTextMessage), "Beside the payment.")


class Fee(Record):
    """One fee on the session."""

    __slots__ = ()

    fee_id = Field(text, "The fee's id; the page shows ``ffee_1234567890``.")
    amount = Field(integer, "The fee, in cents.")
    name = Field(text, "Name.")
    description = Field(text, "Description.")
    fee_type = Field(text, "What it is for; the page shows ``lmn_consultation``.")
    applied = Field(boolean, "Whether it was applied.")


class TaxRate(Record):
    """The tax on the session."""

    __slots__ = ()

    amount = Field(integer, "The tax, in cents.")


class Breakdown(Record):
    """The amounts of the total one by one."""

    __slots__ = ()

    discounts = Field(
        list_of(anything),
        "Discounts; the page shows an empty list, so an entry may be anything.",
    )


class TotalDetails(Record):
    """The parts of the total, each in cents."""

    __slots__ = ()

    amount_discount = Field(integer, "Discounts.")
    amount_tax = Field(integer, "Tax.")
    amount_shipping = Field(integer, "Shipping.")
    amount_iias = Field(
        integer,
        "What counts as eligible in IIAS, the inventory system of HSA/FSA cards.",
    )
    amount_vision = Field(integer, "Vision care.")
    amount_prescription = Field(integer, "Prescriptions.")
    amount_service = Field(integer, "Services.")
    amount_fee = Field(integer, "Fees.")
    breakdown = Field(record(Breakdown), "The amounts one by one.")


class LetterFee(Record):
    """The fee for a letter of medical necessity."""

    __slots__ = ()

    amount = Field(integer, "The fee, in cents.")
    type = Field(text, "Its kind; the page shows a string and no values.")


class PlatformFees(Record):
    """What the platform charges."""

    __slots__ = ()

    letter_fee = Field(record(LetterFee), "The fee for a letter of medical necessity.")
