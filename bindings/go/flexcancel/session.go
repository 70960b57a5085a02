//go:build cgo

package flexcancel

import "encoding/json"

// CheckoutSession is a Flex checkout session, as every operation on one returns it.
//
// What was absent or null is nil, or empty where it is a text. Written as JSON it is what came, but
// for fields that were null or an empty text: they are left out. [Result.RawSession] has all.
type CheckoutSession struct {
	// Whether the shopper may enter promotion codes.
	AllowPromotionCodes *bool `json:"allow_promotion_codes,omitempty"`
	// What is to be paid in all, in cents.
	AmountTotal *int64 `json:"amount_total,omitempty"`
	// The amount before the parts in "total_details", in cents.
	AmountSubtotal *int64 `json:"amount_subtotal,omitempty"`
	// What was received, in cents.
	AmountReceived *int64 `json:"amount_received,omitempty"`
	// What was refunded, in cents.
	AmountRefunded *int64 `json:"amount_refunded,omitempty"`
	// What is disputed, in cents.
	AmountDisputed *int64 `json:"amount_disputed,omitempty"`
	// The page the shopper returns to on giving up; nothing to do with canceling a hold.
	CancelURL string `json:"cancel_url,omitempty"`
	// The captures made.
	Captures []Expandable[OpenObject] `json:"captures,omitempty"`
	// The disputes raised.
	Disputes []Expandable[OpenObject] `json:"disputes,omitempty"`
	// Whether an authorization is captured by itself or on request.
	CaptureMethod CaptureMethod `json:"capture_method,omitempty"`
	// The session's id, in the case it came in.
	CheckoutSessionID string `json:"checkout_session_id,omitempty"`
	// The seller's own reference.
	ClientReferenceID string `json:"client_reference_id,omitempty"`
	// When it was created: an integer on the page, presumably Unix seconds.
	CreatedAt *int64 `json:"created_at,omitempty"`
	// The customer.
	Customer *Expandable[OpenObject] `json:"customer,omitempty"`
	// The shopper's details given to the session.
	Defaults *Defaults `json:"defaults,omitempty"`
	// When it expires: an integer on the page, presumably Unix seconds.
	ExpiresAt *int64 `json:"expires_at,omitempty"`
	// The invoice. Not known to be expandable, but an id: so an object is read too.
	Invoice *Expandable[OpenObject] `json:"invoice,omitempty"`
	// Whether HSA/FSA money may pay for it.
	HSAFSAEligible *bool `json:"hsa_fsa_eligible,omitempty"`
	// Whether a letter of medical necessity is required.
	LetterOfMedicalNecessityRequired *bool `json:"letter_of_medical_necessity_required,omitempty"`
	// The seller's own data.
	Metadata map[string]json.RawMessage `json:"metadata,omitempty"`
	// What the session is for.
	Mode SessionMode `json:"mode,omitempty"`
	// Where it was made; the page shows "shopify".
	Origin string `json:"origin,omitempty"`
	// The payment intent: the hold on the card.
	PaymentIntent *Expandable[PaymentIntent] `json:"payment_intent,omitempty"`
	// The payment intents, where there are several.
	PaymentIntents []Expandable[PaymentIntent] `json:"payment_intents,omitempty"`
	// The hosted page to send the shopper to.
	RedirectURL string `json:"redirect_url,omitempty"`
	// The refunds made.
	Refunds []Expandable[OpenObject] `json:"refunds,omitempty"`
	// The setup intent.
	SetupIntent *Expandable[OpenObject] `json:"setup_intent,omitempty"`
	// The shipping rate.
	ShippingOptions *ShippingOptions `json:"shipping_options,omitempty"`
	// Whether the shopper is asked for a shipping address.
	ShippingAddressCollection *bool `json:"shipping_address_collection,omitempty"`
	// The address the order is shipped to.
	ShippingDetails *ShippingDetails `json:"shipping_details,omitempty"`
	// The page shows a string and no values.
	SplitCart string `json:"split_cart,omitempty"`
	// Where the session stands.
	Status SessionStatus `json:"status,omitempty"`
	// The page the shopper returns to after paying.
	SuccessURL string `json:"success_url,omitempty"`
	// The fees.
	Fees []Fee `json:"fees,omitempty"`
	// The seller's own words on the checkout page.
	CustomText *CustomText `json:"custom_text,omitempty"`
	// The subscription.
	Subscription *Expandable[OpenObject] `json:"subscription,omitempty"`
	// What was asked for the subscription the session starts.
	SubscriptionData *SubscriptionData `json:"subscription_data,omitempty"`
	// The tax.
	TaxRate *TaxRate `json:"tax_rate,omitempty"`
	// How tax and prices relate; the page shows "exclusive".
	TaxCalculationMode string `json:"tax_calculation_mode,omitempty"`
	// Whether it belongs to test mode: a key of the other mode cannot reach it.
	TestMode *bool `json:"test_mode,omitempty"`
	// The parts of the total.
	TotalDetails *TotalDetails `json:"total_details,omitempty"`
	// The kind of consultation; the page shows "cbtSleep".
	VisitType string `json:"visit_type,omitempty"`
	// Later use of the payment method; the page shows "on_session".
	SetupFutureUse string `json:"setup_future_use,omitempty"`
	// Options of the payment, by kind of payment method.
	PaymentMethodOptions *PaymentMethodOptions `json:"payment_method_options,omitempty"`
	// What has to be done before the session can go on.
	NextAction *NextAction `json:"next_action,omitempty"`
	// The page shows a string and no values.
	Partner string `json:"partner,omitempty"`
	// What the platform charges.
	PlatformFees *PlatformFees `json:"platform_fees,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *CheckoutSession) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r CheckoutSession) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }
