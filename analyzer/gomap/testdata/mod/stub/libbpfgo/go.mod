module github.com/aquasecurity/libbpfgo

go 1.21
