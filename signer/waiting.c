/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/waiting.h"
#include "app/app.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/iban.h"
#include "order/json.h"
#include "order/text.h"
#include "signer/list.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define UNCHALLENGED_US (INT64_C(300) * TEXT_SECOND_US)

bool waiting_too_old(const struct statement *head, int64_t now_us)
{
    return head->challenge[0] == '\0' && now_us > head->issued_us + UNCHALLENGED_US;
}

/* --- what the bank says --- */

struct gathering {
    struct app *app;
    struct waiting_list *list;
};

static bool warned(const struct waiting_order *w)
{
    return w->flags != 0 || w->suspicious;
}

static flag_set read_flags(const struct js *flags)
{
    flag_set found = 0;
    for (size_t i = 0; i < js_count(flags); i++) {
        const char *name = js_text(js_at(flags, i), NULL);
        enum flag f = name != NULL ? flag_from_name(name, strlen(name)) : FLAG_COUNT;
        found |= f != FLAG_COUNT ? FLAG_BIT(f) : 0;
    }
    return found;
}

static enum err make_room(struct waiting_list *l)
{
    if (l->count < l->room)
        return ERR_OK;
    size_t room = l->room == 0 ? 64 : 2 * l->room;
    struct waiting_order *grown = realloc(l->orders, room * sizeof *grown);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    l->orders = grown;
    l->room = room;
    return ERR_OK;
}

static struct policy *known_policy(const struct waiting_list *l, const struct policy *p)
{
    for (size_t i = 0; i < l->policy_count; i++) {
        if (memcmp(policy_digest(l->policies[i]), policy_digest(p), DIGEST_LEN) == 0)
            return l->policies[i];
    }
    return NULL;
}

/* Each is kept once, whatever it is the policy of: takes *P over, and gives the one that stays. */
static enum err keep_policy(struct waiting_list *l, struct policy **p)
{
    struct policy *read = *p;
    *p = known_policy(l, read);
    if (*p != NULL) {
        policy_free(read);
        return ERR_OK;
    }
    struct policy **grown = realloc(l->policies, (l->policy_count + 1) * sizeof *grown);
    if (grown == NULL) {
        policy_free(read);
        return ERR_NO_MEMORY;
    }
    l->policies = grown;
    *p = l->policies[l->policy_count++] = read;
    return ERR_OK;
}

enum err waiting_add(struct app *a, struct waiting_list *l, struct subject *s, flag_set flags)
{
    const struct order *o = &s->order;
    enum err e = make_room(l);
    if (e == ERR_OK)
        e = subject_check_pair(a, s);
    if (e != ERR_OK) {
        subject_free(s);
        return e;
    }
    e = keep_policy(l, &s->policy);
    if (e != ERR_OK) {
        buf_free(&s->bytes);
        return e;
    }
    l->orders[l->count++] = (struct waiting_order){
        .subject = *s,
        .flags = flags,
        .suspicious = o->kind == ORDER_PAYMENT &&
                      utext_suspicious(o->creditor_name, strlen(o->creditor_name)),
    };
    return ERR_OK;
}

void waiting_leave_out(struct subject *s)
{
    app_say(stderr, "Order %s expired: it is left out.", s->order.id);
    subject_free(s);
}

static enum err add(struct gathering *g, const struct js *told)
{
    struct subject s = {.bytes = BUF_INIT(ORDER_MAX)};
    const char *account = g->list->account;
    enum err e = order_from_js(js_get(told, "order"), &s.order, &s.bytes);
    bool wanted = e == ERR_OK && (account == NULL || strcmp(s.order.account, account) == 0);
    if (wanted)
        e = policy_from_js(js_get(told, "policy"), &s.policy);
    if (wanted && e == ERR_OK)
        return waiting_add(g->app, g->list, &s, read_flags(js_get(told, "flags")));
    subject_free(&s);
    return e;
}

static enum err add_page(void *ctx, const struct js *answer)
{
    struct gathering *g = ctx;
    const struct js *orders = js_get(answer, "orders");
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(orders); i++) {
        if (g->list->count == WAITING_MAX)
            return app_fail(g->app, ERR_TOO_LARGE,
                            "more than %u wait; choose one account with "
                            "--account",
                            WAITING_MAX);
        if (js_get(js_at(orders, i), "order") == NULL || js_get(js_at(orders, i), "policy") == NULL)
            return app_fail(g->app, ERR_UNAVAILABLE, "the bank's answer has no order or policy");
        e = add(g, js_at(orders, i));
    }
    return e;
}

static void pick(const struct waiting_list *l, bool with_warnings, struct waiting_order **to)
{
    for (size_t i = 0; i < l->count; i++) {
        if (warned(&l->orders[i]) == with_warnings)
            *(*to)++ = l->orders[i];
    }
}

