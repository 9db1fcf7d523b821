package kernel

import "strings"

// XDPRxQueueOff is where struct xdp_md has rx_queue_index
// (include/uapi/linux/bpf.h, since 4.16).
const XDPRxQueueOff = 16

// attachContext says at which level a tracing program runs, judging by what it
// is attached to. Only attach points whose level is sure are known; every
// other gives Anywhere.
func attachContext(info ProgInfo) Context {
	task := Context{Name: "process context", TaskContext: true}
	switch info.Prefix {
	case "ksyscall", "kretsyscall":
		return task
	}
	name := info.Attach
	switch info.Type {
	case ProgTypeTracepoint:
		group, event, _ := strings.Cut(name, "/")
		switch group {
		case "syscalls", "raw_syscalls":
			return task
		case "":
			return Context{Name: "a context that depends on its attachment", Anywhere: true}
		}
		name = event
	case ProgTypeKprobe, ProgTypeTracing:
		if info.Prefix != "tp_btf" {
			return functionContext(name)
		}
	}
	return tracepointContext(name)
}

// tracepointContext: by the places that fire them (Linux 6.12).
func tracepointContext(event string) Context {
	switch event {
	case "sys_enter", "sys_exit", "sched_process_exec", "sched_process_exit", "sched_process_fork", "sched_process_free",
		"task_newtask", "task_rename", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task", "module_load", "module_free":
		return Context{Name: "process context", TaskContext: true}
	case "sched_switch":
		// kernel/sched/core.c __schedule: interrupts are off, and a task is
		// switched on one CPU at a time.
		return Context{Name: "scheduler (interrupts off)", TaskContext: true, IRQsOff: true, SoftIRQsOff: true,
			Serial: SerialTask, Serialised: "the run-queue lock"}
	case "softirq_entry", "softirq_exit", "napi_poll", "netif_receive_skb", "xdp_exception", "xdp_redirect", "xdp_redirect_err",
		"xdp_bulk_tx", "net_rx_action":
		return Context{Name: "softirq", SoftIRQ: true, SoftIRQsOff: true}
	case "irq_handler_entry", "irq_handler_exit", "hrtimer_expire_entry", "hrtimer_expire_exit", "local_timer_entry",
		"local_timer_exit":
		return Context{Name: "hard interrupt", HardIRQ: true, IRQsOff: true, SoftIRQsOff: true}
	case "nmi_handler":
		return Context{Name: "NMI", NMI: true, IRQsOff: true, SoftIRQsOff: true}
	}
	return Context{Name: "a context that depends on its attachment", Anywhere: true}
}

// taskPrefixes begin the names of kernel functions that only run in process
// context: system calls and the file system's upper half.
var taskPrefixes = []string{
	"__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__ia32_sys_", "__se_sys_", "__do_sys_", "ksys_", "do_sys_", "vfs_", "do_unlinkat",
	"do_rmdir", "do_mkdirat", "do_renameat", "security_file_", "security_path_", "security_bprm_", "bprm_execve", "wake_up_new_task",
	"path_openat", "filemap_fault", "do_execve", "do_exit", "mmput",
}

// taskFunctions likewise, by their whole name.
var taskFunctions = map[string]bool{
	"tcp_sendmsg": true, "tcp_recvmsg": true, "udp_sendmsg": true, "udp_recvmsg": true, "udpv6_sendmsg": true,
	"udpv6_recvmsg": true, "inet_bind": true, "inet6_bind": true, "inet_listen": true, "inet_csk_accept": true,
	"tcp_v4_connect": true, "tcp_v6_connect": true, "inet_stream_connect": true, "unix_stream_sendmsg": true,
	"cap_capable": true, "do_filp_open": true, "sock_sendmsg": true, "sock_recvmsg": true,
}

// softFunctions run in softirq, or with softirqs off.
var softFunctions = map[string]bool{
	"ip_rcv": true, "ipv6_rcv": true, "tcp_v4_rcv": true, "tcp_v6_rcv": true, "udp_rcv": true, "icmp_rcv": true,
	"__netif_receive_skb_core": true, "napi_gro_receive": true, "napi_complete_done": true, "net_rx_action": true,
}

func functionContext(name string) Context {
	name, _, _ = strings.Cut(name, "+")
	if softFunctions[name] {
		return Context{Name: "softirq", SoftIRQ: true, SoftIRQsOff: true}
	}
	if taskFunctions[name] {
		return Context{Name: "process context", TaskContext: true}
	}
	for _, p := range taskPrefixes {
		if strings.HasPrefix(name, p) {
			return Context{Name: "process context", TaskContext: true}
		}
	}
	return Context{Name: "a context that depends on its attachment", Anywhere: true}
}
