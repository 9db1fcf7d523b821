package verifier

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// cpioWriter writes an archive in the "newc" format, which the kernel unpacks
// as its first root file system (Documentation/driver-api/early-userspace/
// buffer-format.rst). Everything belongs to root, whoever writes it.
type cpioWriter struct {
	w   *bufio.Writer
	ino int
	n   int64
	err error

	made map[string]bool // folders
}

// Modes of cpio entries.
const (
	modeDir  = 0o040755
	modeFile = 0o100755
	modeChar = 0o020600
)

func newCpio(w io.Writer) *cpioWriter { return &cpioWriter{w: bufio.NewWriterSize(w, 1<<20)} }

func (c *cpioWriter) write(b []byte) {
	if c.err != nil {
		return
	}
	n, err := c.w.Write(b)
	c.n += int64(n)
	c.err = err
}

func (c *cpioWriter) pad() {
	if n := int(-c.n & 3); n > 0 {
		c.write(make([]byte, n))
	}
}

func (c *cpioWriter) header(name string, mode int, size int64, major, minor int) {
	c.ino++
	c.write(fmt.Appendf(nil, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		c.ino, mode, 0, 0, 1, 0, size, 0, 0, major, minor, len(name)+1, 0))
	c.write(append([]byte(name), 0))
	c.pad()
}

// dir adds a folder once.
func (c *cpioWriter) dir(name string) {
	if c.made[name] {
		return
	}
	if c.made == nil {
		c.made = map[string]bool{}
	}
	c.made[name] = true
	c.header(name, modeDir, 0, 0, 0)
}

// parents adds the folders that a file lies in.
func (c *cpioWriter) parents(name string) {
	for i, b := range name {
		if b == '/' {
			c.dir(name[:i])
		}
	}
}

func (c *cpioWriter) device(name string, major, minor int) { c.header(name, modeChar, 0, major, minor) }

func (c *cpioWriter) file(name string, data []byte) {
	c.header(name, modeFile, int64(len(data)), 0, 0)
	c.write(data)
	c.pad()
}

// copy adds a file from the disk.
func (c *cpioWriter) copy(name, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c.file(name, b)
	return nil
}

func (c *cpioWriter) close() error {
	c.header("TRAILER!!!", 0, 0, 0, 0)
	if c.err != nil {
		return c.err
	}
	return c.w.Flush()
}
