/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands that are the operator's at the console.
 */
#include "tests/base/unit.h"
#include "tests/model/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the bank set for itself, from the next start on. */
void driver_settings(struct driver *d, const struct js *command)
{
    struct driver_settings *s = &d->settings;

    snprintf(s->hold_above, sizeof s->hold_above, "%s", driver_text(command, "hold_above"));
    snprintf(s->hold_on, sizeof s->hold_on, "%s", driver_text(command, "hold_on"));
    snprintf(s->cutoff, sizeof s->cutoff, "%s", driver_text(command, "cutoff"));
    snprintf(s->bank_codes, sizeof s->bank_codes, "%s", driver_text(command, "bank_codes"));
    snprintf(s->four_eyes, sizeof s->four_eyes, "%s", driver_text(command, "four_eyes"));
    s->sponsors = atoi(driver_text(command, "sponsors"));
    d->w.sponsors = s->sponsors;
    d->w.hold_above = s->hold_above;
    d->w.hold_on = s->hold_on;
    d->w.cutoff = s->cutoff;
    d->w.bank_codes = s->bank_codes;
    d->w.four_eyes = s->four_eyes;
    driver_restart(d);
    driver_answer_ok();
}

/* HOLDER: whose key it is said to be. */
void driver_key_set(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const char *thumbprint = key_thumbprint(driver_key(d, command, "key")->person.key);

    world_begin(&d->w);
    world_end(&d->w, core_key_set(d->w.core, &who, driver_text(command, "holder"), thumbprint,
                                  driver_text(command, "status"), "Asked", &d->w.answer));
    driver_answer_core(d);
}

/* --- accounts --- */

void driver_account(struct driver *d, const struct js *command)
{
    const struct js *people = js_get(command, "holders");
    const char *holders[POLICY_HOLDERS_MAX];
    const struct world_account a = {.account = driver_text(command, "account"),
                                    .currency = driver_text(command, "currency"),
                                    .holders = holders,
                                    .count = js_count(people),
                                    .rules = driver_text(command, "rules"),
                                    .limits = driver_text(command, "limits"),
                                    .deputies = driver_text(command, "deputies"),
                                    .single = driver_text(command, "signatures")[0] != 0};

    assert_true(a.count <= POLICY_HOLDERS_MAX);
    for (size_t i = 0; i < a.count; i++)
        holders[i] = js_text(js_at(people, i), NULL);
    (void)world_open_account(&d->w, &a);
    driver_answer_core(d);
}

void driver_fund(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_fund(d->w.core, &who, driver_text(command, "account"),
                               driver_text(command, "amount"), driver_text(command, "currency"),
                               &d->w.answer));
    driver_answer_core(d);
}

/* --- the operator's word --- */

static struct core_word word_of(const struct js *command)
{
    return (struct core_word){driver_text(command, "account"), driver_text(command, "id"), "Asked",
                              0};
}

void driver_release(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_word word = word_of(command);

    world_begin(&d->w);
    world_end(&d->w, core_order_release(d->w.core, &who, &word, &d->w.answer));
    driver_answer_core(d);
}

void driver_refuse(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_word word = word_of(command);

    world_begin(&d->w);
    world_end(&d->w, core_order_refuse(d->w.core, &who, &word, &d->w.answer));
    driver_answer_core(d);
}

void driver_account_state(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const char *name = driver_text(command, "act");
    enum core_account_act act = CORE_ACCOUNT_BLOCK;

    if (strcmp(name, "block") != 0)
        act = strcmp(name, "close") == 0 ? CORE_ACCOUNT_CLOSE : CORE_ACCOUNT_UNBLOCK;
    world_begin(&d->w);
    world_end(&d->w, core_account_state(d->w.core, &who, driver_text(command, "account"), act,
                                        "Asked", &d->w.answer));
    driver_answer_core(d);
}

/* --- other banks --- */

void driver_confirm(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_word word = word_of(command);

    world_begin(&d->w);
    world_end(&d->w, core_order_confirm(d->w.core, &who, &word, &d->w.answer));
    driver_answer_core(d);
}

void driver_return(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_word word = word_of(command);

    world_begin(&d->w);
    world_end(&d->w, core_order_return(d->w.core, &who, &word, driver_text(command, "reason"),
                                       &d->w.answer));
    driver_answer_core(d);
}

void driver_credit(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_credit in = {.reference = driver_text(command, "reference"),
                                   .account = driver_text(command, "account"),
                                   .amount = driver_text(command, "amount"),
                                   .currency = driver_text(command, "currency"),
                                   .debtor_account = "",
                                   .debtor_name = "Uncle Toby",
                                   .description = ""};

    world_begin(&d->w);
    world_end(&d->w, core_credit(d->w.core, &who, &in, &d->w.answer));
    driver_answer_core(d);
}

void driver_see_suspense(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_page page = {.cursor = "", .limit = 200};

    world_begin(&d->w);
    world_end(&d->w, core_suspense(d->w.core, &who, &page, &d->w.answer));
    driver_answer_core(d);
}

void driver_assign(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_credit_assign(d->w.core, &who, driver_text(command, "credit"),
                                        driver_text(command, "account"), "Asked", &d->w.answer));
    driver_answer_core(d);
}

void driver_give_back(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_credit_return(d->w.core, &who, driver_text(command, "credit"), "Asked",
                                        &d->w.answer));
    driver_answer_core(d);
}

void driver_reverse(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_reverse(d->w.core, &who, driver_text(command, "account"),
                                  driver_text(command, "movement"), "Asked", &d->w.answer));
    driver_answer_core(d);
}

void driver_reconcile(struct driver *d, const struct js *command)
{
    (void)command;
    world_begin(&d->w);
    world_end(&d->w, core_reconcile(d->w.core, &world_operator, &d->w.answer));
    driver_answer_core(d);
}
