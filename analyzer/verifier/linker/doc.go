// Package linker reads a BPF ELF object and makes of each of its programs what
// is handed to the kernel, as libbpf does (tools/lib/bpf/libbpf.c): functions
// linked behind the program that calls them, relocations resolved to maps,
// globals and kernel symbols, and one BTF for maps and programs alike. What
// needs a kernel (addresses, type identifiers, map descriptors) is left as a
// list of relocations.
//
// A loader of its own is needed because the verdict shall be libbpf's: the
// kernel compares types of locks, lists and trees between a map's BTF and the
// program's, so that both must be the same BTF object; hidden functions are
// static ones; and one program that cannot be linked must not hide the others.
package linker
