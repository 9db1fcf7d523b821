package verifier

import (
	"slices"
	"strings"
	"testing"
)

// The texts of Linux 6.1, 6.12, 6.18 and later, with the instruction above
// them.
func TestMessages(t *testing.T) {
	const lock, unlock, other = "call bpf_spin_lock#93", "call bpf_spin_unlock#94", "call bpf_ktime_get_ns#5"
	for _, tc := range []struct {
		insn, text string
		rules      string // "": none
	}{
		{other, "function calls are not allowed while holding a lock", "BLC204"},
		{lock, "function calls are not allowed while holding a lock", "BLC202 BLC204"},
		{"call bpf_loop#181", "function calls are not allowed while holding a lock", "BLC204 BLC201"},
		{"call bpf_tail_call#12", "function calls are not allowed while holding a lock", "BLC204 BLC201"},
		{"call bpf_throw#27341", "function calls are not allowed while holding a lock", "BLC204 BLC201"},
		{"call pc+3", "function calls are not allowed while holding a lock", "BLC204"},
		{"call pc+3", "global function calls are not allowed while holding a lock,\nuse static function instead", "BLC204"},
		{lock, "Locking two bpf_spin_locks are not allowed", "BLC202"},
		{unlock, "bpf_spin_unlock without taking a lock", "BLC203"},
		{"call bpf_res_spin_unlock#4", "bpf_res_spin_unlock without taking a lock", "BLC203 BLC209"},
		{unlock, "bpf_spin_unlock of different lock", "BLC203"},
		{unlock, "bpf_res_spin_unlock cannot be out of order", "BLC203"},
		{lock, "Acquiring the same lock again, AA deadlock detected", "BLC208 BLC202"},
		{"exit", "bpf_spin_unlock is missing", "BLC201"},
		{"exit", "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region", "BLC201"},
		{"exit", "BPF_EXIT instruction cannot be used inside bpf_spin_lock-ed region", "BLC201"},
		{"exit", "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region", "BLC201"},
		{"exit", "BPF_EXIT instruction in main prog would lead to reference leak", ""},
		{"exit", "bpf_rcu_read_unlock is missing", "BLC201"},
		{"exit", "1 bpf_preempt_enable is missing", "BLC201"},
		{"exit", "2 bpf_preempt_enable(s) are missing", "BLC201"},
		{"call bpf_tail_call#12", "tail_call cannot be used inside bpf_rcu_read_lock-ed region", "BLC201 BLC204"},
		{"r0 = *(u8 *)skb[0]", "BPF_LD_[ABS|IND] cannot be used inside bpf_spin_lock-ed region", "BLC204"},
		{"call x", "bpf_throw cannot be used inside bpf_preempt_disable-ed region", "BLC201 BLC204"},
		{"*(u32 *)(r0 +0) = 0", "bpf_spin_lock cannot be accessed directly by load/store", "BLC207"},
		{"*(u32 *)(r0 +0) = 0", "direct access to bpf_res_spin_lock is disallowed", "BLC207"},
		{"*(u32 *)(r0 +0) = 0", "bpf_timer cannot be accessed directly by load/store", ""},
		{"*(u32 *)(r0 +0) = 0", "direct access to bpf_list_head is disallowed", ""},
		{lock, "R1 doesn't have constant offset. bpf_spin_lock has to be at the constant offset", "BLC206"},
		{lock, "map 'lru' has to have BTF in order to use bpf_spin_lock", "BLC206"},
		{lock, "map 'x' has more than one 'struct bpf_spin_lock'", "BLC206"},
		{lock, "map 'x' doesn't have 'struct bpf_spin_lock'", "BLC206"},
		{lock, "map '.data.A' has no valid bpf_spin_lock", "BLC206"},
		{lock, "local 'kptr' has no valid bpf_res_spin_lock", "BLC206"},
		{lock, "off 48 doesn't point to 'struct bpf_spin_lock' that is at 40", "BLC206"},
		{lock, "R1 type=fp expected=map_value, ptr_", "BLC206"},
		{lock, "R1 type=map_value_or_null expected=map_value, ptr_", ""},
		{"call bpf_map_lookup_elem#1", "R1 type=fp expected=map_value", ""},
		{"call bpf_res_spin_lock#9", "arg#0 doesn't point to map value or allocated object", "BLC206"},
		{"call f", "bpf_spin_lock at off=16 must be held for bpf_list_head", "BLC210"},
		{"call f", "bpf_spin_lock at off=0 must be held for bpf_rb_root", "BLC210"},
		{"call f", "held lock and object are not in the same allocation\nbpf_spin_lock at off=0 must be held for bpf_list_head", "BLC210"},
		{"call f", "rbtree_remove not allowed in rbtree cb", "BLC204"},
		{"call f", "can't spin_{lock,unlock} in rbtree cb", "BLC204 BLC203 BLC202"},
		{"call f", "unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)", "BLC203"},
		{"call f", "nested rcu read lock (kernel function bpf_rcu_read_lock)", "BLC204 BLC202"},
		{"call f", "sleepable helper bpf_copy_from_user#148 in rcu_read_lock region", "BLC204"},
		{"call f", "sleepable helper bpf_copy_from_user#148 in non-preemptible region", "BLC204"},
		{"call f", "kernel func bpf_arena_alloc_pages is sleepable within IRQ-disabled region", "BLC204"},
		{"call f", "helper call might sleep in a non-sleepable prog", ""},
		{"call f", "kernel func bpf_iter_task_new requires RCU critical section protection", ""},
		{"call f", "unmatched attempt to enable preemption (kernel function bpf_preempt_enable)", "BLC203"},
		{"call f", "global function calls are not allowed with preemption disabled,\nuse static function instead", "BLC204"},
		{"call f", "cannot restore irq state out of order, expected id=2 acquired at insn_idx=3", "BLC203"},
		{"call f", "arg#0 doesn't point to an irq flag on stack", "BLC203"},
		{"call f", "expected uninitialized irq flag as arg#0", "BLC203"},
		{"call f", "expected an initialized irq flag as arg#0", "BLC203"},
		{"call f", "expected an initialized iter_num as arg #0", ""},
		{"call f", "irq flag acquired by native kfuncs cannot be restored with lock kfuncs", "BLC203"},
		{"", "tracing progs cannot use bpf_spin_lock yet", "BLC205"},
		{"", "socket filter progs cannot use bpf_spin_lock yet", "BLC205"},
		{"", "sleepable progs cannot use bpf_spin_lock yet", "BLC205"},
		{"", "tracing progs cannot use bpf_timer yet", ""},
		{lock, "program of this type cannot use helper bpf_spin_lock#93", "BLC205 BLC211"},
		{lock, "unknown func bpf_spin_lock#93", "BLC205 BLC211"},
		{"lock", "BPF_ATOMIC uses invalid atomic opcode 10", "BLC110"},
		{"lock", "invalid atomic operand size", "BLC110"},
		{"lock", "BPF_ATOMIC stores into R1 ctx is not allowed", "BLC110"},
		{"lock", "BPF_ATOMIC loads from R1 pkt is not allowed", "BLC110"},
		{"x", "R0 invalid mem access 'scalar'", ""},
	} {
		log := "0: (b7) r0 = 0\n; some->source(); @ file.c:3\n"
		if tc.insn != "" {
			log += "12: (85) " + tc.insn + "\n"
		}
		log += tc.text + "\nprocessed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
		l := Load{Errno: "EINVAL"}
		judge(&l, log)
		if got := strings.Join(l.Rules, " "); l.Verdict != Rejected || got != tc.rules {
			t.Errorf("%q at %q: %s [%s], want [%s] (%s)", tc.text, tc.insn, l.Verdict, got, tc.rules, l.Reason)
		}
		if tc.insn != "" && l.Insn != 13 {
			t.Errorf("%q: instruction %d", tc.text, l.Insn)
		}
	}
}

