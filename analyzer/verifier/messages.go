package verifier

import (
	"regexp"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// message maps a text of the verifier to the rules that it confirms. The texts
// are those of kernel/bpf/verifier.c (and btf.c) of Linux 6.1, 6.12 and 6.18
// and of later ones as far as they are known; where the wording changed, both
// are here.
type message struct {
	re *regexp.Regexp
	// rules, the most fitting first. Empty: the text is known, but no rule is
	// about it.
	rules []string
	// call overrides rules by the instruction that is refused.
	call func(insn string) []string
	// doubtful: the text is also given for what no lock or section is involved
	// in.
	doubtful bool
}

func m(re string, rules ...string) message {
	return message{re: regexp.MustCompile(re), rules: rules}
}

var messages = []message{
	// Calls with a lock held.
	{re: regexp.MustCompile(`^function calls are not allowed while holding a lock`), call: callWhileLocked},
	m(`^global function calls are not allowed while holding a lock`, "BLC204"),
	m(`^can't spin_\{lock,unlock\} in rbtree cb`, "BLC204", "BLC203", "BLC202"),
	m(`not allowed in rbtree cb`, "BLC204"),
	// Pairing.
	m(`^Locking two bpf_spin_locks are not allowed`, "BLC202"),
	m(`^Acquiring the same lock again, AA deadlock detected`, "BLC208", "BLC202"),
	m(`^bpf_res_spin_unlock without taking a lock`, "BLC203", "BLC209"),
	m(`^bpf_spin_unlock without taking a lock`, "BLC203"),
	m(`^bpf_(res_)?spin_unlock of different lock`, "BLC203"),
	m(`^bpf_(res_)?spin_unlock cannot be out of order`, "BLC203"),
	m(`^bpf_spin_unlock is missing`, "BLC201"),
	m(`^bpf_rcu_read_unlock is missing`, "BLC201"),
	m(`bpf_preempt_enable(\(s\))? (is|are) missing`, "BLC201"),
	m(`^bpf_preempt_enable.* missing`, "BLC201"),
	m(`^BPF_EXIT instruction (in main prog )?cannot be used inside bpf_\w+-ed region`, "BLC201"),
	m(`^(tail_call|bpf_throw) cannot be used inside bpf_\w+-ed region`, "BLC201", "BLC204"),
	m(`^BPF_LD_\[ABS\|IND\] cannot be used inside bpf_\w+-ed region`, "BLC204"),
	m(`^unmatched rcu read unlock`, "BLC203"),
	m(`^unmatched attempt to enable preemption`, "BLC203"),
	m(`^cannot restore irq state out of order`, "BLC203"),
	m(`irq flag on stack`, "BLC203"),
	m(`^expected (an )?(un)?initialized irq flag`, "BLC203"),
	m(`^irq flag acquired by .* kfuncs cannot be restored with`, "BLC203"),
	// Sections.
	m(`^nested rcu read lock`, "BLC204", "BLC202"),
	m(`^sleepable helper \S+ in (rcu_read_lock|non-preemptible|IRQ-disabled|lock) region`, "BLC204"),
	m(`^kernel func \S+ is sleepable within`, "BLC204"),
	m(`^Calling bpf_rcu_read_\{lock,unlock\} in unnecessary rbtree callback`, "BLC204"),
	m(`^global function calls are not allowed with (preemption|IRQs) disabled`, "BLC204"),
	{re: regexp.MustCompile(`^global functions that may sleep are not allowed in non-sleepable context`), rules: []string{"BLC204"}, doubtful: true},
	{re: regexp.MustCompile(`^sleepable global function \S+ called in`), rules: []string{"BLC204"}, doubtful: true},
	// Programs and maps.
	m(`^(socket filter|tracing|sleepable) progs cannot use bpf_spin_lock yet`, "BLC205"),
	m(`^tracing progs cannot use bpf_\{list_head,rb_root\} yet`, "BLC205"),
	m(`^tracing progs cannot use bpf_(timer|wq) yet`),
	m(`(unknown func|program of this type cannot use helper) bpf_spin_(un)?lock#`, "BLC205", "BLC211"),
	m(`^calling kernel function bpf_res_spin_\w+ is not allowed`, "BLC205", "BLC211"),
	m(`has to have BTF in order to use bpf_(res_)?spin_lock`, "BLC206"),
	m(`has more than one 'struct bpf_(res_)?spin_lock'`, "BLC206"),
	m(`doesn't have 'struct bpf_(res_)?spin_lock'`, "BLC206"),
	m(`is not a struct type or bpf_(res_)?spin_lock is mangled`, "BLC206"),
	m(`has no valid bpf_(res_)?spin_lock`, "BLC206"),
	m(`doesn't point to 'struct bpf_(res_)?spin_lock'`, "BLC206"),
	m(`doesn't have constant offset\. bpf_(res_)?spin_lock has to be at the constant offset`, "BLC206"),
	m(`^R\d+ type=(\S+_or_null\S*|scalar|untrusted_\S+) expected=map_value`),
	{re: regexp.MustCompile(`^R\d+ type=\S+ expected=map_value`), call: lockPointer},
	{re: regexp.MustCompile(`doesn't point to map value or allocated object`), call: lockPointer},
	// Touching the lock.
	m(`^bpf_(res_)?spin_lock cannot be accessed directly by load/store`, "BLC207"),
	m(`^direct access to bpf_(res_)?spin_lock is disallowed`, "BLC207"),
	m(`^(bpf_\w+) cannot be accessed directly by load/store`),
	m(`^direct access to bpf_\w+ is disallowed`),
	// Lists and trees.
	m(`^bpf_(res_)?spin_lock at off=-?\d+ must be held for bpf_(list_head|rb_root)`, "BLC210"),
	m(`^held lock and object are not in the same allocation`, "BLC210"),
	// Atomics.
	m(`BPF_ATOMIC uses invalid atomic opcode`, "BLC110"),
	m(`^invalid atomic operand size`, "BLC110"),
	m(`^BPF_ATOMIC (stores into|loads from) R\d+ .* is not allowed`, "BLC110"),
	m(`^BPF_(STX|XADD|ATOMIC) uses reserved fields`, "BLC110"),
	m(`^BPF_XADD stores into R\d+ .* is not allowed`, "BLC110"),
}

// callbackCalls are the helpers that call a function of the program back: a
// lock that the callback leaves held is noticed at their call.
var callbackCalls = regexp.MustCompile(`call (bpf_(loop|for_each_map_elem|find_vma|user_ringbuf_drain|timer_set_callback)#|bpf_rbtree_add)`)

func callWhileLocked(insn string) []string {
	switch {
	case strings.Contains(insn, "call bpf_spin_lock#"):
		return []string{"BLC202", "BLC204"}
	case strings.Contains(insn, "call bpf_tail_call#"), strings.Contains(insn, "call bpf_throw"):
		return []string{"BLC204", "BLC201"}
	case callbackCalls.MatchString(insn):
		return []string{"BLC204", "BLC201"}
	}
	return []string{"BLC204"}
}

// lockPointer: a bad pointer matters only where it is a lock's; a missing NULL
// check is no matter of locks.
func lockPointer(insn string) []string {
	if strings.Contains(insn, "spin_lock") || strings.Contains(insn, "spin_unlock") {
		return []string{"BLC206"}
	}
	return nil
}

// unloadable are the messages that say that this kernel, and not the program,
// is in the way.
var unloadable = []struct {
	re     *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`^invalid func unknown#`), "it calls a function that this kernel does not have"},
	{regexp.MustCompile(`^\S+ is not sleepable$`), "its attach target may not sleep in this kernel"},
	{regexp.MustCompile(`^(Attach|attach)_btf_id \S+ (is|not)`), "its attach target is of another kind in this kernel"},
	{regexp.MustCompile(`^JIT (does not|doesn't) support`), "this kernel's JIT lacks a feature"},
	{regexp.MustCompile(`not supported.* by the JIT`), "this kernel's JIT lacks a feature"},
	{regexp.MustCompile(`^(btf_vmlinux is malformed|in-kernel BTF is malformed)`), "this kernel's BTF is missing"},
	{regexp.MustCompile(`failed to find the address for kernel symbol`), "a kernel variable that it uses is not in this kernel"},
	{regexp.MustCompile(`^kernel subsystem misconfigured`), "this kernel lacks a subsystem"},
}

