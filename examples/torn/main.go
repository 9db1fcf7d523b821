// Command torn shows on the running kernel what bpflockcheck is about: reads
// torn for want of BPF_F_LOCK, and increments lost for want of an atomic. It
// needs root (CAP_BPF and CAP_NET_ADMIN) and two CPUs, and attaches nothing:
// the programs run through BPF_PROG_TEST_RUN.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
)

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel torn torn.c -- -O2 -g -Wall

func main() {
	log.SetFlags(0)
	seconds := flag.Float64("seconds", 2, "how long each measurement takes")
	flag.Parse()
	res, err := demonstrate(time.Duration(*seconds * float64(time.Second)))
	if err != nil {
		log.Fatal(err)
	}
	res.print(os.Stdout)
	if err := res.check(); err != nil {
		log.Fatal(err)
	}
}

// result has what was counted.
type result struct {
	reads, torn             int // lookups without the flag, and torn ones
	lockedReads, lockedTorn int // with BPF_F_LOCK
	atomic, plain           uint64
}

func (r *result) print(w *os.File) {
	fmt.Fprintf(w, "Lookup                      %9d reads, %6d torn (%.2f%%)\n", r.reads, r.torn, 100*float64(r.torn)/float64(max(r.reads, 1)))
	fmt.Fprintf(w, "LookupWithFlags LookupLock  %9d reads, %6d torn\n", r.lockedReads, r.lockedTorn)
	fmt.Fprintf(w, "atomic add                  %9d increments, 0 lost\n", r.atomic)
	fmt.Fprintf(w, "plain ++                    %9d increments, %d lost (%.2f%%)\n", r.atomic, r.atomic-r.plain, 100*float64(r.atomic-r.plain)/float64(max(r.atomic, 1)))
}

// check says what was expected and did not show.
func (r *result) check() error {
	var errs []error
	if r.torn == 0 {
		errs = append(errs, errors.New("no torn read without BPF_F_LOCK: run it longer, on two CPUs"))
	}
	if r.lockedTorn != 0 {
		errs = append(errs, errors.New("torn reads with BPF_F_LOCK"))
	}
	if r.plain >= r.atomic {
		errs = append(errs, errors.New("no lost increment: run it longer, on two CPUs"))
	}
	return errors.Join(errs...)
}

func demonstrate(d time.Duration) (*result, error) {
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, err
	}
	var objs tornObjects
	if err := loadTornObjects(&objs, nil); err != nil {
		return nil, fmt.Errorf("load the programs (root is needed): %w", err)
	}
	defer objs.Close()

	var res result
	var err error
	if res.reads, res.torn, err = tornReads(&objs, d, false); err != nil {
		return nil, err
	}
	if res.lockedReads, res.lockedTorn, err = tornReads(&objs, d, true); err != nil {
		return nil, err
	}
	if res.plain, res.atomic, err = lostUpdates(&objs, d); err != nil {
		return nil, err
	}
	return &res, nil
}

// tornReads reads the value while another thread runs fill, and counts the
// reads in which not all words are equal.
func tornReads(objs *tornObjects, d time.Duration, lock bool) (reads, torn int, err error) {
	stop := runUntilStopped(objs.Fill, 1)
	defer func() { err = errors.Join(err, stop()) }()
	var s tornState
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 100 {
			if lock {
				err = objs.States.LookupWithFlags(uint32(0), &s, ebpf.LookupLock)
			} else {
				err = objs.States.Lookup(uint32(0), &s) // bpflockcheck:ignore BLC301 the torn read to be shown
			}
			if err != nil {
				return reads, torn, err
			}
			reads++
			for _, w := range s.Words {
				if w != s.Words[0] {
					torn++
					break
				}
			}
		}
	}
	return reads, torn, nil
}

// lostUpdates runs count on several threads. Both counters are advanced in
// every run; where they differ, an increment was lost.
func lostUpdates(objs *tornObjects, d time.Duration) (plain, atomic uint64, err error) {
	stop := runUntilStopped(objs.Count, max(2, runtime.NumCPU()))
	time.Sleep(d)
	if err := stop(); err != nil {
		return 0, 0, err
	}
	var c tornCounters
	err = objs.Counts.Lookup(uint32(0), &c)
	return c.Plain, c.Atomic, err
}

// runUntilStopped runs a program over and over on several threads.
func runUntilStopped(prog *ebpf.Program, threads int) (stop func() error) {
	var (
		done atomic.Bool
		wg   sync.WaitGroup
		errs = make([]error, threads)
	)
	for i := range threads {
		wg.Go(func() {
			runtime.LockOSThread()
			for !done.Load() {
				// A packet of 14 bytes is the least the kernel takes.
				if _, err := prog.Run(&ebpf.RunOptions{Data: make([]byte, 14), Repeat: 2000}); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	return func() error {
		done.Store(true)
		wg.Wait()
		return errors.Join(errs...)
	}
}
