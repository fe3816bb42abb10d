/* SPDX-License-Identifier: Apache-2.0
 *
 * wire: one TLS keep-alive connection to a bank, blocking, as thin as it can be, so that the cores
 * are the bank's. The trust is the product's own (api/trust.h).
 */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include "base/buf.h"
#include "base/secret.h"

struct wire;

struct wire_door {
    const char *bank, *bank_key; /* the bank's name, the pin */
    unsigned port;               /* on 127.0.0.1 */
};

/* Connected, with SESSION_KEY as the client's. */
struct wire *wire_open(const struct wire_door *door, const struct secret *session_key);
void wire_close(struct wire *w);

/* Appends a whole POST request. */
void wire_request(const char *path, const struct buf *body, struct buf *out);

void wire_send(struct wire *w, const struct buf *request);
/* Waits for the whole answer; returns its status. BODY (emptied first) gets the body. */
int wire_receive(struct wire *w, struct buf *body);
/* Readable once the answer begins to arrive. */
int wire_fd(const struct wire *w);

#endif
