module github.com/flexcancel/flexcancel/examples/go

go 1.24

require github.com/flexcancel/flexcancel/bindings/go v0.0.0

replace github.com/flexcancel/flexcancel/bindings/go => ../../bindings/go
