// Package libbpfgo uses maps through libbpfgo.
package libbpfgo

import (
	"unsafe"

	bpf "github.com/aquasecurity/libbpfgo"
)

func use(...any) {}

func maps() error {
	module, err := bpf.NewModuleFromFile("flows/flows_bpfel.o")
	if err != nil {
		return err
	}
	locked, err := module.GetMap("locked")
	if err != nil {
		return err
	}
	plain, err := module.GetMap("plain")
	if err != nil {
		return err
	}
	k := uint32(1)
	key := unsafe.Pointer(&k)
	var value [56]byte
	val := unsafe.Pointer(&value[0])
	var buf []byte
	b, _ := locked.GetValue(key)                                                   // want `BLC301`
	_ = locked.GetValueReadInto(key, &buf)                                         // want `BLC301`
	b, _ = locked.GetValueFlags(key, bpf.MapFlagUpdateAny)                         // want `BLC301`
	b, _ = locked.GetValueFlags(key, bpf.MapFlag(4))                               // fine
	b, _ = locked.GetValueFlags(key, bpf.MapFlagFLock)                             // want `BLC304 .*MapFlagFLock is 3`
	_ = locked.LookupAndDeleteElem(key, val, 56, 0)                                // want `BLC301`
	b, _ = locked.GetValueAndDeleteKey(key)                                        // want `BLC301`
	b, _ = locked.GetValueAndDeleteKeyFlags(key, 4)                                // fine
	_ = locked.Update(key, val)                                                    // want `BLC302`
	_ = locked.UpdateValueFlags(key, val, 2)                                       // want `BLC302`
	_ = locked.UpdateValueFlags(key, val, bpf.MapFlagUpdateExist|bpf.MapFlagFLock) // want `BLC304`
	_, _, _ = locked.GetValueBatch(key, key, key, 1)                               // want `BLC303 .*cannot lock`
	_, _, _ = locked.GetValueAndDeleteBatch(key, key, key, 1)                      // want `BLC303`
	_, _ = locked.UpdateBatch(key, val, 1)                                         // want `BLC303`
	b, _ = plain.GetValue(key)                                                     // nothing to lock
	b, _ = plain.GetValueFlags(key, bpf.MapFlag(4))                                // want `BLC304`
	for it := locked.Iterator(); it.Next(); {                                      // keys only
		use(it.Key())
	}
	use(&b, buf)
	return locked.DeleteKey(key)
}
