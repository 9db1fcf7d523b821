package agreement_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/internal/agreement"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

const testdata = "../../testdata"

// TestThreeWayAgreement compiles every C case of testdata and compares the
// findings in the sources, the findings in the objects, and the verdicts of
// three kernels' verifiers, statement by statement.
func TestThreeWayAgreement(t *testing.T) {
	clang := external.Require(t, "clang-19", "Debian: clang-19")
	f, err := os.Open(filepath.Join(testdata, "agreement", "cases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	exceptions, err := agreement.ReadExceptions(f)
	if err != nil {
		t.Fatalf("cases.txt: %v", err)
	}
	sources, objects := compileCases(t, clang)
	j := &judge{t: t, x: exceptions, compared: map[string]bool{}}

	t.Run("source and object", func(t *testing.T) {
		j := &judge{t: t, x: j.x, compared: j.compared}
		src, obj := check(t, sources), check(t, objects)
		for _, s := range append(src.Panics(), obj.Panics()...) {
			t.Errorf("%s:%d: %s: %s", s.File, s.Line, s.Function, s.Reason)
		}
		figures, ds := agreement.Fronts(src, obj, abs(t, testdata))
		t.Logf("%d findings of both, %d only of the source, %d only of the object", figures.Both, figures.OnlySource, figures.OnlyObject)
		if figures.Both == 0 {
			t.Error("nothing was compared")
		}
		j.compared["source"] = true
		j.judge(ds)
	})
	// judged are the programs that some kernel accepts, or refuses for what the
	// rules are about.
	judged := map[string]bool{}
	kernels := 0
	t.Run("running kernel", func(t *testing.T) {
		if os.Geteuid() != 0 {
			external.Missing(t, "only root may ask the running kernel")
		}
		rep := verify(t, objects, verifier.Options{Predict: analyzer.Predict})
		(&judge{t: t, x: j.x, compared: j.compared}).kernels(rep, judged)
		kernels += len(rep.Kernels)
	})
	t.Run("virtual machines", func(t *testing.T) {
		if testing.Short() {
			t.Skip("boots virtual machines")
		}
		if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
			external.Missing(t, "the virtual machine's /init is built for linux/amd64")
		}
		external.Require(t, "qemu-system-x86_64", "Debian: qemu-system-x86")
		images := images(t)
		guest := filepath.Join(t.TempDir(), "bpflockcheck")
		cmd := exec.Command("go", "build", "-o", guest, "../../cmd/bpflockcheck")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		start := time.Now()
		rep := verify(t, objects, verifier.Options{Predict: analyzer.Predict, VMs: images, Executable: guest, Timeout: 10 * time.Minute})
		t.Logf("%d kernels in %.1f s", len(rep.Kernels), time.Since(start).Seconds())
		(&judge{t: t, x: j.x, compared: j.compared}).kernels(rep, judged)
		kernels += len(rep.Kernels)
	})
	if kernels < 3 {
		return // a program may be one that only the kernel left out can load
	}
	j.compared["any"] = true
	for name, ok := range judged {
		if file, program, _ := strings.Cut(name, ":"); !ok {
			j.judge([]agreement.Deviation{{Kind: agreement.NoVerdict, Where: "any", File: file, Subject: program, Rule: "-",
				Text: "no kernel says anything about what the rules are about"}})
		}
	}
	for _, u := range exceptions.Unused(func(where string) bool { return j.compared[where] }) {
		t.Errorf("cases.txt: %s", u)
	}
}

type judge struct {
	t        *testing.T
	x        *agreement.Exceptions
	compared map[string]bool
}

func (j *judge) judge(ds []agreement.Deviation) {
	j.t.Helper()
	for i := range ds {
		if j.x.Reason(&ds[i]) == "" {
			j.t.Errorf("%s : %s", &ds[i], ds[i].Text)
		}
	}
}

func (j *judge) kernels(rep *agreement.VerifyReport, judged map[string]bool) {
	for i := range rep.Kernels {
		k := &rep.Kernels[i]
		if k.Error != "" {
			j.t.Errorf("%s: %s", k.Name, k.Error)
			continue
		}
		j.compared[k.Series()], j.compared["*"] = true, true
		f, ds := agreement.Verdicts(k)
		j.t.Logf("Linux %s: %d programs: %d load, %d rejected, %d not loadable here; lock rejections predicted: %d of %d (%d by the same rule, %d on the same line); for accepted programs: %d",
			k.Release, f.Programs, f.Loads, f.Rejected, f.NotLoadable, f.Predicted, f.LockRejections, f.SameRule, f.SamePlace, f.FalseRejections)
		if f.Programs == 0 {
			j.t.Errorf("%s: nothing was loaded", k.Name)
		}
		j.judge(ds)
		j.judge(agreement.Places(k))
		for i := range k.Programs {
			p := &k.Programs[i]
			name := filepath.Base(p.Object) + ":" + p.Name
			judged[name] = judged[name] || p.Judged()
		}
	}
}

// verify gives the report as a user would read it.
func verify(t *testing.T, objects []string, opts verifier.Options) *agreement.VerifyReport {
	t.Helper()
	rep, err := verifier.Run(t.Context(), objects, opts)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := rep.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	out, err := agreement.ReadVerify(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// check runs every rule, notes included.
func check(t *testing.T, inputs []string) *agreement.CheckReport {
	t.Helper()
	res, err := analyzer.Check(t.Context(), inputs, analyzer.Options{Dir: abs(t, testdata), Notes: true, IncludeDirs: []string{abs(t, filepath.Join(testdata, "include"))}})
	if err != nil {
		t.Fatal(err)
	}
	var r agreement.CheckReport
	for i := range res.Findings {
		f := &res.Findings[i]
		r.Findings = append(r.Findings, agreement.Finding{Rule: f.Rule, File: f.Span.File, Line: f.Span.Line, Function: f.Function, Message: f.Message})
	}
	for _, s := range slices.Concat(res.Skipped, res.Failed) {
		r.Skipped = append(r.Skipped, agreement.Skip{File: s.Span.File, Line: s.Span.Line, Function: s.Function, Reason: s.Reason})
	}
	return &r
}

// compileCases compiles the cases of the rules' folders, of the demonstration
// and of the clean programs, but for those that say that they have no object.
// An object is named for its folder and file.
func compileCases(t *testing.T, clang string) (sources, objects []string) {
	t.Helper()
	out := t.TempDir()
	include := abs(t, filepath.Join(testdata, "include"))
	for _, dir := range []string{"blc*", "clean", "demo"} {
		found, err := filepath.Glob(filepath.Join(abs(t, testdata), dir, "*.c"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no cases in %s (%v)", dir, err)
		}
		for _, path := range found {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(b), "// object: skip") || strings.Contains(string(b), "\n// object: skip") {
				continue
			}
			object := filepath.Join(out, filepath.Base(filepath.Dir(path))+"."+strings.TrimSuffix(filepath.Base(path), ".c")+".o")
			cmd := exec.Command(clang, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I", include, "-c", path, "-o", object)
			if msg, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", path, err, msg)
			}
			sources, objects = append(sources, path), append(objects, object)
		}
	}
	return sources, objects
}

// images are the kernels that scripts/fetch-kernels.sh put into its folder.
func images(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("BPFLOCKCHECK_KERNELS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			external.Missing(t, err.Error())
		}
		dir = filepath.Join(cache, "bpflockcheck", "kernels")
	}
	var out []string
	for _, series := range []string{"6.1", "6.12"} {
		image := filepath.Join(dir, "vmlinuz-"+series)
		if _, err := os.Stat(image); err != nil {
			external.Missing(t, "no "+image+": run scripts/fetch-kernels.sh")
		}
		out = append(out, image)
	}
	return out
}

func abs(t *testing.T, path string) string {
	t.Helper()
	p, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
