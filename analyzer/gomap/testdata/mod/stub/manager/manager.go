// Package manager declares the one function of github.com/DataDog/ebpf-manager
// that hands out maps.
package manager

import "github.com/cilium/ebpf"

type Manager struct{}

func (m *Manager) GetMap(name string) (*ebpf.Map, bool, error) { return nil, false, nil }
