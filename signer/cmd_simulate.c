/* SPDX-License-Identifier: Apache-2.0
 *
 * policy simulate: who together can approve a case, by a policy in a file.
 */
#include "app/app.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/policy_advice.h"
#include "signer/commands.h"
#include "signer/policy_file.h"
#include <inttypes.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)
#define WAITED_DAYS_MAX 366

static const char *opt_amount, *opt_payee, *opt_waited;
static bool opt_cash, opt_change;
static struct args_list opt_delegations;

const struct args_option cmd_policy_simulate_options[8] = {
    POLICY_FILE_HOLDER,
    POLICY_FILE_CURRENCY,
    {"amount", 0, ARGS_TEXT, "AMOUNT", "how much is to be paid, such as 250.00", &opt_amount},
    {"payee", 0, ARGS_TEXT, "IBAN", "to whom; default: an account that no rule lists", &opt_payee},
    {"cash", 0, ARGS_FLAG, NULL, "cash instead of a payment", &opt_cash},
    {"change", 0, ARGS_FLAG, NULL, "a new policy instead of a payment", &opt_change},
    {"waited", 0, ARGS_TEXT, "DAYS", "days since the order came in; default 0", &opt_waited},
    {"delegation", 0, ARGS_LIST, "NAME", "NAME:DEPUTY: as if one might approve for the other",
     &opt_delegations},
};

struct question {
    const struct policy *policy;
    const char *currency; /* "" for a change of the policy */
    struct policy_case what;
    struct policy_delegation delegations[POLICY_HOLDERS_MAX];
    char principals[POLICY_HOLDERS_MAX][HOLDER_MAX + 1]; /* the words up to the colon */
    struct policy_verdict verdict;
    struct policy_coalitions groups;
    enum err refusal; /* what the bank says to it, whoever approves; ERR_OK for nothing */
    int64_t limit_minor;
    const char *limit_per;
};

static enum err check_options(struct app *a)
{
    if (opt_cash && opt_change)
        return app_fail(a, ERR_USAGE, "give --cash or --change, not both");
    if (opt_change && (opt_amount != NULL || opt_payee != NULL))
        return app_fail(a, ERR_USAGE, "--change has no --amount and no --payee");
    if (opt_cash && opt_payee != NULL)
        return app_fail(a, ERR_USAGE, "--cash has no --payee");
    if (!opt_change && opt_amount == NULL)
        return app_fail(a, ERR_USAGE, "give --amount, or --change for a new policy");
    return ERR_OK;
}

static enum err read_amount(struct app *a, struct question *q)
{
    const char *own = policy_currency(q->policy);
    q->currency = own[0] != '\0' ? own : policy_file_currency;
    if (q->currency == NULL)
        return app_fail(a, ERR_USAGE, "the policy names no currency; give --currency, such as EUR");
    enum err e = amount_parse(opt_amount, strlen(opt_amount), q->currency, &q->what.amount_minor);
    if (e == ERR_OK && q->what.amount_minor == 0)
        e = ERR_AMOUNT_ZERO;
    return e == ERR_OK ? e : app_fail(a, e, "--amount %s %s", opt_amount, q->currency);
}

static enum err read_delegation(struct app *a, const char *text, struct question *q)
{
    struct policy_delegation *d = &q->delegations[q->what.delegation_count];
    char *principal = q->principals[q->what.delegation_count];
    size_t len = strcspn(text, ":");
    if (len <= HOLDER_MAX && text[len] != '\0')
        memcpy(principal, text, len);
    *d = (struct policy_delegation){principal, text + len + (text[len] != '\0'), INT64_MAX};
    for (size_t i = 0; i < q->what.delegation_count; i++) {
        if (strcmp(q->delegations[i].principal, principal) == 0)
            return app_fail(a, ERR_USAGE, "--delegation %s: nobody has two deputies", text);
    }
    if (!policy_lets_delegate(q->policy, d->principal, d->deputy))
        return app_fail(a, ERR_DEPUTY_NOT_ALLOWED, "--delegation %s", text);
    q->what.delegation_count++;
    return ERR_OK;
}

static enum err read_delegations(struct app *a, struct question *q)
{
    enum err e = ERR_OK;
    q->what.delegations = q->delegations;
    if (opt_delegations.count > POLICY_HOLDERS_MAX)
        return app_fail(a, ERR_USAGE, "more than %u delegations", POLICY_HOLDERS_MAX);
    for (size_t i = 0; e == ERR_OK && i < opt_delegations.count; i++)
        e = read_delegation(a, opt_delegations.item[i], q);
    return e;
}

static enum err read_case(struct app *a, struct question *q)
{
    uint64_t days = 0;
    if (opt_waited != NULL &&
        text_parse_u64(opt_waited, strlen(opt_waited), WAITED_DAYS_MAX, &days) != ERR_OK)
        return app_fail(a, ERR_USAGE, "--waited is a number of days, at most %d", WAITED_DAYS_MAX);
    q->what.waited_us = (int64_t)days * DAY_US;
    q->what.payee = opt_payee;
    q->what.subject = opt_cash ? POLICY_CASH : opt_change ? POLICY_CHANGE : POLICY_PAYMENT;
    q->currency = "";
    if (opt_payee != NULL) {
        enum err e = iban_check(opt_payee, strlen(opt_payee));
        if (e != ERR_OK)
            return app_fail(a, e, "--payee %s", opt_payee);
    }
    enum err e = read_delegations(a, q);
    return e == ERR_OK && !opt_change ? read_amount(a, q) : e;
}

