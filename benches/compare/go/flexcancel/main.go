// Command flexcancel cancels with flexcancel, and looks at the outcome.
package main

import "flexcancel.example/compare/ours"

func main() { ours.Serve(ours.Outcome) }
