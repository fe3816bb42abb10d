/* SPDX-License-Identifier: Apache-2.0
 *
 * countersign-token: the process that one PKCS#11 module runs in, with the PIN. The programs of
 * people start it; it has no use for anybody else. Whatever the module does, it does it here.
 */
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "token/helper/answers.h"
#include "token/helper/keep.h"
#include "token/helper/readers.h"
#include "token/helper/sandbox.h"
#include "token/wire.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It has no terminal that could send any; whoever started it says when it ends. */
static void leave_signals(void)
{
    static const int left[] = {SIGINT, SIGQUIT, SIGHUP, SIGPIPE};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        (void)sigaction(left[i], &ignore, NULL);
}

static void *answer_connection(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    struct answers connection = {.given = -1};
    size_t count = 0;
    const struct serve_handler *table = answers_table(&count);

    if (serve_loop_given(fd, table, count, &connection, -1, answers_given))
        log_event(LOG_WARN, "helper.connection", "it ended by itself");
    answers_given(&connection, -1);
    page_unmap(connection.page);
    close(fd);
    return NULL;
}

/* A connection without a thread ends, and its other end sees that. */
static void start_connection(void *ctx, int fd)
{
    pthread_t thread;

    (void)ctx;
    if (pthread_create(&thread, NULL, answer_connection, (void *)(intptr_t)fd) == 0)
        pthread_detach(thread);
    else
        close(fd);
}

static enum err connected(void *ctx, const uint8_t *msg, size_t len, struct buf *answer)
{
    (void)ctx;
    (void)msg;
    (void)len;
    (void)answer;
    return ERR_OK;
}

static bool is_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
    static const struct serve_handler first[] = {{WIRE_CONNECT, 0, connected},
                                                 {WIRE_READERS, 4, readers_answer}};
    uint64_t level = LOG_SILENT;

    if (argc != 2 || text_parse_u64(argv[1], strlen(argv[1]), LOG_DEBUG, &level) ||
        !is_socket(WIRE_FD)) {
        fputs("countersign-token: countersign and bankctl start this program; see countersign(1)\n",
              stderr);
        return EXIT_USAGE;
    }
    log_init("countersign-token", (enum log_level)level);
    leave_signals();
    if (secret_harden_process() || sandbox_enter())
        return EXIT_ENVIRONMENT;
    enum err e = serve_loop_given(WIRE_FD, first, 2, NULL, -1, start_connection);
    keep_await_end();
    /* A module that hangs or has threads keeps nothing alive. */
    _exit(e ? EXIT_ENVIRONMENT : EXIT_DONE);
}
