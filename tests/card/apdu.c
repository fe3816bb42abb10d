/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/apdu.h"

#include <string.h>

#define CLA_CHAINED 0x10
#define INS_GET_RESPONSE 0xC0
#define SHORT_ANSWER_MAX 256
#define EXTENDED_ANSWER_MAX 65536

static size_t number16(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

static size_t answer_max(size_t le, size_t when_zero)
{
    return le == 0 ? when_zero : le;
}

/* The body behind the four header bytes, with one-byte Lc and Le. */
static bool parse_short(const uint8_t *body, size_t len, struct apdu *apdu)
{
    if (len == 1) {
        apdu->answer_max = answer_max(body[0], SHORT_ANSWER_MAX);
        return true;
    }
    apdu->data_len = body[0];
    apdu->data = body + 1;
    if (len == 1 + apdu->data_len)
        return true;
    if (len != 2 + apdu->data_len)
        return false;
    apdu->answer_max = answer_max(body[len - 1], SHORT_ANSWER_MAX);
    return true;
}

/* The same with two-byte Lc and Le behind a zero byte. */
static bool parse_extended(const uint8_t *body, size_t len, struct apdu *apdu)
{
    if (len == 3) {
        apdu->answer_max = answer_max(number16(body + 1), EXTENDED_ANSWER_MAX);
        return true;
    }
    apdu->data_len = number16(body + 1);
    apdu->data = body + 3;
    if (len == 3 + apdu->data_len)
        return true;
    if (len != 5 + apdu->data_len)
        return false;
    apdu->answer_max = answer_max(number16(body + len - 2), EXTENDED_ANSWER_MAX);
    return true;
}

bool apdu_parse(const uint8_t *message, size_t len, struct apdu *apdu)
{
    if (len < 4)
        return false;
    *apdu = (struct apdu){.cla = message[0],
                          .ins = message[1],
                          .p1 = message[2],
                          .p2 = message[3],
                          .answer_max = SHORT_ANSWER_MAX};
    if (len == 4)
        return true;
    if (message[4] == 0 && len >= 7)
        return parse_extended(message + 4, len - 4, apdu);
    return parse_short(message + 4, len - 4, apdu);
}

void apdu_link_reset(struct apdu_link *link)
{
    memset(link, 0, sizeof *link);
}

/* Adds a command to the chain. Its links must agree on INS, P1 and P2. */
static enum sw collect(struct apdu_link *link, const struct apdu *apdu)
{
    const uint8_t head[3] = {apdu->ins, apdu->p1, apdu->p2};

    if (link->chain_len > 0 && memcmp(link->chain_head, head, sizeof head) != 0) {
        link->chain_len = 0;
        return SW_CHAIN_BROKEN;
    }
    if (apdu->data_len > sizeof link->chain - link->chain_len) {
        link->chain_len = 0;
        return SW_NO_MEMORY;
    }
    memcpy(link->chain_head, head, sizeof head);
    if (apdu->data_len > 0)
        memcpy(link->chain + link->chain_len, apdu->data, apdu->data_len);
    link->chain_len += apdu->data_len;
    return SW_OK;
}

/* Runs a command, or the chain that it ends. */
static unsigned execute(struct apdu_link *link, struct apdu *apdu, apdu_handler *handler,
                        void *card)
{
    bool chained = (apdu->cla & CLA_CHAINED) != 0;
    unsigned sw = SW_OK;

    link->reply.len = 0;
    link->reply_sent = 0;
    if (chained || link->chain_len > 0) {
        sw = collect(link, apdu);
        if (chained || sw != SW_OK)
            return sw;
        apdu->data = link->chain;
        apdu->data_len = link->chain_len;
    }
    link->chain_len = 0;
    return handler(card, apdu, &link->reply);
}

/* The next part of the reply; a status of 61xx says how much is left, 00 for 256 or more. */
static size_t next_part(struct apdu_link *link, size_t max, uint8_t *answer, unsigned *sw)
{
    size_t len = link->reply.len - link->reply_sent;

    if (len > max)
        len = max;
    memcpy(answer, link->reply.bytes + link->reply_sent, len);
    link->reply_sent += len;
    size_t left = link->reply.len - link->reply_sent;
    if (left > 0)
        *sw = SW_MORE | (left > 0xFF ? 0 : (unsigned)left);
    return len;
}

size_t apdu_link_answer(struct apdu_link *link, const uint8_t *message, size_t len,
                        apdu_handler *handler, void *card, uint8_t answer[static APDU_ANSWER_MAX])
{
    struct apdu apdu;
    unsigned sw = SW_WRONG_LENGTH;
    size_t answer_len = 0;

    if (apdu_parse(message, len, &apdu)) {
        if (apdu.ins != INS_GET_RESPONSE)
            sw = execute(link, &apdu, handler, card);
        else
            sw = link->reply_sent < link->reply.len ? SW_OK : SW_NOT_NOW;
        if (sw == SW_OK || sw == SW_END_OF_FILE)
            answer_len = next_part(link, apdu.answer_max, answer, &sw);
    }
    answer[answer_len++] = (uint8_t)(sw >> 8);
    answer[answer_len++] = (uint8_t)sw;
    return answer_len;
}
