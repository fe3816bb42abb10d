/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/sandbox.h"

#include "base/log.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#define OTHER_ABI 0x40000000U /* x32 calls have numbers from here on */
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OWN_ARCH AUDIT_ARCH_RISCV64
#endif /* for another machine: its AUDIT_ARCH_ from <linux/audit.h> */

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* Skips the KILL behind it. */
#define UNLESS(compare, value) BPF_JUMP(BPF_JMP | (compare) | BPF_K, (value), 0, 1)

static const struct sock_filter program[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
    KILL,
    LOAD(nr),
#ifdef OTHER_ABI
    UNLESS(BPF_JGE, OTHER_ABI),
    KILL,
#endif
#define X(call) UNLESS(BPF_JEQ, __NR_##call), KILL,
#include "token/helper/sandbox.def"
#undef X
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 1, 0),
    ALLOW,
    LOAD(args[1]), /* its low half: the kernel looks at no more */
#define X(request) UNLESS(BPF_JEQ, request), KILL,
#include "token/helper/sandbox_ioctl.def"
#undef X
    ALLOW,
};

enum err sandbox_enter(void)
{
    /* The kernel takes it as non-const and only reads it. */
    const struct sock_fprog all = {sizeof program / sizeof program[0],
                                   (struct sock_filter *)(uintptr_t)program};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) != 0)
        return log_fail(ERR_INTERNAL, "helper.sandbox", "%s", strerror(errno));
    return ERR_OK;
}
