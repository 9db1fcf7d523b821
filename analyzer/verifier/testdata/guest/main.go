// Command guest is the smallest program that can be a virtual machine's /init.
package main

import "github.com/bpflockcheck/bpflockcheck/analyzer/verifier"

func main() {
	if verifier.IsGuest() {
		verifier.GuestMain()
	}
}
