/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/piv_object.h"

#include <string.h>

#define TAG_LIST 0x5C
#define TAG_DATA 0x53

static const uint8_t chuid_tag[] = {0x5F, 0xC1, 0x02};
static const uint8_t capabilities_tag[] = {0x5F, 0xC1, 0x07};
static const uint8_t discovery_tag[] = {0x7E};

/* Fingerprints, facial image, printed information, iris images: table 3 of part 1. */
static const uint8_t protected_tags[][PIV_TAG_MAX] = {
    {0x5F, 0xC1, 0x03}, {0x5F, 0xC1, 0x08}, {0x5F, 0xC1, 0x09}, {0x5F, 0xC1, 0x21}};

/* Its place, or the first free one. */
static size_t find(const struct piv_objects *objects, const uint8_t *tag, size_t tag_len)
{
    size_t i = 0;

    while (i < objects->count &&
           (objects->list[i].tag_len != tag_len || memcmp(objects->list[i].tag, tag, tag_len) != 0))
        i++;
    return i;
}

static bool takes_pin(const uint8_t *tag, size_t tag_len)
{
    for (size_t i = 0; i < sizeof protected_tags / sizeof protected_tags[0]; i++) {
        if (tag_len == PIV_TAG_MAX && memcmp(tag, protected_tags[i], PIV_TAG_MAX) == 0)
            return true;
    }
    return false;
}

static unsigned put(struct piv_objects *objects, const uint8_t *tag, size_t tag_len,
                    const struct reply *whole)
{
    const size_t place = find(objects, tag, tag_len);

    if (place == PIV_OBJECTS_MAX)
        return SW_NO_MEMORY;
    if (place == objects->count)
        objects->count++;
    struct piv_object *object = &objects->list[place];
    memcpy(object->tag, tag, tag_len);
    object->tag_len = tag_len;
    memcpy(object->bytes, whole->bytes, whole->len);
    object->len = whole->len;
    return SW_OK;
}

unsigned piv_objects_put(struct piv_objects *objects, const uint8_t *tag, size_t tag_len,
                         const uint8_t *content, size_t len)
{
    struct reply whole = {0};

    if (tag_len != PIV_TAG_MAX)
        return SW_BAD_DATA;
    if (len > PIV_OBJECT_LEN_MAX - 4)
        return SW_NO_MEMORY;
    if (len > 0) {
        reply_tlv(&whole, TAG_DATA, content, len);
        return put(objects, tag, tag_len, &whole);
    }
    const size_t place = find(objects, tag, tag_len);
    if (place < objects->count)
        objects->list[place] = objects->list[--objects->count];
    return SW_OK;
}

/* Card holder unique identifier, table 9 of part 1; its GUID is the token's serial number. */
static void begin_chuid(struct piv_objects *objects, const uint8_t serial[static CARD_SERIAL_LEN])
{
    static const uint8_t fascn[] = {0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE,
                                    0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
                                    0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB};
    struct reply content = {0};

    reply_tlv(&content, 0x30, fascn, sizeof fascn);
    reply_tlv(&content, 0x34, serial, CARD_SERIAL_LEN);
    reply_tlv(&content, 0x35, "20991231", 8);
    reply_tlv(&content, 0x3E, NULL, 0); /* unsigned */
    reply_tlv(&content, 0xFE, NULL, 0);
    (void)piv_objects_put(objects, chuid_tag, sizeof chuid_tag, content.bytes, content.len);
}

/* Card capability container, table 8 of part 1. */
static void begin_capabilities(struct piv_objects *objects,
                               const uint8_t serial[static CARD_SERIAL_LEN])
{
    static const uint8_t empty[] = {0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE};
    uint8_t identifier[21] = {0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02};
    struct reply content = {0};

    memcpy(identifier + 7, serial, sizeof identifier - 7);
    reply_tlv(&content, 0xF0, identifier, sizeof identifier);
    reply_tlv(&content, 0xF1, (uint8_t[]){0x21}, 1);
    reply_tlv(&content, 0xF2, (uint8_t[]){0x21}, 1);
    reply_tlv(&content, 0xF3, NULL, 0);
    reply_tlv(&content, 0xF4, (uint8_t[]){0x00}, 1);
    reply_tlv(&content, 0xF5, (uint8_t[]){0x10}, 1);
    for (size_t i = 0; i < sizeof empty; i++)
        reply_tlv(&content, empty[i], NULL, 0);
    (void)piv_objects_put(objects, capabilities_tag, sizeof capabilities_tag, content.bytes,
                          content.len);
}

void piv_objects_begin(struct piv_objects *objects, const uint8_t serial[static CARD_SERIAL_LEN])
{
    /* Table 18 of part 1: the application's AID, and that it has a PIN of its own and no other.
     * The only object that is not in a 53. */
    static const uint8_t aid[] = {PIV_AID}, policy[] = {0x40, 0x00};
    struct reply content = {0}, discovery = {0};

    reply_tlv(&content, 0x4F, aid, sizeof aid);
    reply_tlv(&content, 0x5F2F, policy, sizeof policy);
    reply_tlv(&discovery, 0x7E, content.bytes, content.len);
    (void)put(objects, discovery_tag, sizeof discovery_tag, &discovery);
    begin_chuid(objects, serial);
    begin_capabilities(objects, serial);
}

unsigned piv_objects_get(const struct piv_objects *objects, const struct apdu *command,
                         bool verified, struct reply *reply)
{
    size_t len;
    const uint8_t *tag = tlv_find(command->data, command->data_len, TAG_LIST, &len);

    if (tag == NULL)
        return SW_BAD_DATA;
    if (takes_pin(tag, len) && !verified)
        return SW_SECURITY_STATUS;
    const size_t place = find(objects, tag, len);
    if (place == objects->count)
        return SW_NOT_FOUND;
    reply_put(reply, objects->list[place].bytes, objects->list[place].len);
    return SW_OK;
}

unsigned piv_objects_write(struct piv_objects *objects, const struct apdu *command)
{
    size_t tag_len, len;
    const uint8_t *tag = tlv_find(command->data, command->data_len, TAG_LIST, &tag_len);
    const uint8_t *content = tlv_find(command->data, command->data_len, TAG_DATA, &len);

    if (tag == NULL || content == NULL)
        return SW_BAD_DATA;
    return piv_objects_put(objects, tag, tag_len, content, len);
}
