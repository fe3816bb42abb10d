/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/world.h"

#include "base/text.h"
#include "order/rotation.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

void world_second_key(struct world *w, const char *holder, struct person *second)
{
    size_t len = 0;
    char spki[2 * KEY_SPKI_MAX + 1], sql[1024];

    world_key(second, holder, "P-256");
    const uint8_t *der = key_spki(second->key, &len);
    text_hex(der, len, spki);
    snprintf(sql, sizeof sql,
             "INSERT INTO signing_key (thumbprint, spki, holder, status, floor_us, entry)"
             " SELECT '%s', x'%s', id, 'active', 0, 0 FROM holder WHERE holder = '%s'",
             key_thumbprint(second->key), spki, holder);
    world_execute(w, sql);
    world_restart(w);
}

void world_sign_rotation(struct world *w, const struct person *old, const struct person *next,
                         const struct world_says *says, struct buf *jws)
{
    struct rotation r = {.spki_len = 0};
    struct buf payload = {0}, proof = {0};
    size_t len = 0;
    const uint8_t *spki = key_spki(next->key, &len);

    world_head(w, says, &r.head);
    memcpy(r.replaces, key_thumbprint(old->key), sizeof r.replaces);
    assert_ok(rotation_name(&r, spki, len));
    assert_ok(rotation_offer(&r, &payload));
    world_sign_statement(next, STATEMENT_ROTATION_PROOF, &payload, &proof);
    assert_true(proof.len < sizeof r.proof);
    memcpy(r.proof, buf_str(&proof), proof.len + 1);
    buf_clear(&payload);
    assert_ok(rotation_make(&r, &payload));
    world_sign_statement(old, STATEMENT_ROTATION, &payload, jws);
    buf_free(&payload);
    buf_free(&proof);
}

const char *world_hand_in_rotation(struct world *w, const struct person *caller,
                                   const struct person *old, const struct buf *jws)
{
    const struct core_caller who = {.session = caller->session};
    struct verified *verified = NULL;
    const struct verify_rotation_input in = {.bank = WORLD_BANK,
                                             .key = key_thumbprint(old->key),
                                             .jws = buf_str(jws),
                                             .jws_len = jws->len,
                                             .keys = core_keys(w->core)};

    enum err e = verify_rotation(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, NULL, &w->answer));
    else
        world_end(w, core_rotate(w->core, &who, verified, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_rotate(struct world *w, const struct person *old, struct person *next)
{
    struct buf jws = {0};

    world_sign_rotation(w, old, next, NULL, &jws);
    const char *name = world_hand_in_rotation(w, old, old, &jws);
    memcpy(next->session, old->session, sizeof next->session);
    buf_free(&jws);
    return name;
}
