//go:build cgo

package flexcancel

import "encoding/json"

// Defaults is the shopper's details given to the session.
type Defaults struct {
	// The customer's id.
	CustomerID string `json:"customer_id,omitempty"`
	// E-mail address.
	Email string `json:"email,omitempty"`
	// First name.
	FirstName string `json:"first_name,omitempty"`
	// Last name.
	LastName string `json:"last_name,omitempty"`
	// Phone number; the page shows "+15555555555".
	Phone string `json:"phone,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *Defaults) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r Defaults) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// ShippingOptions is the shipping rate of the session.
type ShippingOptions struct {
	// The rate's id.
	ShippingRateID string `json:"shipping_rate_id,omitempty"`
	// What shipping costs, in cents.
	ShippingAmount *int64 `json:"shipping_amount,omitempty"`
	// The rate's name as the shopper sees it.
	DisplayName string `json:"display_name,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *ShippingOptions) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r ShippingOptions) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// ShippingDetails is the address the order is shipped to.
type ShippingDetails struct {
	// The address's id.
	ShippingAddressID string `json:"shipping_address_id,omitempty"`
	// First line: street and number.
	Line1 string `json:"line1,omitempty"`
	// Second line, such as a suite.
	Line2 string `json:"line2,omitempty"`
	// City.
	City string `json:"city,omitempty"`
	// State; the page shows "CA".
	State string `json:"state,omitempty"`
	// Postal code: a string, for it may begin with a zero.
	PostalCode string `json:"postal_code,omitempty"`
	// Country; the page shows "US".
	Country string `json:"country,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *ShippingDetails) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r ShippingDetails) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// CustomText is the seller's own words on the checkout page, by place.
type CustomText struct {
	// After the submit button.
	AfterSubmit *CustomTextMessage `json:"after_submit,omitempty"`
	// Beside the shipping address.
	ShippingAddress *CustomTextMessage `json:"shipping_address,omitempty"`
	// Beside the submit button.
	Submit *CustomTextMessage `json:"submit,omitempty"`
	// In place of the usual words on accepting the terms of service.
	TermsOfServiceAcceptance *CustomTextMessage `json:"terms_of_service_acceptance,omitempty"`
	// Beside the payment.
	Payment *CustomTextMessage `json:"payment,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *CustomText) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r CustomText) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// CustomTextMessage is one text.
type CustomTextMessage struct {
	// The text.
	Message string `json:"message,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *CustomTextMessage) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r CustomTextMessage) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// NextAction is what has to be done before the session can go on.
type NextAction struct {
	// Which action; the page shows "collect_letter_of_medical_necessity".
	Type string `json:"type,omitempty"`
	// Details of that action; the page shows an empty object.
	CollectLetterOfMedicalNecessity *OpenObject `json:"collect_letter_of_medical_necessity,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *NextAction) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r NextAction) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// OpenObject is an object whose fields are not documented: all of them are in `other`.
type OpenObject struct {
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *OpenObject) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r OpenObject) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// SubscriptionData is what was asked for the subscription the session starts.
type SubscriptionData struct {
	// When the subscription ends; the page shows "2024-01-01T00:00:00Z".
	CancelAt string `json:"cancel_at,omitempty"`
	// When the trial ends; the page shows a string and not which form it has.
	TrialEnd string `json:"trial_end,omitempty"`
	// Whether the subscription ends with its current period.
	CancelAtPeriodEnd *bool `json:"cancel_at_period_end,omitempty"`
	// Length of the trial in days.
	TrialPeriodDays *int64 `json:"trial_period_days,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *SubscriptionData) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r SubscriptionData) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// PaymentMethodOptions is options of the payment, by kind of payment method.
type PaymentMethodOptions struct {
	// Options of a card; the page shows an empty object.
	Card *OpenObject `json:"card,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *PaymentMethodOptions) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r PaymentMethodOptions) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }
