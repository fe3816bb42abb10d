/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/openpgp.h"

#include <openssl/crypto.h>
#include <string.h>

#define PW1_LEN_MIN 6
#define PW3_LEN_MIN 8 /* of the resetting code, too */
#define FIRST_MODE 0x81

static void set_password(struct openpgp_password *p, const void *value, size_t len, unsigned tries)
{
    if (len > 0)
        memcpy(p->value, value, len);
    p->len = len;
    p->tries_left = tries;
}

bool openpgp_passwords_begin(struct openpgp *card, const char *pw1, const char *pw3)
{
    const size_t len = strlen(pw1), len3 = strlen(pw3);

    if (len < PW1_LEN_MIN || len > OPENPGP_PASSWORD_MAX || len3 < PW3_LEN_MIN ||
        len3 > OPENPGP_PASSWORD_MAX)
        return false;
    set_password(&card->pw1, pw1, len, card->tries);
    set_password(&card->pw3, pw3, len3, card->tries);
    return true;
}

static struct openpgp_password *password_of(struct openpgp *card, unsigned mode)
{
    return mode == MODE_ADMIN ? &card->pw3 : &card->pw1;
}

/* Compares and counts. The counter is full again after a match. */
static unsigned check(const struct openpgp *card, struct openpgp_password *p, const uint8_t *value,
                      size_t len)
{
    if (p->tries_left == 0)
        return SW_BLOCKED;
    if (len != p->len || CRYPTO_memcmp(p->value, value, len) != 0) {
        p->tries_left--;
        return SW_TRIES_LEFT | p->tries_left;
    }
    p->tries_left = card->tries;
    return SW_OK;
}

/* VERIFY: without data it asks for the state, with P1 = FF it gives it up. */
unsigned openpgp_verify(struct openpgp *card, const struct apdu *command)
{
    const unsigned mode = command->p2 - (unsigned)FIRST_MODE;

    if (mode >= MODE_COUNT)
        return SW_NO_REFERENCE;
    struct openpgp_password *p = password_of(card, mode);
    if (command->p1 == 0xFF && command->data_len == 0) {
        card->verified[mode] = false;
        return SW_OK;
    }
    if (command->p1 != 0)
        return SW_BAD_P1P2;
    if (command->data_len > 0) {
        unsigned sw = check(card, p, command->data, command->data_len);
        card->verified[mode] = sw == SW_OK;
        return sw;
    }
    if (card->verified[mode])
        return SW_OK;
    return p->tries_left == 0 ? (unsigned)SW_BLOCKED : SW_TRIES_LEFT | p->tries_left;
}

/* CHANGE REFERENCE DATA: the old value, then the new one. */
unsigned openpgp_change_reference(struct openpgp *card, const struct apdu *command)
{
    const unsigned mode = command->p2 - (unsigned)FIRST_MODE;

    if (mode != MODE_SIGN && mode != MODE_ADMIN)
        return SW_NO_REFERENCE;
    struct openpgp_password *p = password_of(card, mode);
    const size_t least = mode == MODE_ADMIN ? PW3_LEN_MIN : PW1_LEN_MIN;
    if (command->data_len < p->len + least || command->data_len > p->len + OPENPGP_PASSWORD_MAX)
        return SW_BAD_DATA;
    unsigned sw = check(card, p, command->data, p->len);
    if (sw == SW_OK)
        set_password(p, command->data + p->len, command->data_len - p->len, card->tries);
    return sw;
}

/* A new PW1, with P1 = 02 by the administrator, who has said PW3, with 00 behind the resetting
 * code. */
unsigned openpgp_reset_retry_counter(struct openpgp *card, const struct apdu *command)
{
    const bool by_code = command->p1 == 0x00;
    const size_t skip = by_code ? card->reset_code.len : 0;
    unsigned sw = card->verified[MODE_ADMIN] ? SW_OK : SW_SECURITY_STATUS;

    if ((command->p1 != 0x02 && !by_code) || command->p2 != FIRST_MODE)
        return SW_BAD_P1P2;
    if (!by_code && sw != SW_OK)
        return sw;
    if (command->data_len < skip + PW1_LEN_MIN || command->data_len > skip + OPENPGP_PASSWORD_MAX)
        return SW_BAD_DATA;
    if (by_code)
        sw = check(card, &card->reset_code, command->data, skip);
    if (sw == SW_OK)
        set_password(&card->pw1, command->data + skip, command->data_len - skip, card->tries);
    return sw;
}

unsigned openpgp_set_reset_code(struct openpgp *card, const struct apdu *command)
{
    const size_t len = command->data_len;

    if (len > OPENPGP_PASSWORD_MAX || (len > 0 && len < PW3_LEN_MIN))
        return SW_BAD_DATA;
    set_password(&card->reset_code, command->data, len, len > 0 ? card->tries : 0);
    return SW_OK;
}
