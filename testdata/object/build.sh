#!/bin/sh
# Builds the objects in prebuilt/, which the tests read, from the sources here.
# Needs clang-19, llvm-objcopy-19, llvm-mc-19, bpf-gcc (12) and rustc (1.95).
set -eu
cd "$(dirname "$0")"
out=prebuilt
mkdir -p $out
flags="-O2 -Wall -Wno-unused -fdebug-compilation-dir=. -fno-ident"

for f in maps globals calls atomics structops extern merged; do
	clang-19 -g $flags -target bpfel -mcpu=v3 -c $f.c -o $out/$f.o
done
for f in acquire jumps; do
	clang-19 -g $flags -target bpfel -mcpu=v4 -c $f.c -o $out/$f.o
	clang-19 -g $flags -target bpfeb -mcpu=v4 -c $f.c -o $out/$f-be.o
done
clang-19 -g $flags -target bpfeb -mcpu=v3 -c maps.c -o $out/maps-be.o
clang-19 $flags -target bpfel -mcpu=v1 -c legacy.c -o $out/legacy.o
clang-19 $flags -target bpfeb -mcpu=v1 -c legacy.c -o $out/legacy-be.o
clang-19 -g $flags -target bpfel -mcpu=v3 -c legacy.c -o $out/dwarf.o
llvm-objcopy-19 -R .BTF -R .rel.BTF -R .BTF.ext -R .rel.BTF.ext $out/dwarf.o
bpf-gcc -g -O2 -fdebug-prefix-map="$PWD"=. -c gcc.c -o $out/gcc.o

# rustc's own BPF target makes bitcode for a linker; its assembly will do.
RUSTC_BOOTSTRAP=1 rustc --edition 2024 --crate-type lib --target bpfel-unknown-none --emit=asm \
	-C panic=abort -C opt-level=2 -C debuginfo=2 -C codegen-units=1 --remap-path-prefix "$PWD"=. \
	-o $out/rust.s rust.rs
llvm-mc-19 -triple=bpfel -filetype=obj $out/rust.s -o $out/rust.o
rm $out/rust.s
