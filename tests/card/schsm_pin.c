/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/schsm.h"

#include <openssl/crypto.h>
#include <string.h>

#define PIN_USER 0x81
#define PIN_OFFICER 0x88
#define CODE "12345678"
#define CODE_TRIES 15

static void set_pin(struct schsm *card, const uint8_t *pin, size_t len)
{
    memcpy(card->pin, pin, len);
    card->pin_len = len;
    card->tries_left = card->tries;
}

static void set_code(struct schsm *card, const uint8_t code[static SCHSM_CODE_LEN])
{
    memcpy(card->code, code, SCHSM_CODE_LEN);
    card->code_tries_left = CODE_TRIES;
}

static bool pin_fits(size_t len)
{
    return len >= SCHSM_PIN_MIN && len <= SCHSM_PIN_MAX;
}

bool schsm_begin(struct schsm *card, const char *pin)
{
    if (!pin_fits(strlen(pin)))
        return false;
    set_pin(card, (const uint8_t *)pin, strlen(pin));
    set_code(card, (const uint8_t *)CODE);
    return true;
}

static unsigned tries_state(unsigned left)
{
    return left == 0 ? (unsigned)SW_BLOCKED : SW_TRIES_LEFT | left;
}

static bool initialized(const struct schsm *card)
{
    return card->pin_len > 0;
}

/* Compares and counts. The counter is full again after a match. */
static unsigned check_pin(struct schsm *card, const uint8_t *pin, size_t len)
{
    card->verified = false;
    if (card->tries_left == 0)
        return SW_BLOCKED;
    if (len != card->pin_len || CRYPTO_memcmp(card->pin, pin, len) != 0) {
        card->tries_left--;
        return SW_TRIES_LEFT | card->tries_left;
    }
    card->tries_left = card->tries;
    card->verified = true;
    return SW_OK;
}

static unsigned check_code(struct schsm *card, const uint8_t code[static SCHSM_CODE_LEN])
{
    if (card->code_tries_left == 0)
        return SW_BLOCKED;
    if (CRYPTO_memcmp(card->code, code, SCHSM_CODE_LEN) != 0) {
        card->code_tries_left--;
        return SW_TRIES_LEFT | card->code_tries_left;
    }
    card->code_tries_left = CODE_TRIES;
    return SW_OK;
}

/* VERIFY: without data it asks for the state. The officer's PIN goes with what it is for only. */
unsigned schsm_verify(struct schsm *card, const struct apdu *command)
{
    if (command->p1 != 0)
        return SW_BAD_P1P2;
    if (command->p2 == PIN_OFFICER && command->data_len == 0)
        return initialized(card) ? tries_state(card->code_tries_left) : (unsigned)SW_NO_REFERENCE;
    if (command->p2 != PIN_USER)
        return SW_NO_REFERENCE;
    if (!initialized(card))
        return SW_NOT_USABLE;
    if (command->data_len > 0)
        return check_pin(card, command->data, command->data_len);
    return card->verified ? (unsigned)SW_OK : tries_state(card->tries_left);
}

/* CHANGE REFERENCE DATA: the old value, then the new one. */
unsigned schsm_change_reference(struct schsm *card, const struct apdu *command)
{
    const bool officer = command->p2 == PIN_OFFICER;
    const size_t old = officer ? SCHSM_CODE_LEN : card->pin_len;

    if (!initialized(card) || command->p1 != 0 || (!officer && command->p2 != PIN_USER))
        return SW_NO_REFERENCE;
    if (command->data_len < old)
        return SW_WRONG_LENGTH;
    const size_t len = command->data_len - old;
    if (officer ? len != SCHSM_CODE_LEN : !pin_fits(len))
        return SW_WRONG_LENGTH;
    unsigned sw = officer ? check_code(card, command->data) : check_pin(card, command->data, old);
    if (sw == SW_OK && officer)
        set_code(card, command->data + old);
    else if (sw == SW_OK)
        set_pin(card, command->data + old, len);
    return sw;
}

/* The officer's PIN, then a new PIN. */
unsigned schsm_reset_retry_counter(struct schsm *card, const struct apdu *command)
{
    if (!initialized(card) || schsm_p1p2(command) != PIN_USER)
        return SW_BAD_P1P2;
    if (command->data_len < SCHSM_CODE_LEN || !pin_fits(command->data_len - SCHSM_CODE_LEN))
        return SW_WRONG_LENGTH;
    unsigned sw = check_code(card, command->data);
    if (sw == SW_OK)
        set_pin(card, command->data + SCHSM_CODE_LEN, command->data_len - SCHSM_CODE_LEN);
    return sw;
}

unsigned schsm_initialize(struct schsm *card, const struct apdu *command)
{
    size_t pin_len = 0, code_len = 0, tries_len = 0;
    const uint8_t *pin = tlv_find(command->data, command->data_len, 0x81, &pin_len);
    const uint8_t *code = tlv_find(command->data, command->data_len, 0x82, &code_len);
    const uint8_t *tries = tlv_find(command->data, command->data_len, 0x91, &tries_len);

    if (pin == NULL || !pin_fits(pin_len) || code == NULL || code_len != SCHSM_CODE_LEN ||
        tries == NULL || tries_len != 1 || *tries == 0 || *tries > CARD_TRIES_MAX)
        return SW_BAD_DATA;
    if (initialized(card) && check_code(card, code) != SW_OK)
        return SW_NOT_NOW;
    if (!schsm_erase(card))
        return SW_NO_MEMORY;
    card->tries = *tries;
    set_pin(card, pin, pin_len);
    set_code(card, code);
    return SW_OK;
}
