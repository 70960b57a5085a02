//go:build flexcancel_static

package flexcancel

// #cgo pkg-config: flexcancel-static
import "C"
