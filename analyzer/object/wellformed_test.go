package object

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

// checkUnit fails the test for a unit that is not well formed: an operation
// without a position, a terminator in the middle of a block, a successor that
// is not of the function, a register, slot, map or variable that is not there.
func checkUnit(t testing.TB, u *ir.Unit) {
	t.Helper()
	maps, globals, funcs := make(map[*ir.Map]bool), make(map[*ir.Global]bool), make(map[*ir.Func]bool)
	for _, m := range u.Maps {
		maps[m] = true
	}
	for _, g := range u.Globals {
		globals[g] = true
	}
	for _, f := range u.Funcs {
		funcs[f] = true
	}
	for _, p := range u.Programs {
		if !funcs[p.Func] {
			t.Errorf("%s: program %s has a function that is not the unit's", u.Name, p.Name)
		}
	}
	for _, f := range u.Funcs {
		if f.Pos == nil {
			t.Errorf("%s: function %s has no position", u.Name, f.Name)
		}
		if f.Skipped != "" {
			if f.Blocks != nil {
				t.Errorf("%s: function %s is skipped but has blocks", u.Name, f.Name)
			}
			continue
		}
		if err := checkFunc(f, maps, globals, funcs); err != nil {
			t.Errorf("%s: function %s: %v", u.Name, f.Name, err)
		}
	}
}

func checkFunc(f *ir.Func, maps map[*ir.Map]bool, globals map[*ir.Global]bool, funcs map[*ir.Func]bool) error {
	if len(f.Blocks) == 0 {
		return fmt.Errorf("no blocks")
	}
	own := make(map[*ir.Block]bool)
	for i, b := range f.Blocks {
		if b.Index != i {
			return fmt.Errorf("block %d has index %d", i, b.Index)
		}
		own[b] = true
	}
	reached := map[*ir.Block]bool{f.Blocks[0]: true}
	work := []*ir.Block{f.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, s := range b.Succs() {
			if !own[s] {
				return fmt.Errorf("block %d: a successor is not of the function", b.Index)
			}
			if s == f.Blocks[0] {
				return fmt.Errorf("block %d leads to the entry", b.Index)
			}
			if !reached[s] {
				reached[s] = true
				work = append(work, s)
			}
		}
	}
	for _, b := range f.Blocks {
		if !reached[b] {
			return fmt.Errorf("block %d cannot be reached", b.Index)
		}
		if len(b.Instrs) == 0 {
			return fmt.Errorf("block %d is empty", b.Index)
		}
		for i, in := range b.Instrs {
			if in.At() == nil {
				return fmt.Errorf("block %d, %T: no position", b.Index, in)
			}
			last := i == len(b.Instrs)-1
			switch in.(type) {
			case *ir.Jump, *ir.Branch, *ir.Return, *ir.Unreachable:
				if !last {
					return fmt.Errorf("block %d: %T in the middle", b.Index, in)
				}
			default:
				if last {
					return fmt.Errorf("block %d ends with %T", b.Index, in)
				}
			}
			switch in := in.(type) {
			case *ir.MapAddr:
				if !maps[in.Map] {
					return fmt.Errorf("map %v is not the unit's", in.Map)
				}
			case *ir.GlobalAddr:
				if !globals[in.Global] {
					return fmt.Errorf("global %v is not the unit's", in.Global)
				}
			case *ir.FuncAddr:
				if !funcs[in.Func] {
					return fmt.Errorf("function %v is not the unit's", in.Func)
				}
			case *ir.Call:
				if (in.Kind == ir.CallFunc) != (in.Func != nil) || in.Func != nil && !funcs[in.Func] {
					return fmt.Errorf("call of %q: kind %v, function %v", in.Name, in.Kind, in.Func)
				}
			case *ir.StackAddr:
				if in.Slot < 0 || in.Slot >= len(f.Slots) {
					return fmt.Errorf("no slot %d", in.Slot)
				}
			case *ir.Load:
				if err := checkSize(in.Size); err != nil {
					return err
				}
			case *ir.Store:
				if err := checkSize(in.Size); err != nil {
					return err
				}
			}
			if err := checkRegs(reflect.ValueOf(in).Elem(), f.NumRegs); err != nil {
				return fmt.Errorf("block %d, %T: %w", b.Index, in, err)
			}
		}
	}
	return nil
}

func checkSize(n int64) error {
	if n != 1 && n != 2 && n != 4 && n != 8 {
		return fmt.Errorf("access of %d bytes", n)
	}
	return nil
}

// checkRegs checks all registers in an operation.
func checkRegs(v reflect.Value, n int) error {
	switch x := v.Interface().(type) {
	case ir.Reg:
		if x < ir.NoReg || int(x) >= n {
			return fmt.Errorf("no register %d", x)
		}
		return nil
	case ir.Operand:
		if !x.IsImm && (x.Reg < 0 || int(x.Reg) >= n) {
			return fmt.Errorf("no register %d", x.Reg)
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			name := v.Type().Field(i).Name
			if name == "Base" || name == "Cmp" || name == "Ptr" {
				continue // a zero Cmp or Ptr is not used
			}
			if err := checkRegs(v.Field(i), n); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case reflect.Slice:
		if v.Type().Elem() != reflect.TypeFor[ir.Operand]() {
			return nil
		}
		for i := range v.Len() {
			if err := checkRegs(v.Index(i), n); err != nil {
				return err
			}
		}
	}
	return nil
}
