/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/taken.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define EACH (PINS_ACTS_MAX / 4) /* of one operator, whatever keys he signs with */

bool taken_before(const struct pins *p, const struct pin *signer, const struct statement *act)
{
    for (size_t i = 0; i < p->act_count; i++) {
        if (strcmp(p->act[i].nonce, act->nonce) == 0 &&
            strcmp(p->act[i].kid, key_thumbprint(signer->key)) == 0)
            return true;
    }
    return false;
}

static size_t count_of_key(const struct pins *p, const char *kid)
{
    size_t count = 0;

    for (size_t i = 0; i < p->act_count; i++)
        count += strcmp(p->act[i].kid, kid) == 0;
    return count;
}

bool taken_has_room(const struct pins *p, const struct pin *signer)
{
    size_t his = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->pin[i].operator_id, signer->operator_id) == 0)
            his += count_of_key(p, key_thumbprint(p->pin[i].key));
    }
    return p->act_count < PINS_ACTS_MAX && his < EACH;
}

void taken_note(struct pins *p, struct pin *signer, const struct statement *act)
{
    if (!taken_has_room(p, signer)) {
        pins_raise(signer, act->issued_us + TEXT_SECOND_US);
        return;
    }
    struct pin_act *one = &p->act[p->act_count++];
    snprintf(one->kid, sizeof one->kid, "%s", key_thumbprint(signer->key));
    memcpy(one->nonce, act->nonce, sizeof one->nonce);
    one->issued_us = act->issued_us;
}
