/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/firm.h"

#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>

int firm_enter(void **state)
{
    static const char *const holders[] = {"alice", "bob", "carol:T"};
    const struct world_account firm = {
        .account = FIRM, .holders = holders, .count = 3, .deputies = "[\"bob\",\"carol\"]"};

    world_enter(state);
    world_open_funded(*state, &firm, "500.00");
    return 0;
}

struct policy *firm_without_deputies(struct world *w)
{
    return world_policy(w, FIRM, 2,
                        "{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":\"bob\"},"
                        "{\"class\":\"T\",\"id\":\"carol\"}",
                        "{\"require\":\"all\"}");
}

void firm_enforce(struct world *w, const struct policy *to_come, const struct person *second)
{
    assert_string_equal(world_policy_decide(w, &w->alice, to_come, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, second, to_come, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
}

struct world_gift firm_gift(const char *deputy, int64_t amount_minor)
{
    return (struct world_gift){.deputy = deputy, .account = FIRM, .amount_minor = amount_minor};
}

void firm_gives(struct world *w, const struct person *signer, const struct world_gift *gift,
                const char *name)
{
    assert_string_equal(world_delegate(w, signer, gift), name);
}

void firm_withdraws(struct world *w, const struct person *signer, const char *name)
{
    const struct world_gift none = {.account = FIRM};

    assert_string_equal(world_delegate(w, signer, &none), name);
}

void firm_order(struct world *w, const char *amount, const char *date, struct world_order *out)
{
    char more[100];

    snprintf(more, sizeof more, "\"date\":\"%s\",\"expires\":\"2026-12-01T00:00:00Z\",", date);
    world_order_on(w, FIRM, amount, more, out);
}

void firm_decides(struct world *w, const struct person *p, const struct world_order *o,
                  enum verb verb, const char *status)
{
    assert_string_equal(world_decide(w, p, o, verb), "OK");
    assert_string_equal(world_text(w, "status"), status);
}

void firm_proves(struct world *w, const struct world_order *o, const char *status, unsigned given)
{
    const struct verify_report report = world_proves(w, &w->alice, o, status);
    assert_int_equal(report.given, given);
}
