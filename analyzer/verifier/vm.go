package verifier

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Names in the guest's file system.
const (
	guestMark    = "/bpflockcheck-guest"
	guestObjects = "/objects"
)

// job is what the guest is to do, in guestMark.
type job struct {
	// Objects are the names as the user gave them; number i is the file
	// guestObjects/i.
	Objects []string
}

const (
	defaultQemu = "qemu-system-x86_64"
	bootTime    = 2 * time.Minute
	objectTime  = 2 * time.Second
)

// runVM boots a kernel with the running program as its /init and collects the
// verdicts.
func runVM(ctx context.Context, image string, objects []string, opts Options) Kernel {
	k := Kernel{Name: image}
	k.Err = k.boot(ctx, image, objects, opts)
	return k
}

func (k *Kernel) boot(ctx context.Context, image string, objects []string, opts Options) error {
	if st, err := os.Stat(image); err != nil {
		return err
	} else if !st.Mode().IsRegular() {
		return errors.New("no kernel image")
	}
	qemu, err := findQemu(opts.Qemu)
	if err != nil {
		return err
	}
	exe := opts.Executable
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return err
		}
	}
	files, err := guestFiles(exe)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bpflockcheck-vm")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	initrd := filepath.Join(dir, "initramfs")
	size, unread, err := writeInitramfs(initrd, exe, files, image, objects)
	if err != nil {
		return fmt.Errorf("initramfs: %w", err)
	}
	k.Unreadable = append(k.Unreadable, unread...)

	limit := opts.Timeout
	if limit <= 0 {
		limit = bootTime + time.Duration(len(objects))*objectTime
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no end after %s", limit))
	defer cancel()
	console := filepath.Join(dir, "console")
	cmd := exec.CommandContext(ctx, qemu, qemuArgs(image, initrd, console, size)...)
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	g := &guest{k: k}
	g.read(out)
	waitErr := cmd.Wait()
	log, _ := os.ReadFile(console)
	if opts.Console != nil {
		_, _ = opts.Console.Write(log)
	}
	return g.result(ctx, waitErr, log, stderr.String())
}

func findQemu(name string) (string, error) {
	if name == "" {
		name = defaultQemu
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s not found: install it (Debian: qemu-system-x86) to use --vm", name)
	}
	return path, nil
}

// writeInitramfs gives the archive's length.
func writeInitramfs(path, exe string, files []string, image string, objects []string) (size int64, unread []Unreadable, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	c := newCpio(f)
	for _, d := range []string{"dev", "proc", "sys", "tmp", "boot", guestObjects[1:]} {
		c.dir(d)
	}
	c.device("dev/console", 5, 1)
	if err := c.copy("init", exe); err != nil {
		return 0, nil, err
	}
	for _, f := range files {
		c.parents(f[1:])
		if err := c.copy(f[1:], f); err != nil {
			return 0, nil, err
		}
	}
	// The configuration that lies beside the image answers __kconfig variables.
	base := filepath.Base(image)
	if rest, ok := strings.CutPrefix(base, "vmlinuz"); ok {
		if b, err := os.ReadFile(filepath.Join(filepath.Dir(image), "config"+rest)); err == nil {
			c.file("boot/config", b)
		}
	}
	var j job
	for _, o := range objects {
		if err := c.copy(fmt.Sprintf("%s/%d", guestObjects[1:], len(j.Objects)), o); err != nil {
			unread = append(unread, Unreadable{o, err.Error()})
			continue
		}
		j.Objects = append(j.Objects, o)
	}
	b, err := json.Marshal(j)
	if err != nil {
		return 0, nil, err
	}
	c.file(guestMark[1:], b)
	if err := c.close(); err != nil {
		return 0, nil, err
	}
	return c.n, unread, f.Close()
}

// qemuArgs: the kernel's messages go to the first serial line, a file, and the
// results to the second, qemu's standard output.
func qemuArgs(image, initrd, console string, size int64) []string {
	const mib = 1 << 20
	mem := 640 + 3*size/mib
	return []string{
		// One processor: an emulated second one was seen to lose its timer on a
		// busy host, which hangs the guest.
		"-accel", "tcg", "-cpu", "max,la57=off", "-smp", "1", "-m", fmt.Sprint(mem),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-chardev", "file,id=con,path=" + escapeComma(console), "-serial", "chardev:con",
		"-chardev", "stdio,id=res,signal=off", "-serial", "chardev:res",
		"-kernel", image, "-initrd", initrd,
		"-append", "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/init rootfstype=ramfs mitigations=off",
	}
}

// escapeComma: qemu's options are separated by commas.
func escapeComma(s string) string { return strings.ReplaceAll(s, ",", ",,") }

// guest is the host's view of a virtual machine.
type guest struct {
	k      *Kernel
	frames frameReader
	hello  bool
	done   bool
	err    string
}

func (g *guest) read(r io.Reader) {
	br := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := br.ReadString('\n')
		if f, ok := g.frames.line(strings.TrimRight(line, "\r\n")); ok {
			g.take(f)
		}
		if err != nil {
			return
		}
	}
}

func (g *guest) take(f frame) {
	switch {
	case f.Hello != nil:
		g.hello = true
		g.k.Release = f.Hello.Release
		g.k.Version, _ = kernel.ParseVersion(f.Hello.Release)
	case f.Load != nil:
		g.k.Results = append(g.k.Results, Result{Load: *f.Load})
	case f.Unreadable != nil:
		g.k.Unreadable = append(g.k.Unreadable, *f.Unreadable)
	case f.Error != "":
		g.err = f.Error
	case f.Done:
		g.done = true
	}
}

var panicLine = regexp.MustCompile(`Kernel panic - not syncing: .*`)

// result says what went wrong, if anything did.
func (g *guest) result(ctx context.Context, waitErr error, console []byte, stderr string) error {
	switch {
	case g.err != "":
		return errors.New(g.err)
	case g.done && g.frames.lost == 0:
		return nil
	case g.done:
		return fmt.Errorf("%d results were lost on the serial line", g.frames.lost)
	case ctx.Err() != nil:
		return fmt.Errorf("%w (%d programs loaded until then)", context.Cause(ctx), len(g.k.Results))
	}
	if p := panicLine.Find(console); p != nil {
		return fmt.Errorf("the kernel panics: %s", strings.TrimSpace(string(p)))
	}
	if s := lastLine(stderr); s != "" {
		return fmt.Errorf("qemu: %s", s)
	}
	if s := lastLine(string(console)); s != "" {
		return fmt.Errorf("the kernel stopped without an answer; its last words: %s", s)
	}
	if waitErr != nil {
		return fmt.Errorf("qemu: %w", waitErr)
	}
	return errors.New("the kernel stopped without an answer")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
