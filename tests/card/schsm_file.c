/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/schsm.h"

#include <string.h>

bool schsm_erase(struct schsm *card)
{
    struct schsm_file *first = &card->files[0];
    struct reply certificate = {0};

    memset(card->files, 0, sizeof card->files);
    card->current = 0;
    card->verified = false;
    if (!schsm_keys_begin(card) || !schsm_device_certificate(card, &certificate) ||
        certificate.len > sizeof first->bytes)
        return false;
    first->fid = FID_DEVICE_CERTIFICATE;
    first->len = certificate.len;
    memcpy(first->bytes, certificate.bytes, certificate.len);
    return true;
}

/* FID 0 finds a free one. */
static struct schsm_file *find(struct schsm *card, unsigned fid)
{
    for (size_t i = 0; i < SCHSM_FILES; i++) {
        if (card->files[i].fid == fid)
            return &card->files[i];
    }
    return NULL;
}

unsigned schsm_select_file(struct schsm *card, unsigned fid, struct reply *reply)
{
    const uint8_t id[] = {(uint8_t)(fid >> 8), (uint8_t)fid};
    struct reply value = {0};

    if (fid == 0 || find(card, fid) == NULL)
        return SW_NOT_FOUND;
    card->current = fid;
    reply_tlv(&value, 0x82, (uint8_t[]){0x01}, 1);
    reply_tlv(&value, 0x83, id, sizeof id);
    reply_tlv(reply, 0x6F, value.bytes, value.len);
    return SW_OK;
}

/* The file that a command is about: of P1 and P2, or the one selected. */
static unsigned file_of(const struct schsm *card, const struct apdu *command)
{
    unsigned fid = schsm_p1p2(command);

    return fid != 0 ? fid : card->current;
}

/* The odd READ and UPDATE BINARY say where in an element of their data. */
static bool take_offset(const struct apdu *command, size_t *offset)
{
    size_t len = 0;
    const uint8_t *at = tlv_find(command->data, command->data_len, 0x54, &len);

    *offset = len == 2 ? (size_t)at[0] << 8 | at[1] : 0;
    return len == 2;
}

unsigned schsm_read(struct schsm *card, const struct apdu *command, struct reply *reply)
{
    const unsigned fid = file_of(card, command);
    const struct schsm_file *file = fid != 0 ? find(card, fid) : NULL;
    size_t offset = 0;

    if (file == NULL)
        return SW_NOT_FOUND;
    if (fid >> 8 == FID_PROTECTED && !card->verified)
        return SW_SECURITY_STATUS;
    if (!take_offset(command, &offset))
        return SW_BAD_DATA;
    if (offset > file->len)
        return SW_BAD_OFFSET;
    const size_t left = file->len - offset;
    const bool ends = left < command->answer_max;
    reply_put(reply, file->bytes + offset, ends ? left : command->answer_max);
    return ends ? SW_END_OF_FILE : SW_OK;
}

/* Writes, and makes the file that it names where there is none. */
unsigned schsm_update(struct schsm *card, const struct apdu *command)
{
    const unsigned fid = file_of(card, command);
    size_t offset = 0, len = 0;
    const uint8_t *bytes = tlv_find(command->data, command->data_len, 0x53, &len);

    if (!card->verified)
        return SW_SECURITY_STATUS;
    if (fid == 0 || fid == FID_DEVICE_CERTIFICATE || fid >> 8 == FID_KEY)
        return SW_NOT_NOW;
    struct schsm_file *file = find(card, fid);
    if (file == NULL)
        file = find(card, 0);
    if (file == NULL)
        return SW_NO_MEMORY;
    const size_t old = file->fid == fid ? file->len : 0;
    if (bytes == NULL || !take_offset(command, &offset) || offset > old)
        return SW_BAD_DATA;
    if (len > SCHSM_FILE_MAX - offset)
        return SW_NO_MEMORY;
    memcpy(file->bytes + offset, bytes, len);
    file->len = offset + len > old ? offset + len : old;
    file->fid = fid;
    card->current = fid;
    return SW_OK;
}

unsigned schsm_delete(struct schsm *card, const struct apdu *command)
{
    if (!card->verified)
        return SW_SECURITY_STATUS;
    if (command->data_len != 2)
        return SW_WRONG_LENGTH;
    const unsigned fid = (unsigned)command->data[0] << 8 | command->data[1];
    if (fid >> 8 == FID_KEY)
        return schsm_key_delete(card, fid & 0xFF);
    struct schsm_file *file = find(card, fid);
    if (fid == 0 || fid == FID_DEVICE_CERTIFICATE || file == NULL)
        return SW_NOT_FOUND;
    memset(file, 0, sizeof *file);
    if (card->current == fid)
        card->current = 0;
    return SW_OK;
}

static void put_fid(unsigned fid, struct reply *reply)
{
    const uint8_t id[] = {(uint8_t)(fid >> 8), (uint8_t)fid};

    reply_put(reply, id, sizeof id);
}

void schsm_enumerate(const struct schsm *card, struct reply *reply)
{
    for (unsigned i = 0; i < SCHSM_KEYS; i++) {
        if (card->keys[i] != NULL)
            put_fid((unsigned)FID_KEY << 8 | i, reply);
    }
    for (size_t i = 0; i < SCHSM_FILES; i++) {
        if (card->files[i].fid != 0)
            put_fid(card->files[i].fid, reply);
    }
}
