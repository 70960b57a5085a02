module github.com/flexcancel/flexcancel/bindings/go

go 1.24
