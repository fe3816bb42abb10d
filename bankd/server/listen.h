/* SPDX-License-Identifier: Apache-2.0
 *
 * listen: the bank's listening sockets, non-blocking, and who is at the other end of a Unix one.
 */
#ifndef BANKD_SERVER_LISTEN_H
#define BANKD_SERVER_LISTEN_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "ADDRESS:PORT" with a numeric address, IPv6 in brackets. COUNT sockets share the port
 * (SO_REUSEPORT); port 0 means any, *PORT says which. On failure none is open, and it was logged:
 * CONFIG_INVALID, IO. */
MUST_CHECK enum err listen_tcp(const char *address, int *fds, size_t count, uint16_t *port);

/* Whether TEXT is such an address; nothing is opened. */
bool listen_is_address(const char *text);

bool listen_is_loopback(const char *text); /* such an address, of this machine alone */

/* A socket file that only this user and root can open, in place of one that a dead process left.
 * IO, logged, also while another process listens there. */
MUST_CHECK enum err listen_unix(const char *path, int *out);

/* "uid 0 (root)" for root and this program's own user, "" for anybody else. */
void listen_peer(int fd, char *out, size_t size);

/* A Unix socket that every user may open: who is let in is found out by listen_peer_is. */
MUST_CHECK enum err listen_unix_open(const char *path, int *out);
/* Whether the peer on the Unix socket is UID, root or this process's own user. */
bool listen_peer_is(int fd, uint64_t uid);

/* Whose neighbour the peer is, as far as addresses tell: an IPv4 address, or the first 64 bits of
 * an IPv6 one as "2001:db8:0:7::/64"; "" for a socket of this machine. */
#define LISTEN_NETWORK_MAX 47
struct sockaddr;
void listen_network_of(const struct sockaddr *at, char out[static LISTEN_NETWORK_MAX + 1]);
void listen_network(int fd, char out[static LISTEN_NETWORK_MAX + 1]);

#endif
