module github.com/iovisor/gobpf

go 1.21
