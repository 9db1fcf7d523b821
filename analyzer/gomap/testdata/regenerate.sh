#!/bin/sh
# Compiles the test module's BPF programs again, with bpf2go. Needs clang-19 and
# llvm-strip-19, no BPF headers: the programs bring their own.
set -e
cd "$(dirname "$0")/mod"
GOFLAGS=-mod=mod go generate ./flows ./racy
go mod tidy
