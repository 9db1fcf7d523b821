package lower

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden dumps")

// TestGolden lowers testdata/*.c (after the prelude) and compares the dump of
// every function, and what was skipped, with the .ir file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.c")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".c"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			u := lowerText(t, string(src))
			var b strings.Builder
			for _, f := range u.Funcs {
				b.WriteString(f.String())
				b.WriteByte('\n')
			}
			for _, s := range u.Skipped {
				b.WriteString("skipped: " + s.String() + "\n")
			}
			golden := strings.TrimSuffix(file, ".c") + ".ir"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), b.String()); d != "" {
				t.Errorf("dump differs (-want +got); run with -update after a look:\n%s", d)
			}
		})
	}
}
