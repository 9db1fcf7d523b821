// Package object lowers BPF ELF objects to package ir.
//
// It reads the object itself, on debug/elf and cilium/ebpf's asm and btf
// packages, and not through a loader's view of it: a loader refuses objects
// for reasons that say nothing about their programs (a lock in a data section,
// an unknown map option), and what a loader refuses would be lost. Nothing
// depends on how a compiler names or orders things: programs and subprograms
// are found by their symbols, maps and variables by BTF where there is any and
// by symbols otherwise, positions by BTF line info or else the DWARF line table.
//
// # Positions
//
// Every operation has a position. Its Insn is the index of the instruction
// within its own function plus one, wide loads counting two. For a program's
// main function that is the number the verifier prints, plus one. A loader
// appends the subprograms behind the main function in an order of its own, so
// for those the verifier's number is larger by the place where the loader put
// them. Compilers record a line only where it changes: a line holds until the
// next one of the same function.
package object
