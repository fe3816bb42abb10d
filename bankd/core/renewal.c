/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/renewal.h"

#include "bankd/core/people.h"
#include <string.h>

/* His own, by the id and the name that he says: whoever has another's request has not the key. */
static enum err check_signing(struct core *c, const struct enrolment *in,
                              const struct people_key *key)
{
    struct people_holder person;

    enum err e = people_holder_find(c, key->holder_name, &person);
    if (e)
        return e;
    if (key->use != KEY_USE_SIGN || key->kind != PEOPLE_PERSON ||
        strcmp(in->holder, key->holder_name) != 0 || strcmp(in->name, person.name) != 0)
        return ERR_KEY_TAKEN;
    return people_key_signs(key);
}

/* It proved itself in the request: so it is on this card, or was on the one whose place it took. */
static enum err check_beside(struct core *c, const struct enrolment *in, enum key_use use,
                             const struct people_key *signing)
{
    struct people_key key;

    enum err e = people_key_find(c, key_thumbprint(in->key[use]), &key);
    if (e)
        return e == ERR_KEY_UNKNOWN ? ERR_OK : e;
    bool moves = use == KEY_USE_AUTHENTICATE && key.status == KEY_RETIRED;
    bool there = key.status == KEY_ACTIVE && key.signer == signing->id;
    return key.use == use && key.holder == signing->holder && (moves || there) ? ERR_OK
                                                                               : ERR_KEY_TAKEN;
}

static enum err check_new(struct core *c, const struct enrolment *in)
{
    struct people_key there;

    for (size_t use = 0; use < KEY_USES; use++) {
        if (!in->key[use])
            continue;
        enum err e = people_key_find(c, key_thumbprint(in->key[use]), &there);
        if (e != ERR_KEY_UNKNOWN)
            return e ? e : ERR_KEY_TAKEN;
    }
    return ERR_OK;
}

enum err renewal_check(struct core *c, const struct enrolment *in, bool *renews)
{
    struct people_key signing;

    *renews = false;
    enum err e = people_key_find(c, key_thumbprint(in->key[KEY_USE_SIGN]), &signing);
    if (e)
        return e == ERR_KEY_UNKNOWN ? check_new(c, in) : e;
    e = check_signing(c, in, &signing);
    for (size_t use = KEY_USE_AUTHENTICATE; !e && use < KEY_USES; use++) {
        if (in->key[use])
            e = check_beside(c, in, (enum key_use)use, &signing);
    }
    *renews = !e;
    return e;
}

enum err renewal_keep(struct core *c, const struct key *key, int64_t *signer, bool *known)
{
    struct people_key there;

    enum err e = people_key_find(c, key_thumbprint(key), &there);
    *known = !e;
    if (e)
        return e == ERR_KEY_UNKNOWN ? ERR_OK : e;
    if (there.use == KEY_USE_SIGN) {
        *signer = there.id;
        return ERR_OK;
    }
    struct store_query *q = store_query(c->store, STORE_KEY_MOVE);
    store_bind_int(q, ":id", there.id);
    store_bind_int(q, ":signer", *signer);
    return store_run(q);
}