func TestParseLog(t *testing.T) {
	for _, tc := range []struct {
		name, log, line string
		insn            int
		known           bool
	}{
		{"empty", "", "", 0, false},
		{"statistics only", "processed 0 insns (limit 1000000) max_states_per_insn 0\n", "", 0, false},
		{"two lines", "7: (85) call pc+1\nglobal function calls are not allowed while holding a lock,\nuse static function instead\nprocessed 8 insns\n",
			"global function calls are not allowed while holding a lock, use static function instead", 8, true},
		{"no newline", "3: (95) exit\ninsn 3 cannot call exception cb directlyprocessed 2 insns (limit 1) x\n", "insn 3 cannot call exception cb directly", 4, false},
		// From 7.2 on a report follows the classic message.
		{"report", "9: (95) exit\nBPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region\n\n" +
			"Verification failed: Execution Context Safety: exit with a lock held\nReason: the lock is still held\nAt\n 9: (95) exit\n",
			"BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region", 10, true},
		// A source line that quotes a message is not one.
		{"quoting source", "; bpf_printk(\"bpf_spin_unlock is missing\"); @ x.c:3\n4: (85) call bpf_trace_printk#6\nR1 !read_ok\n", "R1 !read_ok", 5, false},
		{"state after", "5: (85) call bpf_spin_unlock#94       ; R0=1\nbpf_spin_unlock without taking a lock\n", "bpf_spin_unlock without taking a lock", 6, true},
		{"no instruction", "tracing progs cannot use bpf_spin_lock yet\nprocessed 0 insns (limit 1000000)\n", "tracing progs cannot use bpf_spin_lock yet", 0, true},
	} {
		p := parseLog(tc.log)
		if p.line != tc.line || p.insn != tc.insn || (p.msg != nil) != tc.known {
			t.Errorf("%s: %+v", tc.name, p)
		}
	}
}

func TestJudgeNotLoadable(t *testing.T) {
	for _, tc := range []struct{ log, errno, want string }{
		{"", "EPERM", "privilege"},
		{"", "EINVAL", "before the verifier"},
		{"5: (85) call unknown#233685214\ninvalid func unknown#233685214\n", "EINVAL", "does not have"},
	} {
		l := Load{Errno: tc.errno}
		judge(&l, tc.log)
		if l.Verdict != NotLoadable || !strings.Contains(l.Reason, tc.want) {
			t.Errorf("%q (%s): %s, %s", tc.log, tc.errno, l.Verdict, l.Reason)
		}
	}
}

// Every rule that a message names must be one that a prediction can have.
func TestMessageRules(t *testing.T) {
	for _, m := range messages {
		for _, r := range m.rules {
			if !slices.Contains(rejectingRules, r) {
				t.Errorf("%s: %s never predicts a rejection", m.re, r)
			}
		}
	}
}
