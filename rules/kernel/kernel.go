// Package kernel is what the tool knows about Linux: helpers, kfuncs, program
// types, map types and the contexts programs run in, by version. Tables carry
// the kernel file and function they were read from.
//
// The package is a leaf: it imports nothing of this module.
package kernel
