/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_APDU_H
#define COUNTERSIGN_TESTS_CARD_APDU_H

/*
 * The card's side of ISO 7816-4: command APDUs (short and extended), command chaining (section
 * 5.1.1.1) and GET RESPONSE for long answers. What a command means is the handler's business.
 */

#include "tests/card/tlv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message of a reader; its answer; the data of a whole chain of commands. In bytes. */
#define APDU_MESSAGE_MAX 8192
#define APDU_ANSWER_MAX (REPLY_MAX + 2)
#define APDU_CHAIN_MAX 4096

/* Status words (SP 800-73-4 part 2, table 6). The retry counter stands in the low digit of 63Cx. */
enum sw {
    SW_OK = 0x9000,
    SW_MORE = 0x6100,
    SW_END_OF_FILE = 0x6282, /* with what there was */
    SW_TRIES_LEFT = 0x63C0,
    SW_WRONG_LENGTH = 0x6700,
    SW_CHAIN_BROKEN = 0x6883,
    SW_SECURITY_STATUS = 0x6982,
    SW_BLOCKED = 0x6983,
    SW_NOT_USABLE = 0x6984,
    SW_NOT_NOW = 0x6985,
    SW_BAD_DATA = 0x6A80,
    SW_NOT_FOUND = 0x6A82,
    SW_NO_MEMORY = 0x6A84,
    SW_BAD_P1P2 = 0x6A86,
    SW_NO_REFERENCE = 0x6A88,
    SW_BAD_OFFSET = 0x6B00,
    SW_BAD_INS = 0x6D00,
};

struct apdu {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data; /* borrowed; NULL when data_len is 0 */
    size_t data_len;
    size_t answer_max; /* Le in bytes; 256 when the command has none */
};

/* Splits a message into *apdu, whose data points into it; false when the lengths contradict. */
bool apdu_parse(const uint8_t *message, size_t len, struct apdu *apdu);

/* What carries out one whole command: fills reply and returns a status word. */
typedef unsigned apdu_handler(void *card, const struct apdu *command, struct reply *reply);

/* Between two messages: the chain that is being collected, the answer that is being fetched. */
struct apdu_link {
    uint8_t chain[APDU_CHAIN_MAX];
    size_t chain_len;
    uint8_t chain_head[3]; /* INS P1 P2 of the chain */
    struct reply reply;
    size_t reply_sent;
};

void apdu_link_reset(struct apdu_link *link);

/* Answers one message: up to len bytes of data and the status word, written to answer. */
size_t apdu_link_answer(struct apdu_link *link, const uint8_t *message, size_t len,
                        apdu_handler *handler, void *card, uint8_t answer[static APDU_ANSWER_MAX]);

#endif
