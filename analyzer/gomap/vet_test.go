package gomap

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// TestMain lets the test binary be the tool of go vet -vettool.
func TestMain(m *testing.M) {
	if IsVetInvocation(os.Args[1:]) {
		VetMain()
	}
	os.Exit(m.Run())
}

func goVet(t *testing.T, dir string, args ...string) (stdout, stderr string) {
	t.Helper()
	tool, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append([]string{"vet", "-vettool=" + tool}, args...)...)
	// The go command starts the tool for every dependency; one built with the race
	// detector would sleep for a second each time before it exits.
	cmd.Dir, cmd.Env = dir, append(offline(), "GORACE=atexit_sleep_ms=0")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // findings make it fail
	return out.String(), errs.String()
}

var diagnosticLine = regexp.MustCompile(`(?m)^(\S+?:\d+:\d+): (BLC3\d\d) `)

// TestVet: go vet -vettool reports what the command line reports.
func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go vet")
	}
	dir := copyModule(t)
	packages := []string{"./direct", "./wrap", "./wrapuser", "./rmw", "./order"}
	findings, _ := check(t, dir, packages...)
	var want []string
	for _, f := range findings {
		if f.Severity > diag.Note && f.Confidence > diag.Low {
			s := f.Span
			s.EndLine, s.EndCol = 0, 0
			want = append(want, s.String()+" "+f.Rule)
		}
	}
	_, stderr := goVet(t, dir, packages...)
	var got []string
	for _, m := range diagnosticLine.FindAllStringSubmatch(stderr, -1) {
		got = append(got, filepath.Clean(m[1])+" "+m[2])
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < 40 {
		t.Fatalf("%d findings only", len(want))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings differ (-command line +vet):\n%s\n%s", d, stderr)
	}
	if !strings.Contains(stderr, filepath.Join("flows", "flows.c")+":") {
		t.Error("no related position in the C source")
	}

	t.Run("json", func(t *testing.T) {
		stdout, stderr := goVet(t, dir, "-json", "./rmw", "./bpf/...", "./stub/...")
		var tree map[string]map[string][]struct{ Category, Posn string }
		if err := json.NewDecoder(strings.NewReader(stdout)).Decode(&tree); err != nil {
			t.Fatalf("%v\n%s%s", err, stdout, stderr)
		}
		if ds := tree["example.com/maps/rmw"]["bpflockcheck"]; len(ds) == 0 || ds[0].Category != ruleLostUpdate {
			t.Errorf("got %v", tree)
		}
	})
	t.Run("diff", func(t *testing.T) {
		stdout, stderr := goVet(t, dir, "-fix", "-diff", "./direct")
		if !strings.Contains(stdout, "\n+	_ = o.Locked.LookupWithFlags(k, &v, ebpf.LookupLock)") {
			t.Errorf("no fix in\n%s%s", stdout, stderr)
		}
	})
	t.Run("fix", func(t *testing.T) {
		_, stderr := goVet(t, dir, "-fix", "./order")
		got, err := os.ReadFile(filepath.Join(dir, "order", "order.go"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, "order", "order.go.golden"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("fixed file (-want +got):\n%s\n%s", d, stderr)
		}
	})
	t.Run("bpf", func(t *testing.T) {
		_, stderr := goVet(t, dir, "./racy")
		if want := "racy/gen.go:4:1: BLC101 lost-update: racy.c:"; !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
		if strings.Contains(stderr, "racy.c:30") {
			t.Errorf("a suppressed finding is reported:\n%s", stderr)
		}
	})
}

func TestIsVetInvocation(t *testing.T) {
	for _, tt := range []struct {
		args string
		want bool
	}{
		{"", false},
		{"-V=full", true},
		{"-flags", true},
		{"/tmp/b/vet.cfg", true},
		{"-json /tmp/b/vet.cfg", true},
		{"-bpflockcheck.notes -fix /tmp/b/vet.cfg", true},
		{"check x.cfg", false},
		{"./...", false},
		{"-V=full ./...", false},
	} {
		if got := IsVetInvocation(strings.Fields(tt.args)); got != tt.want {
			t.Errorf("IsVetInvocation(%q) = %v", tt.args, got)
		}
	}
}

// TestCanSkip: only packages that lead to no map are answered at once.
func TestCanSkip(t *testing.T) {
	dir := t.TempDir()
	none, some, plain := filepath.Join(dir, "none"), filepath.Join(dir, "some"), filepath.Join(dir, "x.go")
	write(t, none, vetxNone)
	write(t, some, vetxMagic+"\x00\x00\x00\x00\x01\x00\x00\x00x")
	write(t, plain, "package x\n\n//go:embed a.txt\n")
	object := filepath.Join(dir, "o.go")
	write(t, object, "package x\n\n//go:embed a.o\n")
	for _, tt := range []struct {
		name string
		cfg  unitchecker.Config
		want bool
	}{
		{"no imports", unitchecker.Config{ImportPath: "a"}, true},
		{"standard library", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{"fmt": "fmt"},
			PackageFile: map[string]string{"fmt": "f"}, PackageVetx: map[string]string{"fmt": none}}, true},
		{"no export data", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{"fmt": "fmt"}}, false},
		{"cgo", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{"C": "C", "unsafe": "unsafe"}}, true},
		{"map library", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{ciliumPath: ciliumPath},
			PackageFile: map[string]string{ciliumPath: "f"}}, false},
		{"vendored map library", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{ciliumPath: "b/vendor/" + ciliumPath},
			PackageFile: map[string]string{"b/vendor/" + ciliumPath: "f"}}, false},
		{"in the map library", unitchecker.Config{ImportPath: ciliumPath + "/link", VetxOnly: true, ImportMap: map[string]string{ciliumPath: ciliumPath},
			PackageFile: map[string]string{ciliumPath: "f"}}, true},
		{"facts", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{"b": "b"},
			PackageFile: map[string]string{"b": "f"}, PackageVetx: map[string]string{"b": some}}, false},
		{"no facts", unitchecker.Config{ImportPath: "a", ImportMap: map[string]string{"b": "b"},
			PackageFile: map[string]string{"b": "f"}, PackageVetx: map[string]string{"b": none}}, true},
		{"embeds a text", unitchecker.Config{ImportPath: "a", GoFiles: []string{plain}, ImportMap: map[string]string{"embed": "embed"},
			PackageFile: map[string]string{"embed": "f"}}, true},
		{"embeds an object", unitchecker.Config{ImportPath: "a", GoFiles: []string{object}, ImportMap: map[string]string{"embed": "embed"},
			PackageFile: map[string]string{"embed": "f"}}, false},
	} {
		if got := canSkip(&tt.cfg); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
