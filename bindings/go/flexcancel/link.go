//go:build !flexcancel_static

package flexcancel

// #cgo pkg-config: flexcancel
import "C"
