/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_VPCD_H
#define COUNTERSIGN_TESTS_CARD_VPCD_H

/*
 * The card's end of the vpcd protocol of the vsmartcard project: the reader driver listens on TCP,
 * the card connects; each message is a two-byte big-endian length and that many bytes. Closing the
 * connection pulls the card.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages of one byte are the reader's own; all longer ones are APDUs. Only ATR is answered. */
enum vpcd_control { VPCD_OFF = 0, VPCD_ON = 1, VPCD_RESET = 2, VPCD_ATR = 4 };

/* A connection to the driver on 127.0.0.1, or -1 while nothing listens. The caller closes it. */
int vpcd_connect(uint16_t port);

/* Whole messages or false: closed, broken, longer than size, or stalled in mid-message. */
bool vpcd_receive(int fd, uint8_t *message, size_t size, size_t *len);
bool vpcd_send(int fd, const uint8_t *message, size_t len);

#endif
