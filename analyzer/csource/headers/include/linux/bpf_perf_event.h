/* The part of <linux/bpf_perf_event.h> that BPF programs use, for analysis. */
#ifndef __BLC_LINUX_BPF_PERF_EVENT_H
#define __BLC_LINUX_BPF_PERF_EVENT_H

#include <linux/ptrace.h>
#include <linux/types.h>
typedef struct pt_regs bpf_user_pt_regs_t;
struct bpf_perf_event_data {
	bpf_user_pt_regs_t regs;
	__u64 sample_period;
	__u64 addr;
};

#endif
