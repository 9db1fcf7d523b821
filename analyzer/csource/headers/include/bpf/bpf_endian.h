/* Byte order, for analysis. BPF programs are taken to be little-endian. */
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

#define __bpf_constant_htons(x) ((unsigned short)((((x) & 0xffU) << 8) | (((x) & 0xff00U) >> 8)))
#define __bpf_constant_ntohs(x) __bpf_constant_htons(x)
#define __bpf_constant_htonl(x) ((unsigned int)((((x) & 0xffU) << 24) | (((x) & 0xff00U) << 8) | (((x) & 0xff0000U) >> 8) | (((x) & 0xff000000U) >> 24)))
#define __bpf_constant_ntohl(x) __bpf_constant_htonl(x)
#define ___bpf_swab64(x) ((unsigned long long)__bpf_constant_htonl((x) & 0xffffffffULL) << 32 | __bpf_constant_htonl(((x) >> 32) & 0xffffffffULL))
#define __bpf_constant_cpu_to_be64(x) ___bpf_swab64(x)
#define __bpf_constant_be64_to_cpu(x) ___bpf_swab64(x)
#define ___bpf_swab16(x) __bpf_constant_htons(x)
#define ___bpf_swab32(x) __bpf_constant_htonl(x)

#define __bpf_htons(x) __builtin_bswap16(x)
#define __bpf_ntohs(x) __builtin_bswap16(x)
#define __bpf_htonl(x) __builtin_bswap32(x)
#define __bpf_ntohl(x) __builtin_bswap32(x)
#define __bpf_cpu_to_be64(x) __builtin_bswap64(x)
#define __bpf_be64_to_cpu(x) __builtin_bswap64(x)

#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_htonl(x) __builtin_bswap32(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
#define bpf_cpu_to_be64(x) __builtin_bswap64(x)
#define bpf_be64_to_cpu(x) __builtin_bswap64(x)

#endif
