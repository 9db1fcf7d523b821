package rules

import (
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var reentrantMapOp = &Rule{
	ID: "BLC401", Name: "reentrant-map-op", Severity: diag.Warning,
	Summary: "a map operation that takes a lock, in a program that can run in NMI or inside the map code",
	Check:   checkReentrantMapOp,
}

// lockingHelpers are the helpers that change which elements a map has, or move
// data through it.
var lockingHelpers = map[kernel.Helper]string{
	kernel.HelperMapUpdateElem: "update", kernel.HelperMapDeleteElem: "delete",
	kernel.HelperMapPushElem: "push", kernel.HelperMapPopElem: "pop", kernel.HelperMapPeekElem: "peek",
}

func checkReentrantMapOp(p *Pass) {
	for _, c := range p.Model.Calls {
		what, ok := lockingHelpers[c.Helper]
		if !ok || c.Map == nil || c.Program == nil || !kernel.TakesLockOnUpdate(c.Map.Type) {
			continue
		}
		if what == "peek" && c.Map.Type != kernel.MapTypeQueue && c.Map.Type != kernel.MapTypeStack {
			continue
		}
		ctx := contextAt(c.Site, p.Kernel)
		inside := c.Async == "" && insideMapCode(c.Program.Info, c.Map.Type, c.Map.Flags)
		if !ctx.NMI && !inside {
			continue
		}
		failure := kernel.UpdateFailure(c.Map.Type, p.Kernel, ctx.NMI && !inside)
		where := "can run in an NMI that interrupts the map's own code"
		if inside {
			where = "can run inside the map's own code, at " + c.Program.Info.Attach
		}
		severity := diag.Warning
		help := "look at the result: the operation may not be done"
		if failure == kernel.FailHang {
			help = fmt.Sprintf("on Linux %s use an array or per-CPU array here, or move the operation to another program", p.Kernel)
		}
		p.Report(c.Site, fmt.Sprintf("%s %s, where its %s of %s (%s) %s on Linux %s", programs, where, what, c.Map.Name, c.Map.Type, failure, p.Kernel),
			OnMap(c.Map.Name), WithSeverity(severity), WithConfidence(diag.Medium), Help("%s", help))
	}
}

// insideMapCode reports whether the attach point can be reached while a map of
// the type holds its internal lock: functions and tracepoints of the map code
// itself, of locks, and, for maps that allocate, of the allocators.
func insideMapCode(info kernel.ProgInfo, t kernel.MapType, flags uint32) bool {
	target := info.Attach
	switch info.Type {
	case kernel.ProgTypeKprobe, kernel.ProgTypeTracing:
	case kernel.ProgTypeTracepoint, kernel.ProgTypeRawTracepoint, kernel.ProgTypeRawTracepointWritable:
		if i := strings.LastIndexByte(target, '/'); i >= 0 {
			target = target[i+1:]
		}
		switch target {
		case "contention_begin", "contention_end", "lock_acquire", "lock_release", "lock_contended", "lock_acquired":
			return true
		}
		return allocates(t, flags) && isAllocPoint(target)
	default:
		return false
	}
	switch info.Prefix {
	case "tp_btf":
		return target == "contention_begin" || target == "contention_end" || allocates(t, flags) && isAllocPoint(target)
	case "iter", "iter.s", "uprobe", "uprobe.s", "uretprobe", "uretprobe.s", "usdt", "usdt.s", "ksyscall", "kretsyscall":
		return false
	}
	switch target {
	case "htab_map_alloc", "htab_map_free", "trie_alloc", "trie_free", "queue_stack_map_alloc", "queue_stack_map_free":
		return false // a map's making and its end: no lock is held
	}
	for _, prefix := range mapCode {
		if strings.HasPrefix(target, prefix) {
			return true
		}
	}
	return allocates(t, flags) && isAllocPoint(target)
}

// mapCode are the prefixes of functions that maps call with their lock held
// (kernel/bpf/hashtab.c, bpf_lru_list.c, lpm_trie.c, queue_stack_maps.c,
// percpu_freelist.c, kernel/locking).
var mapCode = []string{
	"htab_", "__htab_", "bpf_lru_", "__bpf_lru_", "trie_", "longest_prefix_match", "queue_stack_map_", "__queue_map_", "__stack_map_",
	"pcpu_freelist_", "__pcpu_freelist_", "_raw_spin_", "queued_spin_lock", "native_queued_spin_lock", "resilient_",
	"raw_res_spin_", "bpf_mem_cache_", "bpf_selem_", "bpf_local_storage_",
}

// allocates reports whether updates of the map allocate memory under its lock.
func allocates(t kernel.MapType, flags uint32) bool {
	return t == kernel.MapTypeLPMTrie || !t.Preallocated(flags) && t != kernel.MapTypeQueue && t != kernel.MapTypeStack
}

func isAllocPoint(target string) bool {
	if target == "kfree" {
		return true // and not kfree_skb
	}
	for _, s := range []string{"kmalloc", "kmem_cache_", "mm_page_alloc", "mm_page_free", "__kmalloc", "__alloc_pages", "___slab_alloc", "__slab_"} {
		if strings.HasPrefix(target, s) {
			return true
		}
	}
	return false
}
