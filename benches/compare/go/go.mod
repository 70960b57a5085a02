module flexcancel.example/compare

go 1.25

require (
	github.com/flexcancel/flexcancel/bindings/go v0.0.0
	github.com/stripe/stripe-go/v86 v86.2.0
)

replace github.com/flexcancel/flexcancel/bindings/go => ../../../bindings/go
