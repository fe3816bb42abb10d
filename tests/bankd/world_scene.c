/* SPDX-License-Identifier: Apache-2.0
 *
 * What many tests of a world do: how it begins and ends, and what happens in it again and again.
 */
#include "order/act.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

int world_enter(void **state)
{
    static struct world w;

    world_open(&w);
    world_populate(&w);
    *state = &w;
    return 0;
}

int world_leave(void **state)
{
    struct world *w = *state;

    world_check(w);
    world_close(w);
    return 0;
}

void world_login_all(struct world *w)
{
    world_login(w, &w->alice);
    world_login(w, &w->bob);
    world_login(w, &w->carol);
}

void world_give_roles(struct world *w, const char *name, role_set roles)
{
    world_begin(w);
    world_end(w,
              core_operator_roles(w->core, &world_operator, name, roles, "as a test", &w->answer));
    assert_ok(w->answer.err);
}

void world_operator_add(struct world *w, const struct person *p, role_set roles)
{
    size_t len = 0;
    const uint8_t *spki = key_spki(p->key, &len);

    world_begin(w);
    world_end(w,
              core_operator_add(w->core, &world_operator, p->name, p->name, spki, len, &w->answer));
    assert_ok(w->answer.err);
    world_give_roles(w, p->name, roles);
}

void world_employ(struct world *w, const char *name, role_set roles)
{
    struct person p = {0};

    world_key(&p, name, "P-256");
    world_operator_add(w, &p, roles);
    world_person_free(&p);
}

void world_sign_act(struct world *w, const struct person *signer, const char *path, struct buf *jws)
{
    static const char request[] = "{\"note\":\"as told\"}";
    struct buf payload = {0};
    struct statement head;

    world_head(w, NULL, &head);
    assert_ok(act_make(&head, path, request, strlen(request), &payload));
    world_sign_statement(signer, STATEMENT_OPERATOR_ACT, &payload, jws);
    buf_free(&payload);
}

void world_open_funded(struct world *w, const struct world_account *in, const char *amount)
{
    assert_ok(world_open_account(w, in));
    world_fund(w, in->account, amount);
}

void world_order_on(struct world *w, const char *account, const char *amount, const char *more,
                    struct world_order *out)
{
    char draft[512];

    snprintf(draft, sizeof draft,
             "{\"account\":\"%s\",\"amount\":\"%s\",\"creditor\":{\"account\":"
             "\"" WORLD_SHOP_ACCOUNT "\",\"name\":\"The Shop\"},\"currency\":\"EUR\",%s"
             "\"description\":\"x\"}",
             account, amount, more);
    world_order_from(w, draft, out);
}

void world_both_approve(struct world *w, const struct world_order *o, const char *status)
{
    assert_string_equal(world_decide(w, &w->alice, o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, o, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), status);
}

bool world_look(struct world *w, unsigned max)
{
    bool more = false;

    world_begin(w);
    world_end(w, core_due(w->core, max, &more));
    return more;
}

const char *world_newest(struct world *w)
{
    return world_sql(w, "SELECT status || reason FROM orders ORDER BY id DESC LIMIT 1");
}

struct verify_report world_proves(struct world *w, const struct person *who,
                                  const struct world_order *o, const char *status)
{
    struct verify_report report;

    assert_ok(world_evidence(w, who, o, &report));
    assert_string_equal(report.status, status);
    return report;
}

void world_accept_clock(struct world *w)
{
    core_answer_free(&w->answer);
    assert_err(core_begin(w->core, &w->time), ERR_CLOCK_INSANE);
    assert_ok(core_clock_accept(w->core, &world_operator, "the battery was empty", &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_ok(core_commit(w->core));
}
