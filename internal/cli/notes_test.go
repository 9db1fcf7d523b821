package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCondense(t *testing.T) {
	few := []string{"a", "header x.h found as inc/x.h", "b", "header y.h found as y.h"}
	if d := cmp.Diff(few, condense(few)); d != "" {
		t.Error(d)
	}
	many := append(few, "header z.h found as z.h", "header w.h not found: kernel types taken from BTF")
	want := []string{
		"a", "3 headers found by name, without an include path, such as x.h as inc/x.h (--verbose names them all)", "b",
		"header w.h not found: kernel types taken from BTF",
	}
	if d := cmp.Diff(want, condense(many)); d != "" {
		t.Error(d)
	}
}