var (
	insnLine = regexp.MustCompile(`^\s*(\d+): \([0-9a-f]{2}\) (.*)$`)
	// statistics is the line that ends every log.
	statistics = regexp.MustCompile(`^processed \d+ insns`)
	noise      = regexp.MustCompile(`^(processed \d+ insns|verification time|stack depth|max_states|peak_states|mark_read|arg\d+ .* scratch|$)`)
)

// judge fills in what the log of a failed load says.
func judge(out *Load, log string) {
	p := parseLog(log)
	out.Verdict = Rejected
	out.Line, out.InsnText = p.line, p.insnText
	out.Insn = p.insn
	if p.line == "" {
		out.Verdict, out.Insn = NotLoadable, 0
		switch out.Errno {
		case "EPERM":
			out.Reason = "the kernel refuses it without a word (EPERM): no privilege, or this kind of program is locked down"
		default:
			out.Reason = "the kernel refuses it before the verifier runs (" + out.Errno + ")"
		}
		return
	}
	if strings.Contains(p.insnText, "bad_relo") || strings.Contains(p.insnText, "r10 = 0xbad2310") {
		out.Verdict, out.Reason = NotLoadable, "a type or field that it relocates against is not in this kernel"
		return
	}
	for _, u := range unloadable {
		if u.re.MatchString(p.line) {
			out.Verdict, out.Reason = NotLoadable, u.reason
			return
		}
	}
	if p.msg != nil {
		out.Rules = p.msg.rules
		if p.msg.call != nil {
			out.Rules = p.msg.call(p.insnText)
		}
		if p.msg.doubtful {
			out.Doubtful = true
		}
	}
}

