/* SPDX-License-Identifier: Apache-2.0
 * Requests to be enrolled, and the words of those who vouch for them. */
#include "tests/bankd/world.h"

#include "order/pkcs10.h"
#include "order/sponsorship.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <string.h>

#define DAY (INT64_C(86400) * WORLD_SECOND)

void world_sign_request(struct world *w, struct person *p, const char *wanted,
                        const struct world_says *says, struct buf *jws)
{
    struct buf request[KEY_USES] = {{0}}, payload = {0};
    struct statement head;

    world_head(w, says, &head);
    assert_ok(pkcs10_make(p->key, p->name, world_sign_hash, p, &request[KEY_USE_SIGN]));
    assert_ok(enrolment_make(&head, wanted, p->name, request, &payload));
    world_sign_statement(p, STATEMENT_ENROLMENT, &payload, jws);
    buf_free(&request[KEY_USE_SIGN]);
    buf_free(&payload);
}

const char *world_hand_in_request(struct world *w, const struct core_caller *caller,
                                  const struct buf *jws, char name[static ENROLMENT_ID_LEN + 1])
{
    struct verified *verified = NULL;

    assert_ok(enrolment_id(buf_str(jws), jws->len, name));
    enum err e = verify_enrolment(WORLD_BANK, buf_str(jws), jws->len, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, caller, e, NULL, &w->answer));
    else
        world_end(w, core_enrol(w->core, caller, verified, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_request_status(struct world *w, const char *name)
{
    const struct core_caller stranger = {.session = ""};

    world_begin(w);
    world_end(w, core_enrolment(w->core, &stranger, name, &w->answer));
    return world_text(w, "status");
}

enum err world_keeper_says(void *ctx, const char *statement, const char *act,
                           struct core_certificates *out)
{
    struct world_keeper *k = ctx;

    assert_true(statement[0] && act[0]);
    k->asked++;
    *out = (struct core_certificates){.missing = k->missing};
    if (k->err || k->missing)
        return k->err;
    enum err e = buf_add_str(&out->sign, "certificate");
    return e ? e : buf_add_str(&out->root, "root");
}

const char *world_ask(struct world *w, struct person *p, const char *wanted, int64_t days,
                      char name[static ENROLMENT_ID_LEN + 1])
{
    const struct world_says says = {.expires_us = w->time.now_us + days * DAY};
    const struct core_caller stranger = {.session = ""};
    struct buf jws = {0};

    world_sign_request(w, p, wanted, &says, &jws);
    const char *err = world_hand_in_request(w, &stranger, &jws, name);
    buf_free(&jws);
    return err;
}

void world_sign_sponsorship(struct world *w, const struct person *sponsor,
                            const struct world_word *word, const struct world_says *says,
                            struct buf *jws)
{
    struct sponsorship s = {.account = ""};
    struct buf payload = {0};

    world_head(w, says, &s.head);
    snprintf(s.account, sizeof s.account, "%s",
             word->account ? word->account : WORLD_ALICE_ACCOUNT);
    snprintf(s.enrolment, sizeof s.enrolment, "%s", word->request);
    snprintf(s.key, sizeof s.key, "%s", key_thumbprint(word->newcomer->key));
    snprintf(s.name, sizeof s.name, "%s", word->name ? word->name : word->newcomer->name);
    assert_ok(sponsorship_make(&s, &payload));
    world_sign_statement(sponsor, STATEMENT_SPONSORSHIP, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in_sponsorship(struct world *w, const struct person *caller,
                                      const char *request, const struct buf *jws)
{
    const struct core_caller who = {.session = caller->session};
    struct verified *verified = NULL;
    const struct verify_sponsorship_input in = {.bank = WORLD_BANK,
                                                .enrolment = request,
                                                .jws = buf_str(jws),
                                                .jws_len = jws->len,
                                                .keys = core_keys(w->core)};

    enum err e = verify_sponsorship(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, NULL, &w->answer));
    else
        world_end(w, core_sponsor(w->core, &who, verified, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_sponsor(struct world *w, const struct person *sponsor,
                          const struct world_word *word)
{
    struct buf jws = {0};

    world_sign_sponsorship(w, sponsor, word, NULL, &jws);
    const char *name = world_hand_in_sponsorship(w, sponsor, word->request, &jws);
    buf_free(&jws);
    return name;
}
