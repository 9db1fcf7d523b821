package verifier

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// IsGuest reports whether this process is /init of a virtual machine that
// [Run] booted. A main function calls it first.
func IsGuest() bool {
	if os.Getpid() != 1 {
		return false
	}
	_, err := os.Stat(guestMark)
	return err == nil
}

// GuestMain does the guest's work and powers the machine off. It does not
// return.
func GuestMain() {
	defer powerOff()
	out := guestOutput()
	fw := &frameWriter{w: out}
	defer func() {
		if p := recover(); p != nil {
			_ = fw.send(frame{Error: fmt.Sprintf("the guest failed: %v", p)})
		}
	}()
	if err := guestWork(fw); err != nil {
		_ = fw.send(frame{Error: err.Error()})
		return
	}
	_ = fw.send(frame{Done: true})
}

func guestWork(fw *frameWriter) error {
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"bpf", "/sys/fs/bpf"}, {"tracefs", "/sys/kernel/tracing"}} {
		// A kernel without one of them still has a verifier.
		_ = unix.Mount(m[0], m[1], m[0], 0, "")
	}
	// Addresses in /proc/kallsyms.
	_ = os.WriteFile("/proc/sys/kernel/kptr_restrict", []byte("0"), 0o644)
	b, err := os.ReadFile(guestMark)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	e, err := newEnv()
	if err != nil {
		return err
	}
	if err := fw.send(frame{Hello: &hello{Release: e.release}}); err != nil {
		return err
	}
	for i, name := range j.Objects {
		err := e.loadObject(guestObjects+"/"+strconv.Itoa(i), func(l Load) {
			l.Object = name
			_ = fw.send(frame{Load: &l})
		})
		if err != nil {
			_ = fw.send(frame{Unreadable: &Unreadable{name, err.Error()}})
		}
	}
	return nil
}

// guestOutput is the second serial line, or the console where there is none.
func guestOutput() io.Writer {
	_ = unix.Mount("devtmpfs", "/dev", "devtmpfs", 0, "")
	f, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return os.Stdout
	}
	if t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err == nil {
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
		t.Cflag = t.Cflag&^unix.CBAUD | unix.B115200
		_ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
	}
	return f
}

func powerOff() {
	if t, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY|unix.O_NOCTTY, 0); err == nil {
		_ = unix.IoctlSetInt(int(t.Fd()), unix.TCSBRK, 1) // drain
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	// Without a way to power off: qemu ends on a restart, too.
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	for {
		time.Sleep(time.Hour)
	}
}
