// Command empty does nothing: what any program in Go weighs.
package main

func main() {}
