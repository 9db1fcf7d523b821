/*
 * Access to the arguments of traced functions, for analysis. BPF_PROG and its like
 * make two functions, as in libbpf: the program, which takes the context, and one
 * with the typed arguments, which it calls.
 */
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#include "bpf_helpers.h"

/*
 * The machine under the name that libbpf gives it: programs ask for it where they
 * name registers, system call numbers or addresses.
 */
#if defined(__TARGET_ARCH_x86)
#define bpf_target_x86
#define bpf_target_defined
#elif defined(__TARGET_ARCH_arm64)
#define bpf_target_arm64
#define bpf_target_defined
#elif defined(__TARGET_ARCH_arm)
#define bpf_target_arm
#define bpf_target_defined
#elif defined(__TARGET_ARCH_s390)
#define bpf_target_s390
#define bpf_target_defined
#elif defined(__TARGET_ARCH_powerpc)
#define bpf_target_powerpc
#define bpf_target_defined
#elif defined(__TARGET_ARCH_riscv)
#define bpf_target_riscv
#define bpf_target_defined
#elif defined(__TARGET_ARCH_loongarch)
#define bpf_target_loongarch
#define bpf_target_defined
#elif defined(__TARGET_ARCH_mips)
#define bpf_target_mips
#define bpf_target_defined
#elif defined(__TARGET_ARCH_sparc)
#define bpf_target_sparc
#define bpf_target_defined
#elif defined(__TARGET_ARCH_arc)
#define bpf_target_arc
#define bpf_target_defined
#endif

#if defined(__TARGET_ARCH_x86)
#if defined(__KERNEL__) || defined(__VMLINUX_H__) || defined(__BLC_VMLINUX_H__)
#define __PT_FIELD(kernel, user) kernel
#else
#define __PT_FIELD(kernel, user) user
#endif
#define __PT_REG(x, kernel, user) ((x)->__PT_FIELD(kernel, user))
#define PT_REGS_PARM1(x) __PT_REG(x, di, rdi)
#define PT_REGS_PARM2(x) __PT_REG(x, si, rsi)
#define PT_REGS_PARM3(x) __PT_REG(x, dx, rdx)
#define PT_REGS_PARM4(x) __PT_REG(x, cx, rcx)
#define PT_REGS_PARM5(x) __PT_REG(x, r8, r8)
#define PT_REGS_PARM6(x) __PT_REG(x, r9, r9)
#define PT_REGS_RET(x) __PT_REG(x, sp, rsp)
#define PT_REGS_FP(x) __PT_REG(x, bp, rbp)
#define PT_REGS_RC(x) __PT_REG(x, ax, rax)
#define PT_REGS_SP(x) __PT_REG(x, sp, rsp)
#define PT_REGS_IP(x) __PT_REG(x, ip, rip)
#define PT_REGS_PARM1_SYSCALL(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM2_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM3_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM4_SYSCALL(x) __PT_REG(x, r10, r10)
#define PT_REGS_PARM5_SYSCALL(x) PT_REGS_PARM5(x)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)PT_REGS_PARM1((struct pt_regs *)(ctx)))
#else
/* Registers of a machine that is not described here: any value. */
#define __PT_ANY(x) ((void)(x), __builtin_bpf_asm())
#define PT_REGS_PARM1(x) __PT_ANY(x)
#define PT_REGS_PARM2(x) __PT_ANY(x)
#define PT_REGS_PARM3(x) __PT_ANY(x)
#define PT_REGS_PARM4(x) __PT_ANY(x)
#define PT_REGS_PARM5(x) __PT_ANY(x)
#define PT_REGS_PARM6(x) __PT_ANY(x)
#define PT_REGS_RET(x) __PT_ANY(x)
#define PT_REGS_FP(x) __PT_ANY(x)
#define PT_REGS_RC(x) __PT_ANY(x)
#define PT_REGS_SP(x) __PT_ANY(x)
#define PT_REGS_IP(x) __PT_ANY(x)
#define PT_REGS_PARM1_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_PARM2_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_PARM3_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_PARM4_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_PARM5_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_PARM6_SYSCALL(x) __PT_ANY(x)
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)(ctx))
#endif
#define PT_REGS_PARM7(x) __builtin_bpf_asm()
#define PT_REGS_PARM8(x) __builtin_bpf_asm()
#define PT_REGS_PARM7_SYSCALL(x) __builtin_bpf_asm()

