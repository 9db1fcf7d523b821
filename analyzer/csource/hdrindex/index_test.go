package hdrindex

import (
	"os"
	"testing"
)

func BenchmarkNew(b *testing.B) {
	data, err := os.ReadFile(os.Getenv("VMLINUX_H"))
	if err != nil {
		b.Skip("VMLINUX_H names no header")
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		New(string(data))
	}
}
