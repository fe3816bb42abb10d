/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_TLV_H
#define COUNTERSIGN_TESTS_CARD_TLV_H

/*
 * BER-TLV (ISO 7816-4 section 5.2.2) with tags of one or two bytes and lengths up to 65535: all
 * that the cards' commands use. Part of the virtual card of the tests; never installed.
 */

#include <stddef.h>
#include <stdint.h>

/* The largest object of this card is a P-384 certificate of about 500 bytes. */
#define REPLY_MAX 2048

/* An answer under construction. Zeroed is empty. A write past the end aborts the card. */
struct reply {
    uint8_t bytes[REPLY_MAX];
    size_t len;
};

void reply_put(struct reply *reply, const void *bytes, size_t len);
/* A tag above FF is two bytes. */
void reply_tlv(struct reply *reply, unsigned tag, const void *value, size_t len);

/*
 * The value of the first element with this tag, or NULL where there is none or an element before
 * it does not fit into len. Does not descend into constructed elements. The value points into
 * bytes; *value_len is its length in bytes.
 */
const uint8_t *tlv_find(const uint8_t *bytes, size_t len, unsigned tag, size_t *value_len);

#endif
