/*
 * Kernel types for when there is neither vmlinux.h nor BTF: the popular members, not
 * their offsets. What the user API gives is taken from the headers under linux/.
 */

typedef _Bool bool;
enum {
	false = 0,
	true = 1,
};
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned long size_t;
typedef long ssize_t;
typedef unsigned long uintptr_t;
typedef long intptr_t;
typedef int pid_t;
typedef int __kernel_pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef long loff_t;
typedef long off_t;
typedef unsigned short umode_t;
typedef unsigned int dev_t;
typedef unsigned int fmode_t;
typedef unsigned int gfp_t;
typedef unsigned long sector_t;
typedef unsigned char blk_status_t;
typedef unsigned int blk_opf_t;
typedef s64 ktime_t;
typedef long time64_t;
typedef unsigned short sa_family_t;
typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;
typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;
typedef struct {
	uid_t val;
} kuid_t;
typedef struct {
	gid_t val;
} kgid_t;
typedef struct {
	struct net *net;
} possible_net_t;
typedef unsigned long netdev_features_t;

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};
struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};
struct hlist_head {
	struct hlist_node *first;
};
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *);
};
struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};
struct kref {
	refcount_t refcount;
};
struct qspinlock {
	u32 val;
};
typedef struct spinlock {
	struct qspinlock rlock;
} spinlock_t;

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};
typedef struct pt_regs bpf_user_pt_regs_t;
struct bpf_perf_event_data {
	bpf_user_pt_regs_t regs;
	__u64 sample_period;
	__u64 addr;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	refcount_t count;
	unsigned int level;
	struct upid numbers[1];
};
struct ns_common {
	unsigned int inum;
};
struct pid_namespace {
	struct ns_common ns;
	unsigned int level;
	struct pid_namespace *parent;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct mnt_namespace {
	struct ns_common ns;
};
struct user_namespace {
	struct ns_common ns;
	struct user_namespace *parent;
	int level;
};
struct net {
	struct ns_common ns;
	u64 net_cookie;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct cgroup_namespace *cgroup_ns;
};
typedef struct {
	u64 val;
} kernel_cap_t;
struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};
struct mm_struct {
	unsigned long start_code;
	unsigned long end_code;
	unsigned long start_stack;
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long total_vm;
	struct file *exe_file;
};
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};
struct qstr {
	u32 hash;
	u32 len;
	const unsigned char *name;
};
struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct super_block {
	dev_t s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
	char s_id[32];
};
struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	dev_t i_rdev;
	loff_t i_size;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	fmode_t f_mode;
	struct inode *f_inode;
	unsigned int f_flags;
	struct path f_path;
	loff_t f_pos;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	int users;
	struct path root;
	struct path pwd;
};
struct signal_struct {
	struct pid *pids[4];
	int group_exit_code;
	atomic_t live;
};
struct kernfs_node {
	const char *name;
	struct kernfs_node *parent;
	u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
	int level;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	int id;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct sched_entity {
	u64 exec_start;
	u64 sum_exec_runtime;
	u64 vruntime;
};
struct sched_ext_entity {
	u64 slice;
	u64 dsq_vtime;
	u32 weight;
	u32 flags;
};
struct task_struct {
	unsigned int __state;
	void *stack;
	refcount_t usage;
	unsigned int flags;
	int on_cpu;
	int wake_cpu;
	int prio;
	int static_prio;
	int normal_prio;
	unsigned int rt_priority;
	struct sched_entity se;
	struct sched_ext_entity scx;
	unsigned int policy;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	int exit_state;
	int exit_code;
	int exit_signal;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct list_head children;
	struct list_head sibling;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 utime;
	u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	u64 start_time;
	u64 start_boottime;
	const struct cred *real_cred;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	u64 parent_exec_id;
	u64 self_exec_id;
	unsigned int sessionid;
};
struct linux_binprm {
	struct mm_struct *mm;
	struct file *file;
	const char *filename;
	const char *interp;
	int argc;
	int envc;
	struct cred *cred;
};
struct cpumask {
	unsigned long bits[128];
};
typedef struct cpumask cpumask_t;
struct bpf_cpumask {
	cpumask_t cpumask;
	refcount_t usage;
};
struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		unsigned int skc_hash;
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	u64 skc_cookie;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	int sk_sndbuf;
	int sk_rcvbuf;
	u32 sk_mark;
	struct socket *sk_socket;
	struct dst_entry *sk_dst_cache;
};
struct socket {
	short type;
	unsigned long flags;
	struct file *file;
	struct sock *sk;
};
struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	__be16 inet_sport;
};
struct inet_connection_sock {
	struct inet_sock icsk_inet;
	u32 icsk_rto;
	__u8 icsk_retransmits;
	u64 icsk_ca_priv[13];
};
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt;
	u32 snd_nxt;
	u32 snd_una;
	u32 srtt_us;
	u32 mdev_us;
	u32 snd_ssthresh;
	u32 snd_cwnd;
	u32 snd_cwnd_cnt;
	u32 snd_cwnd_clamp;
	u32 packets_out;
	u32 retrans_out;
	u32 total_retrans;
	u32 lost;
	u32 delivered;
	u64 bytes_sent;
	u64 bytes_acked;
	u64 bytes_received;
};
struct udp_sock {
	struct inet_sock inet;
};
struct unix_sock {
	struct sock sk;
};
struct request_sock {
	struct sock_common __req_common;
};
struct seq_file {
	char *buf;
	size_t size;
	size_t count;
	void *private;
};
struct net_device {
	char name[16];
	int ifindex;
	unsigned int mtu;
	unsigned int flags;
	possible_net_t nd_net;
};
struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
	unsigned int len;
	unsigned int data_len;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	__u32 mark;
	__u32 hash;
	unsigned char *head;
	unsigned char *data;
	unsigned int tail;
	unsigned int end;
};
struct xdp_buff {
	void *data;
	void *data_end;
	void *data_meta;
};
struct msghdr {
	void *msg_name;
	int msg_namelen;
};
struct block_device {
	dev_t bd_dev;
	struct gendisk *bd_disk;
};
struct gendisk {
	int major;
	int first_minor;
	char disk_name[32];
};
struct bio {
	struct block_device *bi_bdev;
	blk_opf_t bi_opf;
};
struct request {
	blk_opf_t cmd_flags;
	unsigned int __data_len;
	sector_t __sector;
	struct bio *bio;
	u64 start_time_ns;
	u64 io_start_time_ns;
};
struct trace_entry {
	unsigned short type;
	unsigned char flags;
	unsigned char preempt_count;
	int pid;
};
struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
	char __data[0];
};
struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
	char __data[0];
};
struct trace_event_raw_sched_switch {
	struct trace_entry ent;
	char prev_comm[16];
	pid_t prev_pid;
	int prev_prio;
	long prev_state;
	char next_comm[16];
	pid_t next_pid;
	int next_prio;
	char __data[0];
};
struct trace_event_raw_sched_process_template {
	struct trace_entry ent;
	char comm[16];
	pid_t pid;
	int prio;
	char __data[0];
};
struct trace_event_raw_sched_process_exec {
	struct trace_entry ent;
	u32 __data_loc_filename;
	pid_t pid;
	pid_t old_pid;
	char __data[0];
};
struct trace_event_raw_sched_process_fork {
	struct trace_entry ent;
	char parent_comm[16];
	pid_t parent_pid;
	char child_comm[16];
	pid_t child_pid;
	char __data[0];
};
struct trace_event_raw_sched_wakeup_template {
	struct trace_entry ent;
	char comm[16];
	pid_t pid;
	int prio;
	int target_cpu;
	char __data[0];
};
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};
struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};
struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};
struct bpf_map {
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u32 id;
	char name[16];
};
struct bpf_prog {
	u32 len;
	u32 type;
};
struct task_group {
	struct cgroup_subsys_state css;
};

struct bpf_iter_bits {
	__u64 __opaque[2];
};

struct bpf_iter_task {
	__u64 __opaque[3];
};

struct bpf_iter_css {
	__u64 __opaque[3];
};

struct bpf_iter_css_task {
	__u64 __opaque[1];
};

struct bpf_iter_task_vma {
	__u64 __opaque[1];
};

struct bpf_ct_opts {
	s32 netns_id;
	s32 error;
	u8 l4proto;
	u8 dir;
	u16 ct_zone_id;
	u8 ct_zone_dir;
	u8 reserved[3];
};
