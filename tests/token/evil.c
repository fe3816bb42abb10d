/* SPDX-License-Identifier: Apache-2.0
 *
 * A PKCS#11 module that stands before SoftHSM2 ($EVIL_MODULE) and does in C_Sign what a broken or
 * broken-into one may do to its process, by the word in $EVIL. For tests only.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST functions;

static bool told(const char *what)
{
    const char *word = getenv("EVIL");
    return word && strcmp(word, what) == 0;
}

/* It leaves $EVIL_MARK behind: beside this one, and then in place of it. */
static void run_another_program(void)
{
    char *const words[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){": >\"$EVIL_MARK\""}, NULL};
    pid_t pid;

    if (posix_spawn(&pid, "/bin/sh", NULL, NULL, words, environ) == 0)
        (void)waitpid(pid, NULL, 0);
    (void)execve("/bin/sh", words, environ);
}

/* Over everything that follows on the stack, up to its end. */
static void __attribute__((noinline)) scribble(void)
{
    volatile unsigned char here = 0;
    volatile unsigned char *at = &here;

    for (;;)
        *at++ = 0xaa;
}

/* Two callers at once, or neither. */
static bool meet(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
    static unsigned here;
    struct timespec until;
    int waited = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&lock);
    here++;
    pthread_cond_broadcast(&came);
    while (here < 2 && waited == 0)
        waited = pthread_cond_timedwait(&came, &lock, &until);
    pthread_mutex_unlock(&lock);
    return waited == 0;
}

static CK_RV evil_sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *sig,
                       CK_ULONG *sig_len)
{
    if (told("abort"))
        abort();
    if (told("exec"))
        run_another_program();
    if (told("scribble"))
        scribble();
    while (told("spin"))
        ;
    if (told("meet") && !meet())
        return CKR_FUNCTION_FAILED;
    CK_RV rv = real->C_Sign(s, data, data_len, sig, sig_len);
    if (rv == CKR_OK && told("flip"))
        sig[0] ^= 1;
    if (rv == CKR_OK && told("long"))
        *sig_len = 1U << 20;
    return rv;
}

static void __attribute__((constructor)) loaded(void)
{
    if (told("exec-on-load"))
        run_another_program();
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    const char *path = getenv("EVIL_MODULE");
    void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) : NULL;
    CK_C_GetFunctionList get = NULL;

    if (module)
        *(void **)&get = dlsym(module, "C_GetFunctionList"); /* as dlsym(3) has it */
    if (!get || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    functions = *real;
    functions.C_Sign = evil_sign;
    *list = &functions;
    return CKR_OK;
}
