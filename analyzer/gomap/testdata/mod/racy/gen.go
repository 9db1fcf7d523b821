// Package racy embeds a program that races.
package racy

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-19 -strip llvm-strip-19 -target bpfel racy racy.c -- -O2 -Wall
