//go:build cgo

package flexcancel

import "encoding/json"

// Fee is one fee on the session.
type Fee struct {
	// The fee's id; the page shows "ffee_1234567890".
	FeeID string `json:"fee_id,omitempty"`
	// The fee, in cents.
	Amount *int64 `json:"amount,omitempty"`
	// Name.
	Name string `json:"name,omitempty"`
	// Description.
	Description string `json:"description,omitempty"`
	// What it is for; the page shows "lmn_consultation".
	FeeType string `json:"fee_type,omitempty"`
	// Whether it was applied.
	Applied *bool `json:"applied,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *Fee) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r Fee) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// TaxRate is the tax on the session.
type TaxRate struct {
	// The tax, in cents.
	Amount *int64 `json:"amount,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *TaxRate) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r TaxRate) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// TotalDetails is the parts of the total, each in cents.
type TotalDetails struct {
	// Discounts.
	AmountDiscount *int64 `json:"amount_discount,omitempty"`
	// Tax.
	AmountTax *int64 `json:"amount_tax,omitempty"`
	// Shipping.
	AmountShipping *int64 `json:"amount_shipping,omitempty"`
	// What counts as eligible in IIAS, the inventory system of HSA/FSA cards.
	AmountIIAS *int64 `json:"amount_iias,omitempty"`
	// Vision care.
	AmountVision *int64 `json:"amount_vision,omitempty"`
	// Prescriptions.
	AmountPrescription *int64 `json:"amount_prescription,omitempty"`
	// Services.
	AmountService *int64 `json:"amount_service,omitempty"`
	// Fees.
	AmountFee *int64 `json:"amount_fee,omitempty"`
	// The amounts one by one.
	Breakdown *Breakdown `json:"breakdown,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *TotalDetails) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r TotalDetails) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// Breakdown is the amounts of the total one by one.
type Breakdown struct {
	// Discounts; the page shows an empty list, so an entry may be anything.
	Discounts []json.RawMessage `json:"discounts,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *Breakdown) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r Breakdown) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// PlatformFees is what the platform charges.
type PlatformFees struct {
	// The fee for a letter of medical necessity.
	LetterFee *LetterFee `json:"letter_fee,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *PlatformFees) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r PlatformFees) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }

// LetterFee is the fee for a letter of medical necessity.
type LetterFee struct {
	// The fee, in cents.
	Amount *int64 `json:"amount,omitempty"`
	// Its kind; the page shows a string and no values.
	Type string `json:"type,omitempty"`
	// Other has the fields that are not documented, as they came.
	Other map[string]json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps what it does not know, in Other.
func (r *LetterFee) UnmarshalJSON(data []byte) error { return readRecord(data, r, &r.Other) }

// MarshalJSON writes what was read back, Other included.
func (r LetterFee) MarshalJSON() ([]byte, error) { return writeRecord(r, r.Other) }
