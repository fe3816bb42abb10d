/* SPDX-License-Identifier: Apache-2.0 */
#include "token/serve.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define GLANCE_MS 200 /* until who may give up is asked */
#define TYPE_LEN 2    /* bytes before a question's payload */
#define NAME_MAX_LEN 64
#define PACKET_MAX (SERVE_MESSAGE_MAX + 1 + NAME_MAX_LEN)

/* poll's array: the stop descriptor, the listener, then connections without gaps. */
enum { STOP, LISTEN, FIRST_CONNECTION };

/* What callers want of it. */
struct kind {
    const struct serve_handler *table;
    size_t count;
    void *ctx;
    void (*given)(void *ctx, int fd); /* NULL: descriptors stay with the kernel */
    bool (*welcome)(pid_t peer);      /* of this user; NULL: whoever comes is answered */
};

struct loop {
    struct kind kind;
    struct pollfd fds[FIRST_CONNECTION + SERVE_CONNECTIONS_MAX];
    /* A question's number, for each connection its last one's; 0: it has asked nothing yet. */
    uint64_t turn, heard[FIRST_CONNECTION + SERVE_CONNECTIONS_MAX];
    nfds_t used;
    bool alone; /* there is one descriptor, and nothing else to wait for */
    uint8_t packet[PACKET_MAX];
};

/* What a handler fills, and where it goes. */
struct answer {
    struct buf payload; /* first: it is all that the handler sees */
    int fd;
};

static enum err socket_address(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return log_fail(ERR_IO, "serve.socket", "%s: longer than a socket's path may be", path);
    memcpy(address->sun_path, path, strlen(path) + 1);
    return ERR_OK;
}

/* errno of connect(), or 0. A helper that hangs with a full backlog (EAGAIN) must not make the
 * caller wait: hence non-blocking, for this call only. */
static int connect_to(const struct sockaddr_un *address, int *out)
{
    *out = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out >= 0 && connect(*out, (const struct sockaddr *)address, sizeof *address) == 0 &&
        fcntl(*out, F_SETFL, 0) == 0)
        return 0;
    int failure = errno;
    if (*out >= 0)
        close(*out);
    *out = -1;
    return failure;
}

enum err serve_connect(const char *path, int *out)
{
    struct sockaddr_un address;

    *out = -1;
    if (socket_address(path, &address)) /* where nobody can listen */
        return ERR_UNAVAILABLE;
    return connect_to(&address, out) == 0 ? ERR_OK : ERR_UNAVAILABLE;
}

enum err serve_listen(const char *path, int *out)
{
    struct sockaddr_un address;
    int other = -1;

    *out = -1;
    enum err e = socket_address(path, &address);
    if (e)
        return e;
    int failure = connect_to(&address, &other);
    if (failure == 0 || failure == EAGAIN) {
        if (other >= 0)
            close(other);
        return log_fail(ERR_IO, "serve.listen", "%s: another process listens there", path);
    }
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* On Linux a socket's file takes its mode from the descriptor's, before anybody can connect. */
    if (fd < 0 || fchmod(fd, 0600) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, SERVE_CONNECTIONS_MAX) != 0) {
        e = log_fail(ERR_IO, "serve.listen", "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return e;
    }
    *out = fd;
    return ERR_OK;
}

pid_t serve_peer(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid())
        return -1;
    return peer.pid;
}

bool serve_peer_is_own(int fd)
{
    return serve_peer(fd) >= 0;
}

static enum err run_handler(const struct loop *l, size_t len, struct buf *payload)
{
    if (len < TYPE_LEN)
        return ERR_USAGE;
    unsigned type = (unsigned)l->packet[0] << 8 | l->packet[1];
    for (size_t i = 0; i < l->kind.count; i++) {
        if (l->kind.table[i].type != type)
            continue;
        if (len - TYPE_LEN > l->kind.table[i].max)
            return ERR_TOO_LARGE;
        return l->kind.table[i].handle(l->kind.ctx, l->packet + TYPE_LEN, len - TYPE_LEN, payload);
    }
    return ERR_USAGE;
}

