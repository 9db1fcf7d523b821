package verifier

import (
	"bytes"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	fw := &frameWriter{w: &b}
	for i := range 5 {
		if err := fw.send(frame{Load: &Load{Program: strings.Repeat("p", i+1), Verdict: Loads, Line: "a\nb \"c\""}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := fw.send(frame{Done: true}); err != nil {
		t.Fatal(err)
	}
	read := func(text string) (fs []frame, lost int) {
		var fr frameReader
		for _, l := range strings.Split(text, "\n") {
			if f, ok := fr.line(strings.TrimRight(l, "\r")); ok {
				fs = append(fs, f)
			}
		}
		return fs, fr.lost
	}
	text := b.String()
	if fs, lost := read(text); len(fs) != 6 || lost != 0 || fs[4].Load.Program != "ppppp" || fs[4].Load.Line != "a\nb \"c\"" || !fs[5].Done {
		t.Fatalf("%d frames, %d lost", len(fs), lost)
	}
	// Kernel messages between frames, and in front of one.
	noisy := strings.ReplaceAll(text, "\n@blc 2", "\n[ 1.0] oops\r\n[ 1.1] half a li@blc 2")
	if fs, lost := read(noisy); len(fs) != 6 || lost != 0 {
		t.Errorf("with messages: %d frames, %d lost", len(fs), lost)
	}
	// A message in the midst of a frame spoils that one only.
	i := strings.Index(text, "@blc 3") + 30
	if fs, lost := read(text[:i] + "[ 2.0] BUG: x\n" + text[i:]); len(fs) != 5 || lost != 1 {
		t.Errorf("with a broken frame: %d frames, %d lost", len(fs), lost)
	}
	// One changed character is noticed.
	broken := []byte(text)
	j := strings.Index(text, "@blc 1") + 25
	broken[j] ^= 1
	if fs, _ := read(string(broken)); len(fs) != 5 {
		t.Errorf("with a flipped bit: %d frames", len(fs))
	}
	for _, l := range []string{"", "@blc ", "@blc x y z", "@blc 0 zz AAAA", "@blc 0 00000000 e30=", "@blc 99999999999999999999 0 e30="} {
		if f, ok := new(frameReader).line(l); ok {
			t.Errorf("%q is a frame: %+v", l, f)
		}
	}
}
