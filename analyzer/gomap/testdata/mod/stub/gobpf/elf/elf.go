// Package elf declares the map API of github.com/iovisor/gobpf/elf (v0.2),
// which itself needs cgo.
package elf

import "unsafe"

type Map struct{ Name string }

type Module struct{}

func (b *Module) Map(name string) *Map { return nil }
func (b *Module) UpdateElement(mp *Map, key, value unsafe.Pointer, flags uint64) error {
	return nil
}
func (b *Module) LookupElement(mp *Map, key, value unsafe.Pointer) error { return nil }
func (b *Module) LookupAndDeleteElement(mp *Map, value unsafe.Pointer) error {
	return nil
}
func (b *Module) DeleteElement(mp *Map, key unsafe.Pointer) error { return nil }
func (b *Module) LookupNextElement(mp *Map, key, nextKey, value unsafe.Pointer) (bool, error) {
	return false, nil
}
