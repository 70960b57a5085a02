//go:build cgo

package flexcancel

// SessionStatus is where a checkout session stands. A value that Flex adds later is kept as it
// is.
type SessionStatus string

// The documented values.
const (
	SessionStatusOpen     SessionStatus = "open"
	SessionStatusComplete SessionStatus = "complete"
	SessionStatusExpired  SessionStatus = "expired"
	SessionStatusCanceled SessionStatus = "canceled"
)

// CaptureMethod is whether an authorization is captured by itself or on request. A value that
// Flex adds later is kept as it is.
type CaptureMethod string

// The documented values.
const (
	CaptureMethodAutomatic CaptureMethod = "automatic"
	CaptureMethodManual    CaptureMethod = "manual"
)

// SessionMode is what a checkout session is for. A value that Flex adds later is kept as it is.
type SessionMode string

// The documented values.
const (
	SessionModePayment       SessionMode = "payment"
	SessionModeSubscription  SessionMode = "subscription"
	SessionModeSetup         SessionMode = "setup"
	SessionModeOffSession    SessionMode = "off_session"
	SessionModeReimbursement SessionMode = "reimbursement"
)

// PaymentIntentStatus is where a payment intent stands. Source: other public pages of the Flex
// documentation. A value that Flex adds later is kept as it is.
type PaymentIntentStatus string

// The documented values.
const (
	PaymentIntentStatusRequiresPaymentMethod PaymentIntentStatus = "requires_payment_method"
	PaymentIntentStatusRequiresAction        PaymentIntentStatus = "requires_action"
	PaymentIntentStatusProcessing            PaymentIntentStatus = "processing"
	PaymentIntentStatusRequiresCapture       PaymentIntentStatus = "requires_capture"
	PaymentIntentStatusSucceeded             PaymentIntentStatus = "succeeded"
	PaymentIntentStatusCanceled              PaymentIntentStatus = "canceled"
)