enum err waiting_sort(struct waiting_list *l)
{
    struct waiting_order *sorted = calloc(l->count + 1, sizeof *sorted), *end = sorted;
    if (sorted == NULL)
        return ERR_NO_MEMORY;
    pick(l, true, &end);
    pick(l, false, &end);
    free(l->orders);
    l->orders = sorted;
    l->room = l->count + 1;
    return ERR_OK;
}

enum err waiting_ask(struct app *a, struct waiting_list *out)
{
    static const struct list_source all = {ROUTE_WAITING_ORDERS, false, "orders", "limit=50", 0};
    struct gathering g = {a, out};
    enum err e = list_pages(a, &all, add_page, &g);
    return e == ERR_OK ? waiting_sort(out) : e;
}

void waiting_free(struct waiting_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        buf_free(&l->orders[i].subject.bytes);
    for (size_t i = 0; i < l->policy_count; i++)
        policy_free(l->policies[i]);
    free(l->orders);
    free(l->policies);
}

/* --- for people --- */

/* Of the orders in one currency, where the first of them is at FROM. */
static enum err print_total(const struct waiting_list *l, size_t from, FILE *f)
{
    const char *currency = l->orders[from].subject.order.currency;
    char text[AMOUNT_TEXT_MAX + 1];
    int64_t sum = 0;
    size_t count = 0;
    enum err e = ERR_OK;
    for (size_t i = from; e == ERR_OK && i < l->count; i++) {
        const struct order *o = &l->orders[i].subject.order;
        if (strcmp(o->currency, currency) != 0)
            continue;
        count++;
        e = amount_add(sum, o->amount_minor, &sum);
    }
    if (e == ERR_OK)
        e = amount_text(sum, currency, text);
    if (e == ERR_OK)
        fprintf(f, "Total %12s %s in %zu order%s\n", text, currency, count, count == 1 ? "" : "s");
    return e;
}

static bool first_of_currency(const struct waiting_list *l, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(l->orders[i].subject.order.currency, l->orders[at].subject.order.currency) == 0)
            return false;
    }
    return true;
}

static void print_warnings(const struct waiting_order *w, FILE *f)
{
    if (w->suspicious)
        fputs("    WARNING: the name mixes scripts or imitates other letters\n", f);
    for (enum flag k = 0; k < FLAG_COUNT; k++) {
        if (w->flags & FLAG_BIT(k))
            fprintf(f, "    WARNING: %s\n", flag_words(k));
    }
}

static size_t number_of(const struct waiting_list *l, const struct policy *p)
{
    size_t i = 0;
    while (l->policies[i] != p)
        i++;
    return i + 1;
}

static void print_order(const struct waiting_list *l, const struct waiting_order *w, FILE *f)
{
    char date[TEXT_DATE_LEN + 1], expires[TEXT_TIME_LEN + 1];
    const struct order *o = &w->subject.order;
    fprintf(f, "%12s %s  ", o->amount, o->currency);
    if (o->kind == ORDER_PAYMENT)
        fprintf(f, "to %s, %s", o->creditor_name, o->creditor_account);
    else
        fprintf(f, "cash at %s", o->terminal);
    fprintf(f, "\n    from %s, order %s\n", o->account, o->id);
    if (o->description[0] != '\0')
        fprintf(f, "    %s\n", o->description);
    text_time(o->expires_us, expires);
    if (o->kind == ORDER_PAYMENT) {
        text_date(o->date_days, date);
        fprintf(f, "    date %s\n", date);
    }
    fprintf(f, "    expires %s, policy %zu\n", expires, number_of(l, w->subject.policy));
    print_warnings(w, f);
}

/* Who must approve may differ from order to order: told again where it does. */
static enum err print_approvers(const struct waiting_list *l, const struct policy *p, FILE *f)
{
    struct buf last = BUF_INIT(0), now = BUF_INIT(0);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < l->count; i++) {
        const struct subject *s = &l->orders[i].subject;
        if (s->policy != p)
            continue;
        buf_clear(&now);
        e = subject_approvers(s, &now);
        if (e != ERR_OK || strcmp(buf_str(&now), buf_str(&last)) == 0)
            continue;
        fprintf(f, "%s%s%s%s", last.len > 0 ? "From the order " : "",
                last.len > 0 ? s->order.id : "", last.len > 0 ? " on:\n" : "", buf_str(&now));
        buf_clear(&last);
        e = buf_add(&last, now.data, now.len);
    }
    buf_free(&last);
    buf_free(&now);
    return e;
}

/* What the display has of a policy, and who decides by it: a bank may have made one up. */
static enum err print_policies(const struct waiting_list *l, FILE *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < l->policy_count; i++) {
        const struct policy *p = l->policies[i];
        char digest[2 * DIGEST_LEN + 1];
        text_hex(policy_digest(p), DIGEST_LEN, digest);
        fprintf(f, "Policy %zu: %s, version %lld, of %s\n    %s\n", i + 1, policy_title(p),
                (long long)policy_version(p), policy_account(p), digest);
        e = print_approvers(l, p, f);
        fputc('\n', f);
    }
    return e;
}