/* What alone is above a limit is refused on every day. */
static void check_limit(struct question *q, enum policy_period period, const char *name)
{
    int64_t limit = policy_limit(q->policy, period);
    if (q->refusal != ERR_OK || limit < 0 || q->what.amount_minor <= limit)
        return;
    q->refusal = ERR_LIMIT_EXCEEDED;
    q->limit_minor = limit;
    q->limit_per = name;
}

static void answer(struct question *q)
{
    policy_judge(q->policy, &q->what, NULL, 0, &q->verdict);
    if (!q->verdict.covered)
        q->refusal = ERR_POLICY_NO_RULE;
    check_limit(q, POLICY_DAY, "day");
    check_limit(q, POLICY_MONTH, "month");
    if (q->refusal == ERR_OK)
        policy_simulate(q->policy, &q->what, &q->groups);
}

static void print_case(const struct question *q)
{
    int64_t days = q->what.waited_us / DAY_US;
    if (q->what.subject == POLICY_CHANGE)
        fputs("A new policy", stdout);
    else
        printf("%s of %s %s", q->what.subject == POLICY_CASH ? "Cash" : "A payment", opt_amount,
               q->currency);
    if (q->what.payee != NULL)
        printf(" to %s", q->what.payee);
    if (days > 0)
        printf(" after %" PRId64 " day%s", days, days == 1 ? "" : "s");
    size_t rule = policy_rule_number(q->policy, &q->what);
    if (rule > 0)
        printf(": rule %zu is for it.\n", rule);
    else
        printf(": no rule is for it, so %s.\n",
               q->verdict.covered ? "all must approve" : "nobody can approve it");
}

static enum err print_refusal(const struct question *q)
{
    char limit[AMOUNT_TEXT_MAX + 1];
    enum err e = ERR_OK;
    if (q->limit_per != NULL) {
        e = amount_text(q->limit_minor, q->currency, limit);
        if (e == ERR_OK)
            printf("It is above the limit of %s %s a %s, whoever approves.\n", limit, q->currency,
                   q->limit_per);
    }
    printf("The bank refuses it: %s.\n", err_name(q->refusal));
    return e;
}

static enum err print_group(const struct question *q, uint64_t group)
{
    struct buf names = {0};
    enum err e = policy_tell_group(q->policy, &q->what, group, &names);
    if (e == ERR_OK)
        printf("  %s\n", buf_str(&names));
    buf_free(&names);
    return e;
}

static enum err print_answer(const struct question *q)
{
    const struct policy_coalitions *groups = &q->groups;
    unsigned opens = policy_opens_after(q->policy, &q->what);
    enum err e = ERR_OK;
    print_case(q);
    if (q->refusal != ERR_OK)
        return print_refusal(q);
    puts(groups->count > 0 ? "Who can approve it, one line is enough:"
                           : "Nobody can approve it yet.");
    for (size_t i = 0; e == ERR_OK && i < groups->count; i++)
        e = print_group(q, groups->at[i]);
    if (groups->more)
        puts("  ... and more groups than are listed.");
    if (opens > 0)
        printf("From day %u on there are other ways: --waited %u.\n", opens, opens);
    return e;
}

static void list_groups(const struct question *q, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < q->groups.count; i++) {
        struct doc group = {0};
        doc_array(&group);
        for (size_t h = 0; h < policy_holder_count(q->policy); h++) {
            if (q->groups.at[i] >> h & 1)
                doc_push_text(&group, policy_holder(q->policy, h));
        }
        doc_push(out, &group);
    }
}

static enum err print_answer_json(const struct question *q)
{
    struct doc out = {0}, groups = {0};
    list_groups(q, &groups);
    doc_object(&out);
    doc_int(&out, "rule", (int64_t)policy_rule_number(q->policy, &q->what));
    doc_put(&out, "coalitions", &groups);
    doc_bool(&out, "more", q->groups.more);
    doc_int(&out, "opensAfterDays", (int64_t)policy_opens_after(q->policy, &q->what));
    if (q->refusal != ERR_OK)
        doc_text(&out, "refused", err_name(q->refusal));
    enum err e = app_print_doc(&out);
    doc_free(&out);
    return e;
}

static enum err simulate(struct app *a, const char *path)
{
    struct question q = {.currency = ""};
    struct policy *policy = NULL;
    enum err e = check_options(a);
    if (e == ERR_OK)
        e = policy_file_load(a, path, &policy);
    q.policy = policy;
    if (e == ERR_OK)
        e = read_case(a, &q);
    if (e == ERR_OK) {
        answer(&q);
        e = a->json ? print_answer_json(&q) : print_answer(&q);
    }
    policy_free(policy);
    return e;
}

enum err cmd_policy_simulate(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? simulate(a, words->item[0]) : e;
}
