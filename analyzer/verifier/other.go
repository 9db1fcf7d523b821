//go:build !linux

package verifier

import "context"

func runHere(context.Context, []string) Kernel { return Kernel{Name: "running", Err: ErrNotLinux} }

// IsGuest is false: a virtual machine's /init is a Linux program.
func IsGuest() bool { return false }

// GuestMain does nothing: see [IsGuest].
func GuestMain() {}
