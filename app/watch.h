/* SPDX-License-Identifier: Apache-2.0
 *
 * watch: a list on the whole terminal that stays what the bank has: it is read anew when an event
 * says that something happened. A bank that is gone for a while is waited for. The list is its
 * owner's, which is asked by these functions.
 */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include "api/client.h"
#include "app/screen.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct watch {
    void *ctx;
    const char *title;
    const char *keys; /* what KEY knows, for the last line */
    /* A connection of its own for the events. */
    enum err (*connect)(void *ctx, struct client **out);
    /* That one was TLS_REFUSED: an error, or another one is worth trying. May say something. */
    enum err (*refused)(void *ctx, struct client *client);
    /* The list anew. UNAVAILABLE is waited for. */
    enum err (*read)(void *ctx);
    /* The list as text now: a line of heads, then one line an item. */
    enum err (*render)(void *ctx, struct buf *out);
    enum screen_colour (*colour)(void *ctx, size_t item);
    /* What an item is known by, so that the mark stays with it. */
    const char *(*name)(void *ctx, size_t item);
    /* All there is to say of an item, as lines. */
    enum err (*show)(void *ctx, size_t item, struct buf *out);
    /* Whether it knows the key: then the list is read and shown anew. */
    bool (*key)(void *ctx, int key);
};

/* Until somebody quits, or the session ends. The list was read once, with whatever that asks for.
 * USAGE, and nothing is drawn: there is no terminal (screen_open). */
MUST_CHECK enum err watch_run(const struct watch *w);

#endif
