module flexcancel.example/compare

go 1.25

require github.com/stripe/stripe-go/v86 v86.2.0
