/* SPDX-License-Identifier: Apache-2.0 */
#include "token/remote/inner.h"

#include "base/file.h"
#include "base/log.h"
#include "token/landlock.h"
#include "token/remote.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER TOKEN_HELPER_FROM_BIN "/countersign-token"

extern char **environ;

bool token_remote_fenced(void)
{
    return landlock_version() >= 1;
}

/* It gets its socket, where it may say something, and nothing else that is open here; and it has a
 * session of its own, which has no terminal. */
static int spawn(const char *path, int socket, pid_t *pid)
{
    const int says = said_end();
    char level[] = {(char)('0' + log_least()), '\0'};
    char name[] = "countersign-token";
    char *const argv[] = {name, level, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, says < 0 ? STDOUT_FILENO : says, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&files, socket, WIRE_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, WIRE_FD + 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    int failure = posix_spawn(pid, path, &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

/* Whoever started this program may have had SIGCHLD ignored: then nobody waits for a child that
 * ended, and its number, which is still killed here, soon is another process's. */
static void keep_children(void)
{
    static const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction now;

    if (sigaction(SIGCHLD, NULL, &now) == 0 &&
        (now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT)))
        (void)sigaction(SIGCHLD, &usual, NULL);
}

enum err process_start(pid_t *pid, int *control)
{
    char path[PATH_MAX];
    int ends[2];

    keep_children();
    if (file_from_program(HELPER, path)) /* never looked for */
        return log_fail(ERR_TOKEN_HELPER, "token.helper", "no way to it from /proc/self/exe");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return log_fail(ERR_IO, "token.helper", "%s", strerror(errno));
    int failure = spawn(path, ends[1], pid);
    close(ends[1]);
    if (failure) {
        close(ends[0]);
        return log_fail(ERR_TOKEN_HELPER, "token.helper", "%s: %s", path, strerror(failure));
    }
    *control = ends[0];
    return ERR_OK;
}

int process_await(pid_t pid, int left_ms)
{
    struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    int status = 0;

    if (left_ms == 0 || end.fd < 0 || poll(&end, 1, left_ms) < 1)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (end.fd >= 0)
        close(end.fd);
    return status;
}

/* That its end of the socket is closed says nothing: its module can close it. */
int process_end(pid_t pid, int control, int left_ms)
{
    (void)shutdown(control, SHUT_WR);
    int status = process_await(pid, left_ms);
    close(control);
    said_show(true);
    if (WIFSIGNALED(status))
        log_event(LOG_INFO, "token.helper", "ended by signal %d", WTERMSIG(status));
    return status;
}