/* A read of a register by a probe helper, the CO-RE form: the value is what counts. */
#define __PT_READ(e) ({ unsigned long __v; bpf_probe_read_kernel(&__v, sizeof(__v), &(e)); __v; })
#define PT_REGS_PARM1_CORE(x) PT_REGS_PARM1((struct pt_regs *)(x))
#define PT_REGS_PARM2_CORE(x) PT_REGS_PARM2((struct pt_regs *)(x))
#define PT_REGS_PARM3_CORE(x) PT_REGS_PARM3((struct pt_regs *)(x))
#define PT_REGS_PARM4_CORE(x) PT_REGS_PARM4((struct pt_regs *)(x))
#define PT_REGS_PARM5_CORE(x) PT_REGS_PARM5((struct pt_regs *)(x))
#define PT_REGS_PARM6_CORE(x) PT_REGS_PARM6((struct pt_regs *)(x))
#define PT_REGS_PARM7_CORE(x) PT_REGS_PARM7((struct pt_regs *)(x))
#define PT_REGS_PARM8_CORE(x) PT_REGS_PARM8((struct pt_regs *)(x))
#define PT_REGS_RET_CORE(x) PT_REGS_RET((struct pt_regs *)(x))
#define PT_REGS_FP_CORE(x) PT_REGS_FP((struct pt_regs *)(x))
#define PT_REGS_RC_CORE(x) PT_REGS_RC((struct pt_regs *)(x))
#define PT_REGS_SP_CORE(x) PT_REGS_SP((struct pt_regs *)(x))
#define PT_REGS_IP_CORE(x) PT_REGS_IP((struct pt_regs *)(x))
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM4_CORE_SYSCALL(x) PT_REGS_PARM4_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_SYSCALL((struct pt_regs *)(x))
#define PT_REGS_PARM7_CORE_SYSCALL(x) PT_REGS_PARM7_SYSCALL((struct pt_regs *)(x))
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)PT_REGS_RET(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) BPF_KPROBE_READ_RET_IP(ip, ctx)

#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a ## b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply_(f, n) f ## n
#define ___bpf_apply(f, n) ___bpf_apply_(f, n)
#endif
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

#define ___bpf_ctx_cast0() ctx
#define ___bpf_ctx_cast1(x) ___bpf_ctx_cast0(), (void *)ctx[0]
#define ___bpf_ctx_cast2(x, args...) ___bpf_ctx_cast1(args), (void *)ctx[1]
#define ___bpf_ctx_cast3(x, args...) ___bpf_ctx_cast2(args), (void *)ctx[2]
#define ___bpf_ctx_cast4(x, args...) ___bpf_ctx_cast3(args), (void *)ctx[3]
#define ___bpf_ctx_cast5(x, args...) ___bpf_ctx_cast4(args), (void *)ctx[4]
#define ___bpf_ctx_cast6(x, args...) ___bpf_ctx_cast5(args), (void *)ctx[5]
#define ___bpf_ctx_cast7(x, args...) ___bpf_ctx_cast6(args), (void *)ctx[6]
#define ___bpf_ctx_cast8(x, args...) ___bpf_ctx_cast7(args), (void *)ctx[7]
#define ___bpf_ctx_cast9(x, args...) ___bpf_ctx_cast8(args), (void *)ctx[8]
#define ___bpf_ctx_cast10(x, args...) ___bpf_ctx_cast9(args), (void *)ctx[9]
#define ___bpf_ctx_cast11(x, args...) ___bpf_ctx_cast10(args), (void *)ctx[10]
#define ___bpf_ctx_cast12(x, args...) ___bpf_ctx_cast11(args), (void *)ctx[11]
#define ___bpf_ctx_cast(args...) ___bpf_apply(___bpf_ctx_cast, ___bpf_narg(args))(args)

/* One function that takes the context and calls the typed one. */
#define __BLC_PROG(name, ctx_type, call, params...)			\
name(ctx_type *ctx);							\
static inline __attribute__((always_inline)) typeof(name(0))		\
____##name(ctx_type *ctx, ##params);					\
typeof(name(0)) name(ctx_type *ctx)					\
{									\
	return ____##name(call);					\
}									\
static inline __attribute__((always_inline)) typeof(name(0))		\
____##name(ctx_type *ctx, ##params)

#define BPF_PROG(name, args...) __BLC_PROG(name, unsigned long long, ___bpf_ctx_cast(args), ##args)

