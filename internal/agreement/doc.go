// Package agreement compares what the rules say of BPF programs with what
// others say of the same programs: the kernel's verifier, and the tool's other
// front end. What disagrees must be listed, with a reason, in a reviewed file
// that may only shrink.
//
// It works on the JSON that "bpflockcheck verify" and "bpflockcheck check"
// write, so that it judges what users get.
package agreement
