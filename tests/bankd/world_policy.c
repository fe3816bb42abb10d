/* SPDX-License-Identifier: Apache-2.0
 *
 * New policies of a world's accounts, and delegations.
 */
#include "base/text.h"
#include "order/delegation.h"
#include "order/jws.h"
#include "order/policy_change.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

struct policy *world_policy(struct world *w, const char *account, int64_t version,
                            const char *people, const char *rules)
{
    char text[POLICY_MAX + 1], from[TEXT_TIME_LEN + 1];
    struct policy *p = NULL;

    text_time(w->time.now_us, from);
    snprintf(text, sizeof text,
             "{\"account\":\"%s\",\"bank\":\"" WORLD_BANK
             "\",\"currency\":\"EUR\",\"holders\":[%s],"
             "\"rules\":[%s],\"title\":\"Version %lld\",\"type\":\"policy\",\"validFrom\":\"%s\","
             "\"version\":%lld}",
             account, people, rules, (long long)version, from, (long long)version);
    assert_ok(policy_parse(text, strlen(text), &p));
    return p;
}

void world_sign_policy(struct world *w, const struct person *signer, const struct policy *to,
                       enum verb verb, struct buf *jws)
{
    const struct world_says says = {.policy = world_policy_of(w, policy_account(to))};

    world_sign_policy_as(w, signer, to, verb, &says, jws);
}

void world_sign_policy_as(struct world *w, const struct person *signer, const struct policy *to,
                          enum verb verb, const struct world_says *says, struct buf *jws)
{
    const struct policy_step step = {says->policy, to};
    struct statement head;
    struct buf payload = {0};

    world_head(w, says, &head);
    assert_ok(policy_change_make(&step, verb, &head, &payload));
    world_sign_statement(signer, STATEMENT_POLICY, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in_policy(struct world *w, const struct person *caller,
                                 const struct buf *jws, const struct policy *to)
{
    const struct core_caller who = {.session = caller->session};
    struct verified *verified = NULL;
    const struct verify_policy_input in = {.bank = WORLD_BANK,
                                           .jws = buf_str(jws),
                                           .jws_len = jws->len,
                                           .step = {NULL, to},
                                           .policies = core_policies(w->core),
                                           .keys = core_keys(w->core)};

    enum err e = verify_policy_change(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, policy_account(to), &w->answer));
    else
        world_end(w, core_policy_decide(w->core, &who, verified, to, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_policy_decide(struct world *w, const struct person *signer,
                                const struct policy *to, enum verb verb)
{
    struct buf jws = {0};

    world_sign_policy(w, signer, to, verb, &jws);
    const char *name = world_hand_in_policy(w, signer, &jws, to);
    buf_free(&jws);
    return name;
}

/* --- delegations --- */

static const char *account_of(const struct world_gift *gift)
{
    return gift->account ? gift->account : WORLD_ALICE_ACCOUNT;
}

/* From a whole second on, as the document has it. */
static struct delegation gift_of(struct world *w, const struct world_gift *in)
{
    struct delegation d = {.verb = DELEGATION_GIVE,
                           .amount_minor = in->amount_minor,
                           .from_us = in->from_us ? in->from_us : w->time.now_us,
                           .until_us = in->until_us};

    if (!d.until_us)
        d.until_us = d.from_us + 86400 * WORLD_SECOND;
    snprintf(d.deputy, sizeof d.deputy, "%s", in->deputy);
    snprintf(d.currency, sizeof d.currency, "%s", in->currency ? in->currency : "EUR");
    return d;
}

void world_sign_delegation(struct world *w, const struct person *signer,
                           const struct world_gift *gift, const struct world_says *says,
                           struct buf *jws)
{
    struct delegation d = {.verb = DELEGATION_WITHDRAW};
    const struct policy *policy = NULL;
    struct buf payload = {0};

    if (gift->deputy) {
        d = gift_of(w, gift);
        policy = gift->policy ? gift->policy : world_policy_of(w, account_of(gift));
    }
    world_head(w, says, &d.head);
    snprintf(d.account, sizeof d.account, "%s", account_of(gift));
    assert_ok(delegation_make(&d, policy, &payload));
    world_sign_statement(signer, STATEMENT_DELEGATION, &payload, jws);
    buf_free(&payload);
}

const char *world_hand_in_delegation(struct world *w, const struct person *caller,
                                     const struct buf *jws, const char *account)
{
    const struct core_caller who = {.session = caller->session};
    struct verified *verified = NULL;
    const struct verify_delegation_input in = {.bank = WORLD_BANK,
                                               .account = account,
                                               .jws = buf_str(jws),
                                               .jws_len = jws->len,
                                               .policies = core_policies(w->core),
                                               .keys = core_keys(w->core)};

    enum err e = verify_delegation(&in, &verified);
    world_begin(w);
    if (e)
        world_end(w, core_refuse(w->core, &who, e, account, &w->answer));
    else
        world_end(w, core_delegate(w->core, &who, verified, &w->answer));
    verified_free(verified);
    return err_name(w->answer.err);
}

const char *world_delegate(struct world *w, const struct person *signer,
                           const struct world_gift *gift)
{
    struct buf jws = {0};

    world_sign_delegation(w, signer, gift, NULL, &jws);
    const char *name = world_hand_in_delegation(w, signer, &jws, account_of(gift));
    buf_free(&jws);
    return name;
}