/* --- what each payee gets --- */

static int by_payee_order(const void *a, const void *b)
{
    const struct order *x = &(*(const struct waiting_order *const *)a)->subject.order;
    const struct order *y = &(*(const struct waiting_order *const *)b)->subject.order;
    int c = strcmp(x->creditor_name, y->creditor_name);
    if (c == 0)
        c = strcmp(x->creditor_account, y->creditor_account);
    if (c == 0)
        c = strcmp(x->terminal, y->terminal);
    return c != 0 ? c : strcmp(x->currency, y->currency);
}

/* Those of AT and behind it that go the same way; *COUNT of them. */
static enum err print_payee(const struct waiting_order *const *at, size_t rest, size_t *count,
                            FILE *f)
{
    const struct order *o = &at[0]->subject.order;
    char text[AMOUNT_TEXT_MAX + 1];
    int64_t sum = 0;
    enum err e = ERR_OK;
    for (*count = 0; e == ERR_OK && *count < rest && by_payee_order(&at[0], &at[*count]) == 0;
         ++*count)
        e = amount_add(sum, at[*count]->subject.order.amount_minor, &sum);
    if (e == ERR_OK)
        e = amount_text(sum, o->currency, text);
    if (e != ERR_OK)
        return e;
    fprintf(f, "%12s %s  ", text, o->currency);
    if (o->kind == ORDER_PAYMENT)
        fprintf(f, "to %s, %s", o->creditor_name, o->creditor_account);
    else
        fprintf(f, "cash at %s", o->terminal);
    fprintf(f, ", %zu order%s\n", *count, *count == 1 ? "" : "s");
    return ERR_OK;
}

static enum err print_payees(const struct waiting_list *l, FILE *f)
{
    const struct waiting_order **sorted = calloc(l->count + 1, sizeof *sorted);
    enum err e = sorted != NULL ? ERR_OK : ERR_NO_MEMORY;
    size_t count = 0;
    for (size_t i = 0; e == ERR_OK && i < l->count; i++)
        sorted[i] = &l->orders[i];
    if (e == ERR_OK)
        qsort(sorted, l->count, sizeof *sorted, by_payee_order);
    for (size_t i = 0; e == ERR_OK && i < l->count; i += count)
        e = print_payee(&sorted[i], l->count - i, &count, f);
    free(sorted);
    return e;
}

enum err waiting_print(const struct waiting_list *l, bool by_payee, FILE *f)
{
    size_t warnings = 0;
    enum err e = ERR_OK;
    while (warnings < l->count && warned(&l->orders[warnings]))
        warnings++;
    fprintf(f, "\n%zu order%s for your approval.\n", l->count, l->count == 1 ? " waits" : "s wait");
    for (size_t i = 0; e == ERR_OK && i < l->count; i++) {
        if (first_of_currency(l, i))
            e = print_total(l, i, f);
    }
    if (warnings > 0)
        fprintf(f, "%zu with warnings, first:\n", warnings);
    fputc('\n', f);
    for (size_t i = 0; e == ERR_OK && i < (by_payee ? warnings : l->count); i++)
        print_order(l, &l->orders[i], f);
    if (e == ERR_OK && by_payee)
        e = print_payees(l, f);
    fputc('\n', f);
    if (e == ERR_OK)
        e = print_policies(l, f);
    bool shown = !ferror(f) && fflush(f) == 0;
    return e == ERR_OK && !shown ? ERR_IO : e; /* what nobody could read is not signed */
}

enum err waiting_show(const struct waiting_list *l, enum verb verb, FILE *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < l->count; i++)
        e = subject_show(&l->orders[i].subject, verb, f);
    return e;
}

static void tell_of_pins(const struct app *a, size_t count)
{
    struct token_info info;
    if (!token_key_about(a->key)->always_authenticate)
        return;
    bool keypad = token_info_of(a->token, &info) == ERR_OK && info.keypad;
    fprintf(stderr, "This key wants its PIN%s for ", keypad ? " on the reader" : "");
    if (count == 1)
        fprintf(stderr, "the signature, too");
    else
        fprintf(stderr, "each of %zu signatures", count);
    fputs(keypad ? ".\n" : "; the one that was entered is given.\n", stderr);
}

enum err waiting_consent(struct app *a, const struct waiting_list *l, enum verb verb,
                         size_t signatures)
{
    char purpose[64];
    (void)snprintf(purpose, sizeof purpose, "%s %s%zu order%s", decision_verb_name(verb),
                   l->count > 1 ? "these " : "this ", l->count, l->count > 1 ? "s" : "");
    enum err e = app_consent(a, purpose);
    if (e == ERR_OK)
        tell_of_pins(a, signatures);
    return e;
}
