// Command flexcancelsession cancels with flexcancel, and has the session typed.
package main

import "flexcancel.example/compare/ours"

func main() { ours.Serve(ours.Session) }
