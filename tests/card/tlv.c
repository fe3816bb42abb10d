/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/tlv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAG_MORE 0x1FU /* a second byte follows */

void reply_put(struct reply *reply, const void *bytes, size_t len)
{
    if (len > sizeof reply->bytes - reply->len)
        abort();
    if (len > 0)
        memcpy(reply->bytes + reply->len, bytes, len);
    reply->len += len;
}

static void put_length(struct reply *reply, size_t len)
{
    const uint8_t high = (uint8_t)(len >> 8);
    const uint8_t low = (uint8_t)len;

    if (len < 0x80)
        reply_put(reply, (uint8_t[]){low}, 1);
    else if (len < 0x100)
        reply_put(reply, (uint8_t[]){0x81, low}, 2);
    else
        reply_put(reply, (uint8_t[]){0x82, high, low}, 3);
}

void reply_tlv(struct reply *reply, unsigned tag, const void *value, size_t len)
{
    const uint8_t bytes[] = {(uint8_t)(tag >> 8), (uint8_t)tag};

    reply_put(reply, tag > 0xFF ? bytes : bytes + 1, tag > 0xFF ? 2 : 1);
    put_length(reply, len);
    reply_put(reply, value, len);
}

/* Reads a length at *at and moves behind it; false when it is cut off or longer than 65535. */
static bool take_length(const uint8_t *bytes, size_t len, size_t *at, size_t *value_len)
{
    size_t more = 0;

    *value_len = 0;
    if (*at >= len)
        return false;
    uint8_t first = bytes[(*at)++];
    if (first < 0x80) {
        *value_len = first;
        return true;
    }
    more = first & 0x7FU;
    if (more < 1 || more > 2 || more > len - *at)
        return false;
    while (more-- > 0)
        *value_len = *value_len << 8 | bytes[(*at)++];
    return true;
}

const uint8_t *tlv_find(const uint8_t *bytes, size_t len, unsigned tag, size_t *value_len)
{
    size_t at = 0;

    *value_len = 0;
    while (at < len) {
        unsigned found = bytes[at++];
        size_t found_len;
        if ((found & TAG_MORE) == TAG_MORE && at < len)
            found = found << 8 | bytes[at++];
        if (!take_length(bytes, len, &at, &found_len) || found_len > len - at)
            return NULL;
        if (found == tag) {
            *value_len = found_len;
            return bytes + at;
        }
        at += found_len;
    }
    return NULL;
}
