package suggest

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"fail-on", "kernel", "BLC101", "lost-update"}
	for word, want := range map[string]string{
		"fial-on": "fail-on", "kernl": "kernel", "blc110": "BLC101", "lostupdate": "lost-update", "": "", "zzz": "", "x": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
