//go:build cgo

package flexcancel

import "encoding/json"

// PaymentIntent is a payment intent, as it comes when expanded: the hold on the card, and what
// became of it.
type PaymentIntent struct {
	// Its id.
	PaymentIntentID string `json:"payment_intent_id,omitempty"`
	// What is to be paid, in cents.
	Amount *int64 `json:"amount,omitempty"`
	// What is held and can still be captured, in cents.
	AmountCapturable *int64 `json:"amount_capturable,omitempty"`
	// What was captured, in cents.
	AmountReceived *int64 `json:"amount_received,omitempty"`
	// Where it stands: better evidence of the hold than the session's "status".
	Status PaymentIntentStatus `json:"status,omitempty"`
	// Whether it is captured by itself or on request.
	CaptureMethod CaptureMethod `json:"capture_method,omitempty"`
	// When it was created: an ISO 8601 string, unlike the session's own "created_at".
	CreatedAt string `json:"created_at,omitempty"`
	// Whether it belongs to test mode.
	TestMode *bool `json:"test_mode,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *PaymentIntent) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r PaymentIntent) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }
