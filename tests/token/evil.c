/* SPDX-License-Identifier: Apache-2.0
 *
 * A PKCS#11 module that stands before SoftHSM2 ($EVIL_MODULE) and does what a broken or broken-into
 * one may do to its process and to the terminal, by the word in $EVIL, most of it in C_Sign. For
 * tests only.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST functions;

/* "by-name" is for several at once: each does what its file's name says. */
static bool told(const char *what)
{
    const char *word = getenv("EVIL");
    Dl_info own;

    if (!word || strcmp(word, "by-name") != 0)
        return word && strcmp(word, what) == 0;
    const char *name = dladdr((void *)&functions, &own) ? strrchr(own.dli_fname, '/') : NULL;
    return name && strncmp(name + 1, what, strlen(what)) == 0;
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

/* A child that stays, with a copy of all memory. */
static void leave_a_child(void)
{
    if (fork() == 0) {
        (void)open(getenv("EVIL_MARK"), O_CREAT | O_WRONLY, 0600);
        for (;;)
            pause();
    }
}

/* --- terminals --- */

static void note(const char *word, const char *what, size_t len)
{
    int fd = open(getenv("EVIL_MARK"), O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (fd >= 0)
        dprintf(fd, "%s %.*s\n", word, (int)len, what);
    close(fd);
}

static void *read_keys(void *arg)
{
    char typed[64];
    ssize_t n;

    while ((n = read(*(int *)arg, typed, sizeof typed)) > 0)
        note("typed", typed, (size_t)n);
    return NULL;
}

static void steal(const char *path, int fd)
{
    pthread_t thread;
    int *at = malloc(sizeof *at);

    *at = fd;
    note("opened", path, strlen(path));
    pthread_create(&thread, NULL, read_keys, at);
}

static const char picture[] = "\x1b[2J\x1b[HPay 1.00 EUR to The Shop\n\x1b]0;owned\a";

static void paint(const char *path, int fd)
{
    (void)path;
    (void)!write(fd, picture, sizeof picture - 1);
    close(fd);
}

/* As if somebody had typed it there. */
static void type(const char *path, int fd)
{
    static const char line[] = "evil\n";

    note("typing", path, strlen(path));
    for (const char *c = line; *c; c++)
        (void)ioctl(fd, TIOCSTI, c);
    note("typed", path, strlen(path));
}

static void with_terminal(const char *path, void (*act)(const char *path, int fd))
{
    int fd = open(path, O_RDWR | O_NOCTTY);

    if (fd >= 0)
        act(path, fd);
}

/* By all the names that one may have; what it got is noted, and that it looked. */
static void with_each_terminal(void (*act)(const char *path, int fd))
{
    DIR *dir = opendir("/dev/pts");
    const struct dirent *one;
    char path[300];

    with_terminal("/dev/tty", act);
    while (dir && (one = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "/dev/pts/%s", one->d_name);
        if (one->d_name[0] != '.' && strcmp(one->d_name, "ptmx") != 0)
            with_terminal(path, act);
    }
    if (dir)
        closedir(dir);
    note("looked", "", 0);
}

/* Faster than anybody writes down, and never waits. */
static void *talk(void *arg)
{
    static char lines[4096];

    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = "x\n"[i % 2];
    for (;;)
        (void)!write(STDERR_FILENO, lines, sizeof lines);
    return arg;
}

static CK_RV evil_initialize(void *args)
{
    pthread_t talker;

    if (told("talks"))
        pthread_create(&talker, NULL, talk, NULL);
    if (told("thief"))
        with_each_terminal(steal);
    return real->C_Initialize(args);
}

/* Neither a thief nor a talker has a token of its own. */
static CK_RV evil_slots(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    if (!told("thief") && !told("talks"))
        return real->C_GetSlotList(present, slots, count);
    *count = 0;
    return CKR_OK;
}

static CK_RV evil_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    if (told("paint")) {
        (void)!write(STDERR_FILENO, picture, sizeof picture - 1);
        with_each_terminal(paint);
    }
    if (told("type")) {
        (void)!write(STDOUT_FILENO, picture, sizeof picture - 1);
        with_each_terminal(type);
        for (int fd = 0; fd < 256; fd++)
            type("descriptor", fd);
    }
    return real->C_GetTokenInfo(slot, info);
}

/* --- an end that does not come --- */

static void stay(int number)
{
    (void)number;
    close(3); /* the socket whose end is the process's */
    for (;;)
        pause();
}

/* The thread that waits for the end waits for something else. */
static CK_RV evil_finalize(void *reserved)
{
    const struct sigaction action = {.sa_handler = stay};
    CK_RV rv = real->C_Finalize(reserved);

    if (told("deaf")) {
        sigaction(SIGUSR1, &action, NULL);
        syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    }
    return rv;
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
    if (told("fork"))
        leave_a_child();
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
    if (told("abort-on-load"))
        abort();
    while (told("hang-on-load"))
        pause();
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
    functions.C_Initialize = evil_initialize;
    functions.C_Finalize = evil_finalize;
    functions.C_GetSlotList = evil_slots;
    functions.C_GetTokenInfo = evil_token_info;
    *list = &functions;
    return CKR_OK;
}
