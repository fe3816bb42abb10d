/* SPDX-License-Identifier: Apache-2.0
 *
 * json_tree: the body of struct js, shared by json.c (reading and building), json_parse.c and
 * json_canon.c; for nobody else.
 */
#ifndef ORDER_JSON_TREE_H
#define ORDER_JSON_TREE_H

#include "order/json.h"

/* What a document that was read stands in: its values with their texts and lists, side by side. */
struct js_block {
    struct js_block *next;
    size_t used, cap; /* bytes of ROOM */
    _Alignas(8) uint8_t room[];
};

/* A value that is built is an allocation of its own, its texts behind the struct; one that was read
 * is in a block of its root. What js_set and js_push add later is on the heap in either. */
struct js {
    enum js_type type;
    bool truth;        /* JS_BOOL */
    bool name_is_heap; /* NAME was allocated apart */
    bool item_is_heap; /* and ITEM */
    bool in_block;
    bool is_root;       /* of what was read: it has BLOCKS */
    bool name_is_plain; /* it was read, and js_plain_len says that it is all so */
    bool text_is_plain;
    union {
        struct js_block *blocks;
        struct js *next; /* among its siblings, while they are read */
    };
    char *name; /* as a member of an object, NUL-terminated; otherwise NULL */
    size_t name_len;
    union {
        int64_t number; /* JS_INT */
        struct {
            char *text; /* JS_TEXT, NUL-terminated */
            size_t len;
        };
        struct {
            struct js **item; /* JS_ARRAY, JS_OBJECT; members in the order of js_compare_names */
            size_t count, cap;
        };
    };
    char store[]; /* name, text */
};

void js_blocks_free(struct js_block *first);

/* How many bytes at the beginning stand for themselves in a JSON string: ASCII without controls,
 * quotes and backslashes. */
size_t js_plain_len(const void *bytes, size_t len);

/* RFC 8785 3.2.3: by UTF-16 code units. */
int js_compare_names(const struct js *a, const struct js *b);

#endif
