/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/listen.h"
#include "base/log.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define FLAGS (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

/* --- TCP ---------------------------------------------------------------------------------------*/

struct address {
    struct sockaddr_storage at;
    socklen_t len;
};

/* Splits at the last colon; brackets around an IPv6 address go. */
static enum err parse_address(const char *text, struct address *out)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    uint64_t port;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (!colon || !len || len >= sizeof host ||
        text_parse_u64(colon + 1, strlen(colon + 1), UINT16_MAX, &port))
        return ERR_CONFIG_INVALID;
    memcpy(host, text, len);
    host[len] = 0;

    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return ERR_CONFIG_INVALID;
    memcpy(&out->at, found->ai_addr, found->ai_addrlen);
    out->len = found->ai_addrlen;
    freeaddrinfo(found);
    return ERR_OK;
}

bool listen_is_address(const char *text)
{
    struct address a;

    return parse_address(text, &a) == ERR_OK;
}

bool listen_is_loopback(const char *text)
{
    struct address a;

    if (parse_address(text, &a))
        return false;
    if (a.at.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&a.at)->sin6_addr);
    uint32_t v4 = ntohl(((const struct sockaddr_in *)&a.at)->sin_addr.s_addr);
    return v4 >> 24 == IN_LOOPBACKNET;
}

static uint16_t *port_of(struct address *a)
{
    if (a->at.ss_family == AF_INET6)
        return &((struct sockaddr_in6 *)&a->at)->sin6_port;
    return &((struct sockaddr_in *)&a->at)->sin_port;
}

/* Opens one; A learns the port that the system chose. */
static enum err open_tcp(struct address *a, int *out)
{
    int on = 1;
    int fd = socket(a->at.ss_family, FLAGS, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&a->at, a->len) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)&a->at, &a->len) == 0) {
        *out = fd;
        return ERR_OK;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ERR_IO;
}

enum err listen_tcp(const char *address, int *fds, size_t count, uint16_t *port)
{
    struct address a = {.len = 0};
    size_t n = 0;

    if (parse_address(address, &a))
        return log_fail(ERR_CONFIG_INVALID, "bankd.listen",
                        "%s is no address and port such as 127.0.0.1:8443", address);
    while (n < count && open_tcp(&a, &fds[n]) == ERR_OK)
        n++;
    if (n == count) {
        *port = ntohs(*port_of(&a));
        return ERR_OK;
    }
    enum err e = log_fail(ERR_IO, "bankd.listen", "%s: %s", address, strerror(errno));
    while (n)
        close(fds[--n]);
    return e;
}

/* --- Unix --------------------------------------------------------------------------------------*/

static bool somebody_listens(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;

    if (fd >= 0)
        close(fd);
    return answered;
}

static enum err bind_unix(const char *path, mode_t mask, int *out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof at.sun_path)
        return log_fail(ERR_CONFIG_INVALID, "bankd.listen", "%s is too long for a socket", path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (somebody_listens(&at))
        return log_fail(ERR_IO, "bankd.listen", "%s: another process listens there", path);
    unlink(path);

    int fd = socket(AF_UNIX, FLAGS, 0);
    if (fd >= 0) {
        mode_t before = umask(mask); /* so that it is never open to others, not even briefly */
        int bound = bind(fd, (struct sockaddr *)&at, sizeof at);
        umask(before);
        if (bound == 0 && listen(fd, BACKLOG) == 0) {
            *out = fd;
            return ERR_OK;
        }
    }
    enum err e = log_fail(ERR_IO, "bankd.listen", "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return e;
}

enum err listen_unix(const char *path, int *out)
{
    return bind_unix(path, 0177, out);
}

enum err listen_unix_open(const char *path, int *out)
{
    return bind_unix(path, 0111, out);
}

bool listen_peer_is(int fd, uint64_t uid)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid() || peer.uid == uid);
}

void listen_peer(int fd, char *out, size_t size)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    struct passwd entry, *found = NULL;
    char names[1024];

    out[0] = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
        (peer.uid != 0 && peer.uid != geteuid()))
        return;
    if (getpwuid_r(peer.uid, &entry, names, sizeof names, &found) == 0 && found)
        snprintf(out, size, "uid %u (%s)", peer.uid, found->pw_name);
    else
        snprintf(out, size, "uid %u", peer.uid);
}

/* Whoever has one IPv6 address has all of its 64 bits. All its digits, so that the first 15
 * characters are the first 48 bits. */
void listen_network_of(const struct sockaddr *at, char out[static LISTEN_NETWORK_MAX + 1])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;
    const uint8_t *at6 = v6->sin6_addr.s6_addr;

    out[0] = 0;
    if (at->sa_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, out, LISTEN_NETWORK_MAX);
    } else if (at->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, LISTEN_NETWORK_MAX);
    } else if (at->sa_family == AF_INET6) {
        snprintf(out, LISTEN_NETWORK_MAX + 1, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", at6[0],
                 at6[1], at6[2], at6[3], at6[4], at6[5], at6[6], at6[7]);
    }
}

void listen_network(int fd, char out[static LISTEN_NETWORK_MAX + 1])
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof at;

    out[0] = 0;
    if (getpeername(fd, (struct sockaddr *)&at, &len) == 0)
        listen_network_of((const struct sockaddr *)&at, out);
}
