/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts that bpflockcheck reads from the code; clang keeps them in BTF. */
#ifndef __TEST_ANNOTATIONS_H__
#define __TEST_ANNOTATIONS_H__

#define __guarded_by(lock) __attribute__((btf_decl_tag("guarded_by:" #lock)))
#define __data_racy __attribute__((btf_decl_tag("data_racy")))
#define __single_writer __attribute__((btf_decl_tag("single_writer")))

#ifndef READ_ONCE
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))
#endif

#endif
