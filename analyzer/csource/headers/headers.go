// Package headers holds the headers that come with the tool, for machines that
// have none: those of the compiler, of libbpf, and the kernel's user API as far as
// BPF programs use it. They are written for analysis, not for compilation: only
// names, types, layouts and values matter.
package headers

import (
	"embed"
	"strings"
	"sync"
)

//go:embed include
var files embed.FS

// Read gives the header name, such as "bpf/bpf_helpers.h".
func Read(name string) (string, bool) {
	b, err := files.ReadFile("include/" + name)
	if err != nil {
		return "", false
	}
	return string(b), true
}

// kernelAPI are the embedded headers that vmlinux.h stands for.
var kernelAPI = []string{
	"linux/types.h", "linux/socket.h", "linux/un.h", "linux/in.h", "linux/in6.h", "linux/bpf.h", "linux/if_ether.h", "linux/if_vlan.h", "linux/if_packet.h", "linux/if_arp.h",
	"linux/ip.h", "linux/ipv6.h", "linux/tcp.h", "linux/udp.h", "linux/icmp.h", "linux/icmpv6.h", "linux/perf_event.h",
}

// Vmlinux gives declarations of kernel types and of the user API without any
// directive, for when there is neither vmlinux.h nor BTF.
var Vmlinux = sync.OnceValue(func() string {
	var b strings.Builder
	for _, name := range append(kernelAPI[:len(kernelAPI):len(kernelAPI)], "vmlinux.h") {
		text, _ := Read(name)
		for _, line := range strings.SplitAfter(text, "\n") {
			if strings.HasPrefix(line, "#") {
				b.WriteByte('\n')
			} else {
				b.WriteString(line)
			}
		}
	}
	return b.String()
})

// Freestanding reports whether name belongs to the compiler itself.
func Freestanding(name string) bool {
	switch name {
	case "stddef.h", "stdint.h", "stdbool.h", "stdarg.h", "limits.h", "float.h", "iso646.h", "stdalign.h", "stdnoreturn.h", "stdatomic.h":
		return true
	}
	return false
}

// Libbpf reports whether name is one of libbpf's headers for the BPF side. The
// embedded ones are preferred to the system's, whose age is arbitrary: code of today
// does not compile with the libbpf of an older distribution, and findings must not
// depend on the machine.
func Libbpf(name string) bool {
	switch name {
	case "bpf/bpf_helpers.h", "bpf/bpf_helper_defs.h", "bpf/bpf_tracing.h", "bpf/bpf_core_read.h", "bpf/bpf_endian.h", "bpf/usdt.bpf.h":
		return true
	}
	return false
}

// Hosted reports whether name belongs to the C library, which a repository never
// stands in for.
func Hosted(name string) bool {
	switch name {
	case "stdio.h", "stdlib.h", "string.h", "strings.h", "errno.h", "assert.h", "unistd.h", "ctype.h", "inttypes.h", "time.h", "signal.h", "fcntl.h",
		"memory.h", "math.h", "features.h", "endian.h", "byteswap.h", "pthread.h", "setjmp.h", "locale.h", "wchar.h":
		return true
	}
	return strings.HasPrefix(name, "sys/") || strings.HasPrefix(name, "arpa/") || strings.HasPrefix(name, "netinet/") || strings.HasPrefix(name, "net/") || strings.HasPrefix(name, "bits/") || strings.HasPrefix(name, "gnu/")
}