// parsed is what a log says.
type parsed struct {
	line     string
	msg      *message
	insn     int // plus one
	insnText string
}

// parseLog finds the decisive line of a log: the last one that is a known
// message, else the last one that is no instruction, source line or statistic.
// Kernels from 7.2 on append a long report to the classic message; it is cut
// off.
func parseLog(log string) parsed {
	lines := strings.Split(log, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "Verification failed:") {
			lines = lines[:i]
			break
		}
	}
	isMessage := func(l string) bool {
		return !noise.MatchString(l) && !strings.HasPrefix(l, ";") && !insnLine.MatchString(l)
	}
	decisive, msg := -1, (*message)(nil)
	for i := len(lines) - 1; i >= 0; i-- {
		l := strings.TrimSpace(lines[i])
		if !isMessage(l) {
			continue
		}
		if decisive < 0 {
			decisive = i
		}
		if k := known(l); k != nil {
			decisive, msg = i, k
			break
		}
		// Beyond the last instruction nothing but states is printed; known
		// messages are looked for further up only in short logs.
		if decisive-i > 200 {
			break
		}
	}
	if decisive < 0 {
		return parsed{}
	}
	p := parsed{line: strings.TrimSpace(lines[decisive]), msg: msg}
	// Some messages lack their newline.
	if i := strings.Index(p.line, "processed "); i > 0 && statistics.MatchString(p.line[i:]) {
		p.line = p.line[:i]
	}
	// A message that ends in a comma goes on in the next line.
	for i := decisive + 1; strings.HasSuffix(p.line, ",") && i < len(lines); i++ {
		p.line += " " + strings.TrimSpace(lines[i])
	}
	for i := decisive; i >= 0; i-- {
		if g := insnLine.FindStringSubmatch(lines[i]); g != nil {
			n := 0
			for _, c := range g[1] {
				n = n*10 + int(c-'0')
			}
			p.insn, p.insnText = n+1, g[2]
			break
		}
	}
	return p
}

// RulesOf gives the rules that a line of the verifier's log, or the part of one
// from its first word on, speaks of; nil when it is about none of them. The
// instruction that such a line is printed after, which may tell more, is not
// known here.
func RulesOf(line string) []string {
	k := known(line)
	switch {
	case k == nil || k.doubtful:
		return nil
	case k.call != nil:
		return k.call("")
	}
	return k.rules
}

func known(line string) *message {
	for i := range messages {
		if messages[i].re.MatchString(line) {
			return &messages[i]
		}
	}
	return nil
}

// tooNew are the rules about a primitive that the kernel does not have.
func tooNew(k *kernel.KfuncInfo) []string {
	switch k.Class {
	case kernel.KfuncResLock, kernel.KfuncResUnlock, kernel.KfuncResLockIRQSave, kernel.KfuncResUnlockIRQRestore,
		kernel.KfuncRCULock, kernel.KfuncRCUUnlock, kernel.KfuncPreemptDisable, kernel.KfuncPreemptEnable,
		kernel.KfuncIRQSave, kernel.KfuncIRQRestore:
		return []string{"BLC211"}
	}
	return nil
}
