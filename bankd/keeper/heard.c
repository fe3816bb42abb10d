/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/heard.h"

#include <stdio.h>
#include <string.h>

static enum err replace(const struct acts_judge *j, struct pin *old, const struct verified *v,
                        struct acts_taken *out)
{
    const struct rotation *said = verified_rotation(v);
    struct pin *next = pins_find(j->pins, said->thumbprint);

    out->again = old->retired && next && strcmp(next->replaces, said->replaces) == 0;
    if (out->again)
        return ERR_OK;
    if (!old->active)
        return old->retired ? ERR_KEY_RETIRED : ERR_KEY_INACTIVE;
    if (next)
        return ERR_KEY_TAKEN;
    enum err e = acts_check_time(j, &said->head);
    if (!e && said->head.issued_us < old->floor_us)
        e = ERR_KEY_FLOOR;
    if (!e)
        e = pins_add(j->pins, old->operator_id, said->spki, said->spki_len, &next);
    if (e)
        return e;
    next->roles = old->roles;
    next->changed_us = old->changed_us;
    memcpy(next->replaces, said->replaces, sizeof next->replaces);
    pins_raise(next, j->now_us);
    pins_raise(old, j->now_us);
    old->active = false;
    old->retired = true;
    return ERR_OK;
}

enum err heard_rotation(const struct acts_judge *j, const char *jws, size_t len,
                        struct acts_taken *out)
{
    const struct verify_rotation_input in = {
        .bank = j->bank, .jws = jws, .jws_len = len, .keys = pins_keys(j->pins)};
    struct verified *v = NULL;

    *out = (struct acts_taken){.nothing = true};
    enum err e = verify_rotation(&in, &v);
    if (!e) {
        struct pin *old = pins_find(j->pins, verified_signer(v));
        out->nothing = false;
        memcpy(out->operator_id, old->operator_id, sizeof out->operator_id);
        (void)snprintf(out->path, sizeof out->path, "/v1/keys/%s/rotation", verified_signer(v));
        e = replace(j, old, v, out);
    }
    verified_free(v);
    return e == ERR_KEY_UNKNOWN ? ERR_OK : e;
}

void heard_suspension(const struct acts_judge *j, const char *thumbprint, struct acts_taken *out)
{
    struct pin *pin = pins_find(j->pins, thumbprint);

    *out = (struct acts_taken){.nothing = !pin};
    if (!pin)
        return;
    memcpy(out->operator_id, pin->operator_id, sizeof out->operator_id);
    (void)snprintf(out->path, sizeof out->path, "/v1/keys/%s/suspension", thumbprint);
    if (pins_counts(j->pins, pin))
        pins_take(j->pins, pin, false, j->now_us);
    else
        out->nothing = !pins_stay(j->pins, pin);
}
