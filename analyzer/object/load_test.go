package object

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readerAt is bytes.Reader without a way to know its size.
type readerAt struct{ data []byte }

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(r.data).ReadAt(p, off)
}

// header makes an ELF header with nothing behind it.
func header(class elf.Class, typ elf.Type, machine elf.Machine, bo binary.ByteOrder) []byte {
	h := make([]byte, 64)
	copy(h, elf.ELFMAG)
	h[elf.EI_CLASS], h[elf.EI_VERSION] = byte(class), 1
	h[elf.EI_DATA] = byte(elf.ELFDATA2LSB)
	if bo == binary.ByteOrder(binary.BigEndian) {
		h[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	bo.PutUint16(h[16:], uint16(typ))
	bo.PutUint16(h[18:], uint16(machine))
	bo.PutUint32(h[20:], 1)
	return h
}

func TestErrors(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	tests := []struct {
		name string
		data []byte
		want string
		is   error
	}{
		{"empty", nil, "x.o: not an ELF file", ErrNotELF},
		{"text", []byte("int main(void) { return 0; }\n"), "x.o: not an ELF file", ErrNotELF},
		{"magic only", []byte("\x7fELF"), "x.o: truncated ELF header", nil},
		{"x86", header(elf.ELFCLASS64, elf.ET_REL, elf.EM_X86_64, le), "not a BPF object: it is for machine EM_X86_64", ErrNotBPF},
		{"executable", header(elf.ELFCLASS64, elf.ET_EXEC, elf.EM_BPF, le), "want a relocatable object", ErrNotBPF},
		{"no sections", header(elf.ELFCLASS64, elf.ET_REL, elf.EM_BPF, be), "no symbol table (stripped object)", ErrStripped},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := LoadReader("x.o", bytes.NewReader(tt.data), Config{})
			if err == nil || u != nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Load gives %v, %v; want an error with %q", u, err, tt.want)
			}
		})
	}
}

func TestLoadFile(t *testing.T) {
	if _, err := Load(context.Background(), filepath.Join(t.TempDir(), "none.o"), Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(context.Background(), t.TempDir(), Config{}); !errors.Is(err, ErrNotELF) {
		t.Errorf("a folder: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, prebuilt(t)[0], Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestIsELF(t *testing.T) {
	for head, want := range map[string]bool{"": false, "\x7fELF": true, "\x7fELF\x02\x01": true, "#include <vmlinux.h>\n": false} {
		if got := IsELF([]byte(head)); got != want {
			t.Errorf("%q: IsELF is %t", head, got)
		}
	}
}

// failingReader fails behind the header.
type failingReader struct{ head []byte }

func (r failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(r.head)) {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(p, r.head[off:]), nil
}

func TestUnreadable(t *testing.T) {
	data, err := os.ReadFile(prebuilt(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadReader("x.o", failingReader{data[:64]}, Config{}); err == nil || !strings.Contains(err.Error(), "damaged ELF file") {
		t.Errorf("unreadable behind the header: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, p := range prebuilt(f) {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(header(elf.ELFCLASS64, elf.ET_REL, elf.EM_BPF, binary.LittleEndian))
	f.Fuzz(func(t *testing.T, data []byte) {
		lowerBytes(t, data)
	})
}
