// Package libbpfgo declares the map API of github.com/aquasecurity/libbpfgo
// (v0.9), which itself needs cgo and libbpf.
package libbpfgo

import "unsafe"

type MapFlag uint32

const (
	MapFlagUpdateAny     MapFlag = iota // create new element or update existing
	MapFlagUpdateNoExist                // create new element if it didn't exist
	MapFlagUpdateExist                  // update existing element
	MapFlagFLock                        // meant as BPF_F_LOCK, which is 4
)

type Module struct{}

func NewModuleFromFile(path string) (*Module, error)               { return nil, nil }
func NewModuleFromBuffer(buf []byte, name string) (*Module, error) { return nil, nil }
func (m *Module) BPFLoadObject() error                             { return nil }
func (m *Module) GetMap(name string) (*BPFMap, error)              { return nil, nil }

type BPFMap struct{}

func (m *BPFMap) GetValue(key unsafe.Pointer) ([]byte, error)                     { return nil, nil }
func (m *BPFMap) GetValueFlags(key unsafe.Pointer, flags MapFlag) ([]byte, error) { return nil, nil }
func (m *BPFMap) GetValueReadInto(key unsafe.Pointer, value *[]byte) error        { return nil }
func (m *BPFMap) LookupAndDeleteElem(key, value unsafe.Pointer, valueSize uint64, flags MapFlag) error {
	return nil
}
func (m *BPFMap) GetValueAndDeleteKey(key unsafe.Pointer) ([]byte, error) { return nil, nil }
func (m *BPFMap) GetValueAndDeleteKeyFlags(key unsafe.Pointer, flags MapFlag) ([]byte, error) {
	return nil, nil
}
func (m *BPFMap) Update(key, value unsafe.Pointer) error                          { return nil }
func (m *BPFMap) UpdateValueFlags(key, value unsafe.Pointer, flags MapFlag) error { return nil }
func (m *BPFMap) DeleteKey(key unsafe.Pointer) error                              { return nil }
func (m *BPFMap) GetNextKey(key unsafe.Pointer, nextKey unsafe.Pointer) error     { return nil }
func (m *BPFMap) GetValueBatch(keys, startKey, nextKey unsafe.Pointer, count uint32) ([][]byte, uint32, error) {
	return nil, 0, nil
}
func (m *BPFMap) GetValueAndDeleteBatch(keys, startKey, nextKey unsafe.Pointer, count uint32) ([][]byte, uint32, error) {
	return nil, 0, nil
}
func (m *BPFMap) UpdateBatch(keys, values unsafe.Pointer, count uint32) (uint32, error) {
	return 0, nil
}
func (m *BPFMap) Iterator() *BPFMapIterator { return nil }

type BPFMapLow struct{}

func GetMapByID(id uint32) (*BPFMapLow, error) { return nil, nil }
func (m *BPFMapLow) LookupAndDeleteElem(key, value unsafe.Pointer, valueSize uint64) error {
	return nil
}
func (m *BPFMapLow) LookupAndDeleteElemFlags(key, value unsafe.Pointer, valueSize uint64, flags MapFlag) error {
	return nil
}
func (m *BPFMapLow) GetValue(key unsafe.Pointer) ([]byte, error) { return nil, nil }

type BPFMapIterator struct{}

func (it *BPFMapIterator) Next() bool  { return false }
func (it *BPFMapIterator) Key() []byte { return nil }
