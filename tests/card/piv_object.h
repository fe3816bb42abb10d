/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_PIV_OBJECT_H
#define COUNTERSIGN_TESTS_CARD_PIV_OBJECT_H

/*
 * The data objects of a PIV card (SP 800-73-4 part 1, section 3): those that every card is born
 * with, certificates, and what an administrator writes.
 */

#include "tests/card/apdu.h"
#include "tests/card/card.h"

#include <stdbool.h>

#define PIV_AID 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00
#define PIV_OBJECTS_MAX 16
#define PIV_OBJECT_LEN_MAX 1536
#define PIV_TAG_MAX 3

struct piv_object {
    uint8_t tag[PIV_TAG_MAX];
    size_t tag_len;
    uint8_t bytes[PIV_OBJECT_LEN_MAX]; /* as GET DATA answers it */
    size_t len;
};

/* Zeroed it is empty. */
struct piv_objects {
    struct piv_object list[PIV_OBJECTS_MAX];
    size_t count;
};

/* Discovery object, CHUID, capability container. */
void piv_objects_begin(struct piv_objects *objects, const uint8_t serial[static CARD_SERIAL_LEN]);

/* Puts 53 { content } in the place of an older one; without content the object is gone. Answers
 * SW_OK, SW_BAD_DATA or SW_NO_MEMORY. */
unsigned piv_objects_put(struct piv_objects *objects, const uint8_t *tag, size_t tag_len,
                         const uint8_t *content, size_t len);

/* GET DATA; some objects take the PIN. */
unsigned piv_objects_get(const struct piv_objects *objects, const struct apdu *command,
                         bool verified, struct reply *reply);
/* PUT DATA: 5C { tag } 53 { content }. Who may is decided above. */
unsigned piv_objects_write(struct piv_objects *objects, const struct apdu *command);

#endif
