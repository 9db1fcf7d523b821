// Command testlog reads the output of go test -json and prints what a person
// wants of it: go test's closing line of each package, the output of what
// failed, each skipped test with its reason, and the counts.
//
//	go test -json ./... | go run ./internal/testlog
//
// It exits 1 when a test or a build failed, and with -require-all also when a
// test was skipped.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	requireAll := flag.Bool("require-all", false, "a skipped test is a failure")
	flag.Parse()
	s := &summary{out: os.Stdout, output: map[string][]string{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(2)
	}
	if !s.close(*requireAll) {
		os.Exit(1)
	}
}

// event is one line of go test -json (cmd/test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

type summary struct {
	out    io.Writer
	output map[string][]string // of tests that run, by package and name

	passed, failed, skipped int
	broken                  bool     // a package failed as a whole
	notRun                  []string // skipped
}

func (s *summary) read(r io.Reader) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			// go list's errors and the like come as they are.
			fmt.Fprintln(s.out, sc.Text())
			continue
		}
		s.event(&e)
	}
	return sc.Err()
}

func (s *summary) event(e *event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "build-fail":
		s.broken = true
	case "output":
		if e.Test == "" && closing(e.Output) {
			fmt.Fprint(s.out, e.Output)
			return
		}
		s.output[key] = append(s.output[key], e.Output)
	case "pass":
		if e.Test != "" {
			s.passed++
		}
		delete(s.output, key)
	case "skip":
		s.skip(e, key)
	case "fail":
		s.fail(e, key)
	}
}

// closing reports whether a line is go test's verdict on a package.
func closing(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t") || strings.HasPrefix(line, "panic:")
}

func (s *summary) skip(e *event, key string) {
	if e.Test == "" { // a package without tests
		delete(s.output, key)
		return
	}
	s.skipped++
	s.print(key)
	s.notRun = append(s.notRun, key)
}

func (s *summary) fail(e *event, key string) {
	if e.Test == "" {
		s.broken = true
	} else {
		s.failed++
	}
	s.print(key)
}

// print writes what a test said, less the runner's own lines.
func (s *summary) print(key string) {
	for _, line := range s.output[key] {
		if !strings.HasPrefix(strings.TrimSpace(line), "=== ") {
			fmt.Fprint(s.out, line)
		}
	}
	delete(s.output, key)
}

// close prints the counts and reports whether all is well.
func (s *summary) close(requireAll bool) bool {
	ok := !s.broken && s.failed == 0
	if requireAll && len(s.notRun) > 0 {
		ok = false
		fmt.Fprintln(s.out, "these tests must not be skipped here:")
		for _, t := range s.notRun {
			fmt.Fprintln(s.out, "\t"+t)
		}
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	return ok
}
