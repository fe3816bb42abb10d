/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/vpcd.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define STALL_S 2

static void set_option(int fd, int level, int name)
{
    int on = 1;
    (void)setsockopt(fd, level, name, &on, sizeof on);
}

int vpcd_connect(uint16_t port)
{
    const struct sockaddr_in driver = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval stall = {.tv_sec = STALL_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&driver, sizeof driver) != 0) {
        close(fd);
        return -1;
    }
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
    return fd;
}

static bool receive_exactly(int fd, uint8_t *bytes, size_t len)
{
    /* The driver writes length and body apart: a delayed ACK would cost 44 ms an APDU. */
    set_option(fd, IPPROTO_TCP, TCP_QUICKACK);
    return len == 0 || recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

bool vpcd_receive(int fd, uint8_t *message, size_t size, size_t *len)
{
    uint8_t head[2];

    *len = 0;
    if (!receive_exactly(fd, head, sizeof head))
        return false;
    size_t body = (size_t)head[0] << 8 | head[1];
    if (body > size || !receive_exactly(fd, message, body))
        return false;
    *len = body;
    return true;
}

bool vpcd_send(int fd, const uint8_t *message, size_t len)
{
    uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};

    if (len > UINT16_MAX || send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_MORE) != sizeof head)
        return false;
    return send(fd, message, len, MSG_NOSIGNAL) == (ssize_t)len;
}
