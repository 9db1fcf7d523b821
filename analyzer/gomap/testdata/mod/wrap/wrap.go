// Package wrap holds wrappers: what they do is judged where they are called.
package wrap

import "github.com/cilium/ebpf"

// Read never locks.
func Read(m *ebpf.Map, k, v any) error { return m.Lookup(k, v) }

// ReadTwice calls another wrapper.
func ReadTwice(m *ebpf.Map, k, v any) error {
	if err := Read(m, k, v); err != nil {
		return err
	}
	return Read(m, k, v)
}

// ReadLocked always locks.
func ReadLocked(m *ebpf.Map, k, v any) error { return m.LookupWithFlags(k, v, ebpf.LookupLock) }

// ReadFlags forwards its caller's flags.
func ReadFlags(m *ebpf.Map, k, v any, flags ebpf.MapLookupFlags) error {
	return m.LookupWithFlags(k, v, flags)
}

// WriteExist adds to its caller's flags.
func WriteExist(m *ebpf.Map, k, v any, flags ebpf.MapUpdateFlags) error {
	return m.Update(k, v, flags|ebpf.UpdateExist)
}

// Batch forwards options.
func Batch(m *ebpf.Map, keys, vals any, opts *ebpf.BatchOptions) error {
	_, err := m.BatchUpdate(keys, vals, opts)
	return err
}

// ReadNamed finds the map by name.
func ReadNamed(c *ebpf.Collection, name string, k, v any) error {
	return c.Maps[name].Lookup(k, v)
}

// Store keeps the map that its constructor is given.
type Store struct {
	m *ebpf.Map
	// Open is filled by others.
	Open *ebpf.Map
}

// New keeps m.
func New(m *ebpf.Map) *Store { return &Store{m: m} }

// Get reads.
func (s *Store) Get(k, v any) error { return s.m.Lookup(k, v) }

// GetOpen reads the exported field.
func (s *Store) GetOpen(k, v any) error { return s.Open.Lookup(k, v) }

// Same returns what it is given.
func Same(m *ebpf.Map) *ebpf.Map { return m }

// Lookuper is an interface.
type Lookuper interface{ Lookup(k, v any) error }

// ReadAny reads through it.
func ReadAny(l Lookuper, k, v any) error { return l.Lookup(k, v) }
