//go:build !cgo

package flexcancel

// The C library is called through cgo, which CGO_ENABLED=0 and a missing C compiler turn off.
const _ = flexcancel_needs_cgo_and_a_C_compiler