/* Never waits: who does not read is not waited for. */
static bool send_answer(const struct answer *a, enum err result)
{
    const char *name = err_name(result);
    uint8_t name_len = (uint8_t)strlen(name);
    struct iovec parts[] = {
        {.iov_base = &name_len, .iov_len = 1},
        {.iov_base = (void *)(uintptr_t)name, .iov_len = name_len},
        {.iov_base = a->payload.data, .iov_len = result ? 0 : a->payload.len},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof parts / sizeof parts[0]};
    return sendmsg(a->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

enum err serve_part(struct buf *answer)
{
    struct answer *a = (struct answer *)answer;

    bool sent = send_answer(a, ERR_OK);
    buf_clear(&a->payload);
    return sent ? ERR_OK : ERR_UNAVAILABLE;
}

/* One question into the packet, and what came with it. The kernel closes what has no room. */
static ssize_t receive_question(struct loop *l, int fd)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = l->packet, .iov_len = sizeof l->packet};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int descriptor;

    if (l->kind.given) {
        message.msg_control = control.room;
        message.msg_controllen = CMSG_LEN(sizeof descriptor); /* CMSG_SPACE has room for two */
    }
    int wait = l->alone ? 0 : MSG_DONTWAIT;
    ssize_t n = recvmsg(fd, &message, wait | MSG_TRUNC | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n >= 0 && l->kind.given ? CMSG_FIRSTHDR(&message) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof descriptor)) {
        memcpy(&descriptor, CMSG_DATA(c), sizeof descriptor);
        l->kind.given(l->kind.ctx, descriptor);
    }
    return n;
}

/* False when the connection is finished. */
static bool answer_one(struct loop *l, int fd)
{
    struct answer a = {BUF_INIT(SERVE_MESSAGE_MAX), fd};
    ssize_t n = receive_question(l, fd);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    enum err result = ERR_TOO_LARGE;
    if ((size_t)n <= sizeof l->packet)
        result = run_handler(l, (size_t)n, &a.payload);
    bool sent = send_answer(&a, result);
    secret_wipe(l->packet, sizeof l->packet < (size_t)n ? sizeof l->packet : (size_t)n);
    buf_free(&a.payload);
    return sent;
}

static void drop(struct loop *l, nfds_t i)
{
    close(l->fds[i].fd);
    l->used--;
    l->fds[i] = l->fds[l->used];
    l->heard[i] = l->heard[l->used];
}

static void drop_most_silent(struct loop *l)
{
    nfds_t most = FIRST_CONNECTION;

    for (nfds_t i = FIRST_CONNECTION; i < l->used; i++)
        if (l->heard[i] < l->heard[most])
            most = i;
    drop(l, most);
}

static void accept_one(struct loop *l)
{
    int fd = accept4(l->fds[LISTEN].fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (l->kind.welcome && (!serve_peer_is_own(fd) || !l->kind.welcome(serve_peer(fd)))) {
        log_event(LOG_WARN, "serve.peer", "another user's, or not a program of this one's");
        close(fd);
        return;
    }
    if (l->used == sizeof l->fds / sizeof l->fds[0]) {
        log_event(LOG_WARN, "serve.full", "more than %d connections", SERVE_CONNECTIONS_MAX);
        drop_most_silent(l);
    }
    l->heard[l->used] = 0;
    l->fds[l->used++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Answers at most one question of each connection, so that none starves another. */
static void answer_connections(struct loop *l)
{
    for (nfds_t i = FIRST_CONNECTION; i < l->used;) {
        if (l->fds[i].revents && !answer_one(l, l->fds[i].fd)) {
            drop(l, i); /* another one stands at I now */
            continue;
        }
        if (l->fds[i].revents)
            l->heard[i] = ++l->turn;
        i++;
    }
}

static enum err run_loop(struct loop *l, bool listening)
{
    for (;;) {
        if (l->alone) {
            if (!answer_one(l, l->fds[LISTEN].fd))
                return ERR_OK;
            continue;
        }
        if (poll(l->fds, l->used, -1) < 0) {
            if (errno == EINTR)
                continue;
            return log_fail(ERR_IO, "serve.poll", "%s", strerror(errno));
        }
        if (l->fds[STOP].revents)
            return ERR_OK;
        answer_connections(l);
        if (!l->fds[LISTEN].revents)
            continue;
        if (listening)
            accept_one(l);
        else if (!answer_one(l, l->fds[LISTEN].fd))
            return ERR_OK;
    }
}

static enum err loop(const struct kind *kind, int listen_fd, int stop_fd)
{
    int listening = 0;
    socklen_t size = sizeof listening;

    if (getsockopt(listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0)
        return log_fail(ERR_IO, "serve.socket", "%s", strerror(errno));
    struct loop *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NO_MEMORY;
    l->kind = *kind;
    l->fds[STOP] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    l->fds[LISTEN] = (struct pollfd){.fd = listen_fd, .events = POLLIN};
    l->used = FIRST_CONNECTION;
    l->alone = !listening && stop_fd < 0;
    enum err e = run_loop(l, listening != 0);
    while (l->used > FIRST_CONNECTION)
        close(l->fds[--l->used].fd);
    free(l);
    return e;
}

enum err serve_loop(int listen_fd, const struct serve_handler *table, size_t count, void *ctx,
                    int stop_fd)
{
    return serve_loop_given(listen_fd, table, count, ctx, stop_fd, NULL);
}

enum err serve_loop_given(int listen_fd, const struct serve_handler *table, size_t count, void *ctx,
                          int stop_fd, void (*given)(void *ctx, int fd))
{
    const struct kind kind = {.table = table, .count = count, .ctx = ctx, .given = given};
    return loop(&kind, listen_fd, stop_fd);
}

enum err serve_loop_own(int listen_fd, const struct serve_handler *table, size_t count, void *ctx,
                        int stop_fd, bool (*welcome)(pid_t peer))
{
    const struct kind kind = {.table = table, .count = count, .ctx = ctx, .welcome = welcome};
    return loop(&kind, listen_fd, stop_fd);
}

static bool (*_Atomic given_up)(void);

void serve_give_up(bool (*over)(void))
{
    given_up = over;
}

bool serve_gave_up(void)
{
    bool (*over)(void) = given_up;

    return over && over();
}

/* Until FD is ready for EVENTS, the deadline has passed or the caller has given up. */
static enum err wait_ready(int fd, short events, int64_t deadline_mono_us)
{
    for (;;) {
        struct pollfd one = {.fd = fd, .events = events};
        int64_t left_ms = (deadline_mono_us - clock_mono_us() + 999) / 1000;
        if (left_ms <= 0 || serve_gave_up())
            return ERR_TIMEOUT;
        if (given_up && left_ms > GLANCE_MS)
            left_ms = GLANCE_MS;
        int n = poll(&one, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (n > 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR)
            return ERR_UNAVAILABLE;
    }
}

enum err serve_ask(int fd, int give, uint16_t type, const uint8_t *msg, size_t len,
                   int64_t deadline_mono_us)
{
    if (len > SERVE_MESSAGE_MAX)
        return ERR_TOO_LARGE;
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof give)];
    } control = {0};
    uint8_t head[TYPE_LEN] = {(uint8_t)(type >> 8), (uint8_t)type};
    struct iovec parts[] = {
        {.iov_base = head, .iov_len = sizeof head},
        {.iov_base = (void *)(uintptr_t)msg, .iov_len = len},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof parts / sizeof parts[0]};

    if (give >= 0) {
        control.align = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof give), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.align), &give, sizeof give);
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
    }
    for (;;) {
        if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return ERR_OK;
        if (errno != EAGAIN && errno != EINTR)
            return ERR_UNAVAILABLE;
        enum err e = wait_ready(fd, POLLOUT, deadline_mono_us);
        if (e)
            return e;
    }
}

