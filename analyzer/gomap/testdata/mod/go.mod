module example.com/maps

go 1.26.0

// The real libbpfgo and gobpf need cgo and C headers; the manager brings
// dozens of modules. These declare the part of their API that matters.
replace (
	github.com/DataDog/ebpf-manager => ./stub/manager
	github.com/aquasecurity/libbpfgo => ./stub/libbpfgo
	github.com/iovisor/gobpf => ./stub/gobpf
)

require (
	github.com/DataDog/ebpf-manager v0.0.0-00010101000000-000000000000
	github.com/aquasecurity/libbpfgo v0.0.0-00010101000000-000000000000
	github.com/cilium/ebpf v0.22.0
	github.com/iovisor/gobpf v0.0.0-00010101000000-000000000000
)

require golang.org/x/sys v0.49.0 // indirect
