package verifier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// kernels finds the images that scripts/fetch-kernels.sh put into its folder.
func kernels(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the guest is linux/amd64")
	}
	external.Require(t, defaultQemu, "Debian: qemu-system-x86")
	dir := os.Getenv("BPFLOCKCHECK_KERNELS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip(err)
		}
		dir = filepath.Join(cache, "bpflockcheck", "kernels")
	}
	images, _ := filepath.Glob(filepath.Join(dir, "vmlinuz-*"))
	if len(images) == 0 {
		external.Missing(t, "no kernels in "+dir+" (scripts/fetch-kernels.sh fetches them)")
	}
	return images
}

func TestVM(t *testing.T) {
	images := kernels(t)
	locks, load := compile(t, "locks"), compile(t, "load")
	guest := guestBinary(t)
	for _, image := range images {
		t.Run(filepath.Base(image), func(t *testing.T) {
			var console bytes.Buffer
			r, err := Run(t.Context(), []string{locks, load}, Options{VMs: []string{image}, Executable: guest, Console: &console})
			if err != nil {
				t.Fatal(err)
			}
			k := &r.Kernels[0]
			if want := strings.TrimPrefix(filepath.Base(image), "vmlinuz-"); k.Version.String() != want {
				t.Errorf("version %s of release %q", k.Version, k.Release)
			}
			checkVerdicts(t, k, locks, load)
			if t.Failed() {
				t.Logf("console:\n%s", console.String())
			}
		})
	}
}

// TestVMDynamic boots a program that needs the C library, as "go install" makes
// it where there is a C compiler.
func TestVMDynamic(t *testing.T) {
	image := kernels(t)[0]
	external.Require(t, "gcc", "Debian: gcc libc6-dev")
	guest := filepath.Join(t.TempDir(), "guest")
	cmd := exec.Command("go", "build", "-ldflags=-linkmode=external", "-o", guest, "./testdata/guest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	files, err := guestFiles(guest)
	if err != nil || len(files) < 2 {
		t.Fatalf("loader and libraries: %q, %v", files, err)
	}
	locks := compile(t, "locks")
	k := runVM(t.Context(), image, []string{locks}, Options{Executable: guest})
	if k.Err != nil || len(k.Results) == 0 {
		t.Errorf("%d programs, %v", len(k.Results), k.Err)
	}
}

func TestVMPanic(t *testing.T) {
	image := kernels(t)[0]
	dies := filepath.Join(t.TempDir(), "dies")
	cmd := exec.Command("go", "build", "-o", dies, "./testdata/dies")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	k := runVM(t.Context(), image, nil, Options{Executable: dies})
	if k.Err == nil || !strings.Contains(k.Err.Error(), "panics") || !strings.Contains(k.Err.Error(), "init") {
		t.Errorf("got %v", k.Err)
	}
}

func TestVMTimeout(t *testing.T) {
	image := kernels(t)[0]
	start := time.Now()
	k := runVM(t.Context(), image, nil, Options{Executable: guestBinary(t), Timeout: time.Millisecond})
	if k.Err == nil || !strings.Contains(k.Err.Error(), "no end after 1ms") {
		t.Errorf("got %v", k.Err)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("stopped after %s", d)
	}
}

func TestVMErrors(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "vmlinuz")
	if err := os.WriteFile(image, []byte("not a kernel"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, image string
		opts        Options
		want        string
	}{
		{"no image", filepath.Join(dir, "none"), Options{}, "no such file"},
		{"a folder", dir, Options{}, "no kernel image"},
		{"no qemu", image, Options{Qemu: "no-such-qemu"}, "no-such-qemu not found"},
		{"no executable", image, Options{Qemu: script, Executable: script}, "no Linux executable"},
	} {
		k := runVM(t.Context(), tc.image, nil, tc.opts)
		if k.Err == nil || !strings.Contains(k.Err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, k.Err, tc.want)
		}
	}
	if _, err := exec.LookPath(defaultQemu); err != nil {
		return
	}
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		k := runVM(t.Context(), image, nil, Options{Executable: guestBinary(t), Timeout: time.Minute})
		if k.Err == nil || !strings.Contains(k.Err.Error(), "qemu") {
			t.Errorf("no kernel: %v", k.Err)
		}
	}
}

// TestInitramfs reads the archive back.
func TestInitramfs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	exe, image, obj := write("exe", "binary"), write("vmlinuz-6.1", "k"), write("a.o", "object")
	write("config-6.1", "CONFIG_BPF=y\n")
	library := write("lib.so", "library")
	path := filepath.Join(dir, "initramfs")
	size, unread, err := writeInitramfs(path, exe, []string{library}, image, []string{filepath.Join(dir, "none.o"), obj})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != size {
		t.Errorf("size %d, file %d", size, len(b))
	}
	if len(unread) != 1 || !strings.Contains(unread[0].Object, "none.o") {
		t.Errorf("unread: %v", unread)
	}
	files, err := readCpio(b)
	if err != nil {
		t.Fatal(err)
	}
	if files["init"] != "binary" || files["objects/0"] != "object" || files["boot/config"] != "CONFIG_BPF=y\n" || files[library[1:]] != "library" {
		t.Errorf("%q", files)
	}
	for _, n := range []string{"dev", "dev/console", "proc", "sys", filepath.Dir(library)[1:], "tmp"} {
		if _, ok := files[n]; !ok {
			t.Errorf("no %s", n)
		}
	}
	var j job
	if err := json.Unmarshal([]byte(files[guestMark[1:]]), &j); err != nil || len(j.Objects) != 1 || j.Objects[0] != obj {
		t.Errorf("job %v, %v", j, err)
	}
}

func readCpio(b []byte) (map[string]string, error) {
	files := map[string]string{}
	for off := 0; ; {
		if len(b) < off+110 || string(b[off:off+6]) != "070701" {
			return nil, fmt.Errorf("bad header at %d", off)
		}
		field := func(i int) int {
			n, _ := strconv.ParseUint(string(b[off+6+8*i:off+14+8*i]), 16, 32)
			return int(n)
		}
		size, nameLen := field(6), field(11)
		name := string(b[off+110 : off+110+nameLen-1])
		start := (off + 110 + nameLen + 3) &^ 3
		if name == "TRAILER!!!" {
			return files, nil
		}
		files[name] = string(b[start : start+size])
		off = (start + size + 3) &^ 3
	}
}
