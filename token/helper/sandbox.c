/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/sandbox.h"

#include "base/log.h"
#include "token/helper/fence.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
/* As if the kernel did not have it: the C library then takes the older call, which can be judged.
 */
#define ABSENT BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
/* Skips what is behind it. */
#define UNLESS(compare, value) BPF_JUMP(BPF_JMP | (compare) | BPF_K, (value), 0, 1)

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)
#define OWN ((__u32)getpid())

static enum err enter_list(void)
{
    struct sock_filter program[] = {
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
        UNLESS(BPF_JEQ, __NR_clone3),
        ABSENT,
#define X(call, argument, jump, value, then)                                                       \
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 3), LOAD(args[argument]),        \
        UNLESS(jump, value), then,
#include "token/helper/sandbox_given.def"
#undef X
        LOAD(nr),
#define X(call, argument, jump, value, then) UNLESS(BPF_JEQ, __NR_##call), KILL,
#include "token/helper/sandbox_given.def"
#undef X
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 1, 0),
        ALLOW,
        LOAD(args[1]), /* its low half: the kernel looks at no more */
#define X(request) UNLESS(BPF_JEQ, request), KILL,
#include "token/helper/sandbox_ioctl.def"
#undef X
        ALLOW,
    };
    const struct sock_fprog all = {sizeof program / sizeof program[0], program};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) != 0)
        return log_fail(ERR_INTERNAL, "helper.sandbox", "%s", strerror(errno));
    return ERR_OK;
}

enum err sandbox_enter(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return log_fail(ERR_INTERNAL, "helper.sandbox", "%s", strerror(errno));
    enum err e = fence_enter();
    return e ? e : enter_list();
}
