// Package gobpf uses maps through gobpf.
package gobpf

import (
	"unsafe"

	"github.com/iovisor/gobpf/elf"

	_ "example.com/maps/flows"
)

func maps(b *elf.Module) {
	k := uint32(1)
	var v [56]byte
	key, val := unsafe.Pointer(&k), unsafe.Pointer(&v)
	m := b.Map("locked")
	_ = b.LookupElement(m, key, val)              // want `BLC301`
	_ = b.UpdateElement(m, key, val, 0)           // want `BLC302`
	_ = b.UpdateElement(m, key, val, 4)           // fine
	_, _ = b.LookupNextElement(m, key, key, val)  // want `BLC303`
	_ = b.LookupElement(b.Map("plain"), key, val) // nothing to lock
	_ = b.DeleteElement(m, key)
}
