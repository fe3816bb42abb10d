/* SPDX-License-Identifier: Apache-2.0
 *
 * Applications for accounts.
 */
#include "order/application.h"
#include "order/jws.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

void world_sign_application(struct world *w, const struct person *signer,
                            const struct application *a, enum application_verb verb,
                            const struct world_says *says, struct buf *jws)
{
    struct statement head;
    struct buf payload = {0};

    world_head(w, says, &head);
    assert_ok(application_word_make(a, verb, &head, &payload));
    world_sign_statement(signer, STATEMENT_APPLICATION, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in_application(struct world *w, const struct person *caller,
                                      const struct buf *jws, const struct application *a)
{
    const struct core_caller who = {.session = caller->session};
    struct verified *verified = NULL;
    const struct verify_application_input in = {.bank = WORLD_BANK,
                                                .jws = buf_str(jws),
                                                .jws_len = jws->len,
                                                .application = a,
                                                .keys = core_keys(w->core)};

    enum err e = verify_application(&in, &verified);
    world_begin(w);
    world_end(w, e ? core_refuse(w->core, &who, e, NULL, &w->answer)
                   : core_apply(w->core, &who, verified, a, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}
