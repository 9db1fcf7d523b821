// Package rules is the catalogue: one Go file and one Markdown page per rule.
//
// A rule reads a model.Model and reports. It never parses, prints, or looks at
// an AST or at instructions beyond what the model says of them, so that C
// sources and objects are judged alike. What the kernel allows comes from
// rules/kernel. Who shares a place with whom is judged in one file, sharing.go.
//
// To add a rule: write blcNNN_name.go with a Rule value and a check function,
// put the value into the list in registry.go, write blcNNN_name.md with a bad
// and a good example, and put cases with want comments into
// testdata/blcNNN_name.
package rules
