/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/rights.h"

#include "base/text.h"
#include "order/amount.h"
#include <string.h>

enum err rights_check(const struct policy *p, const struct policy_case *what, const char *holder,
                      enum verb verb)
{
    bool votes = verb == VERB_APPROVE || verb == VERB_REJECT;

    if (!policy_may_submit(p, holder))
        return ERR_NOT_A_HOLDER;
    if (!votes || policy_may_approve(p, holder))
        return ERR_OK;
    return verb == VERB_APPROVE && policy_is_deputy(p, what, holder) ? ERR_OK : ERR_MAY_NOT_APPROVE;
}

/* --- limits --- */

/* The first day, UTC, of the period that a time lies in. */
static enum err period_start(enum policy_period period, int64_t time_us, int32_t *day)
{
    char date[TEXT_DATE_LEN + 1];

    *day = text_day_of(time_us);
    if (period == POLICY_DAY)
        return ERR_OK;
    text_date(*day, date);
    memcpy(date + TEXT_DATE_LEN - 2, "01", 2);
    return text_parse_date(date, TEXT_DATE_LEN, day);
}

static enum err within(struct core *c, const struct ledger_account *a, const struct policy *p,
                       enum policy_period period, int64_t amount, bool *out)
{
    int64_t limit = policy_limit(p, period), spent = 0, sum = 0;
    int32_t first_day = 0;

    *out = true;
    if (limit < 0)
        return ERR_OK;
    enum err e = period_start(period, c->now_us, &first_day);
    if (!e)
        e = ledger_spent(c, a, first_day, &spent);
    if (e)
        return e;
    *out = amount_add(spent, amount, &sum) == ERR_OK && sum <= limit;
    return ERR_OK;
}

enum err rights_within_limits(struct core *c, const struct ledger_account *a,
                              const struct policy *p, int64_t amount, bool *out)
{
    enum err e = within(c, a, p, POLICY_DAY, amount, out);

    return e || !*out ? e : within(c, a, p, POLICY_MONTH, amount, out);
}

static bool ever_within(const struct policy *p, int64_t amount)
{
    for (enum policy_period period = POLICY_DAY; period <= POLICY_MONTH; period++) {
        if (policy_limit(p, period) >= 0 && amount > policy_limit(p, period))
            return false;
    }
    return true;
}

enum err rights_check_payment(struct core *c, const struct ledger_account *a,
                              const struct policy *p, const struct policy_case *what, bool today)
{
    struct policy_verdict verdict;
    bool fits = ever_within(p, what->amount_minor);
    enum err e = ERR_OK;

    policy_judge(p, what, NULL, 0, &verdict);
    if (!verdict.covered)
        return ERR_POLICY_NO_RULE;
    if (fits && today)
        e = rights_within_limits(c, a, p, what->amount_minor, &fits);
    return e || fits ? e : ERR_LIMIT_EXCEEDED;
}