/* Parameters of any type, each from as many 8-byte slots as it needs. */
#define ___bpf_treg(t) __builtin_choose_expr(sizeof(t) <= 8, 1, 2)
#define ___bpf_decl0()
#define ___bpf_decl2(t, n) , t n
#define ___bpf_decl4(t, n, r...) , t n ___bpf_decl2(r)
#define ___bpf_decl6(t, n, r...) , t n ___bpf_decl4(r)
#define ___bpf_decl8(t, n, r...) , t n ___bpf_decl6(r)
#define ___bpf_decl10(t, n, r...) , t n ___bpf_decl8(r)
#define ___bpf_decl12(t, n, r...) , t n ___bpf_decl10(r)
#define ___bpf_decl(args...) ___bpf_apply(___bpf_decl, ___bpf_narg(args))(args)
#define ___bpf_slot(t, i) *(t *)&ctx[i]
#define ___bpf_slots0()
#define ___bpf_slots2(i, t, n) , ___bpf_slot(t, i)
#define ___bpf_slots4(i, t, n, r...) , ___bpf_slot(t, i) ___bpf_slots2(i + ___bpf_treg(t), r)
#define ___bpf_slots6(i, t, n, r...) , ___bpf_slot(t, i) ___bpf_slots4(i + ___bpf_treg(t), r)
#define ___bpf_slots8(i, t, n, r...) , ___bpf_slot(t, i) ___bpf_slots6(i + ___bpf_treg(t), r)
#define ___bpf_slots10(i, t, n, r...) , ___bpf_slot(t, i) ___bpf_slots8(i + ___bpf_treg(t), r)
#define ___bpf_slots12(i, t, n, r...) , ___bpf_slot(t, i) ___bpf_slots10(i + ___bpf_treg(t), r)
#define ___bpf_slots(args...) ___bpf_apply(___bpf_slots, ___bpf_narg(args))(0, ##args)
#define BPF_PROG2(name, args...)					\
name(unsigned long long *ctx);						\
static inline __attribute__((always_inline)) typeof(name(0))		\
____##name(unsigned long long *ctx ___bpf_decl(args));			\
typeof(name(0)) name(unsigned long long *ctx)				\
{									\
	return ____##name(ctx ___bpf_slots(args));			\
}									\
static inline __attribute__((always_inline)) typeof(name(0))		\
____##name(unsigned long long *ctx ___bpf_decl(args))

#define ___bpf_kprobe_args0() ctx
#define ___bpf_kprobe_args1(x) ___bpf_kprobe_args0(), (void *)PT_REGS_PARM1(ctx)
#define ___bpf_kprobe_args2(x, args...) ___bpf_kprobe_args1(args), (void *)PT_REGS_PARM2(ctx)
#define ___bpf_kprobe_args3(x, args...) ___bpf_kprobe_args2(args), (void *)PT_REGS_PARM3(ctx)
#define ___bpf_kprobe_args4(x, args...) ___bpf_kprobe_args3(args), (void *)PT_REGS_PARM4(ctx)
#define ___bpf_kprobe_args5(x, args...) ___bpf_kprobe_args4(args), (void *)PT_REGS_PARM5(ctx)
#define ___bpf_kprobe_args6(x, args...) ___bpf_kprobe_args5(args), (void *)PT_REGS_PARM6(ctx)
#define ___bpf_kprobe_args7(x, args...) ___bpf_kprobe_args6(args), (void *)PT_REGS_PARM7(ctx)
#define ___bpf_kprobe_args8(x, args...) ___bpf_kprobe_args7(args), (void *)PT_REGS_PARM8(ctx)
#define ___bpf_kprobe_args(args...) ___bpf_apply(___bpf_kprobe_args, ___bpf_narg(args))(args)
#define BPF_KPROBE(name, args...) __BLC_PROG(name, struct pt_regs, ___bpf_kprobe_args(args), ##args)
#define ___bpf_kretprobe_args0() ctx
#define ___bpf_kretprobe_args1(x) ctx, (void *)PT_REGS_RC(ctx)
#define ___bpf_kretprobe_args(args...) ___bpf_apply(___bpf_kretprobe_args, ___bpf_narg(args))(args)
#define BPF_KRETPROBE(name, args...) __BLC_PROG(name, struct pt_regs, ___bpf_kretprobe_args(args), ##args)
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)

/* The system call handler is given its registers. */
#define ___bpf_syscall_args0() ctx
#define ___bpf_syscall_args1(x) ___bpf_syscall_args0(), (void *)PT_REGS_PARM1_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args2(x, args...) ___bpf_syscall_args1(args), (void *)PT_REGS_PARM2_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args3(x, args...) ___bpf_syscall_args2(args), (void *)PT_REGS_PARM3_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args4(x, args...) ___bpf_syscall_args3(args), (void *)PT_REGS_PARM4_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args5(x, args...) ___bpf_syscall_args4(args), (void *)PT_REGS_PARM5_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args6(x, args...) ___bpf_syscall_args5(args), (void *)PT_REGS_PARM6_SYSCALL(PT_REGS_SYSCALL_REGS(ctx))
#define ___bpf_syscall_args7(x, args...) ___bpf_syscall_args6(args), (void *)__builtin_bpf_asm()
#define ___bpf_syscall_args(args...) ___bpf_apply(___bpf_syscall_args, ___bpf_narg(args))(args)
#define BPF_KSYSCALL(name, args...) __BLC_PROG(name, struct pt_regs, ___bpf_syscall_args(args), ##args)
#define BPF_KPROBE_SYSCALL(name, args...) BPF_KSYSCALL(name, ##args)

#endif