static enum err receive_packet(int fd, int64_t deadline_mono_us, uint8_t packet[static PACKET_MAX],
                               size_t *len)
{
    for (;;) {
        ssize_t n = recv(fd, packet, PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (n > 0 && (size_t)n <= PACKET_MAX) {
            *len = (size_t)n;
            return ERR_OK;
        }
        if (n >= 0 || (errno != EAGAIN && errno != EINTR))
            return ERR_UNAVAILABLE;
        enum err e = wait_ready(fd, POLLIN, deadline_mono_us);
        if (e)
            return e;
    }
}

static enum err read_answer(const uint8_t *packet, size_t len, struct buf *answer)
{
    size_t name_len = packet[0];
    if (len < 1 + name_len)
        return ERR_UNAVAILABLE;
    const char *name = (const char *)packet + 1;
    const char *ok = err_name(ERR_OK);
    if (name_len != strlen(ok) || memcmp(name, ok, name_len) != 0) {
        /* That time is up is not for who answers to say. */
        enum err said = err_from_name(name, name_len);
        return said == ERR_TIMEOUT ? ERR_UNAVAILABLE : said;
    }
    return buf_add(answer, packet + 1 + name_len, len - 1 - name_len);
}

enum err serve_call(int fd, uint16_t type, const uint8_t *msg, size_t len, int64_t deadline_mono_us,
                    struct buf *answer)
{
    return serve_call_giving(fd, -1, type, msg, len, deadline_mono_us, answer);
}

enum err serve_call_giving(int fd, int give, uint16_t type, const uint8_t *msg, size_t len,
                           int64_t deadline_mono_us, struct buf *answer)
{
    enum err e = serve_ask(fd, give, type, msg, len, deadline_mono_us);

    return e ? e : serve_hear(fd, deadline_mono_us, answer);
}

enum err serve_hear(int fd, int64_t deadline_mono_us, struct buf *answer)
{
    uint8_t packet[PACKET_MAX]; /* of which only what came is touched */
    size_t packet_len = 0;

    enum err e = receive_packet(fd, deadline_mono_us, packet, &packet_len);
    if (!e)
        e = read_answer(packet, packet_len, answer);
    secret_wipe(packet, packet_len);
    return e;
}
