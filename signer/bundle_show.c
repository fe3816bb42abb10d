/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle show: what is in a bundle and who signed what, as far as that can be seen without the
 * bank: each decision is verified under the key that it names, where that key is in the bundle.
 * Whose a key is the reader says himself.
 */
#include "app/app.h"
#include "app/told.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/policy_advice.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include <stdlib.h>
#include <string.h>

static struct args_list opt_holders;

const struct args_option cmd_bundle_show_options[1] = {
    {"holder", 0, ARGS_LIST, "KEY", "whose a key is, NAME=THUMBPRINT; may be given many times",
     &opt_holders},
};

struct word {
    size_t order; /* which of the bundle's */
    char signer[KEY_THUMBPRINT_LEN + 1];
    char holder[HOLDER_MAX + 1]; /* "": nobody said whose the key is */
    enum verb verb;
    int64_t issued_us;
    enum err verdict;
};

struct showing {
    struct app *app;
    struct bundle bundle;
    struct word *words;
    size_t count;
    int64_t now_us;
    enum err wrong; /* the first decision that does not verify */
};

/* What is known of one order. */
struct stand {
    struct order order;
    struct policy *policy;
    struct policy_vote votes[POLICY_HOLDERS_MAX];
    size_t vote_count, strangers; /* approvals of keys of which nobody said whose they are */
    struct policy_verdict verdict;
    const struct word *cancel; /* of one who may, as far as that is said; or NULL */
    struct buf next;           /* who is missing, in words */
};

/* --- what is known --- */

static enum err check_holders(struct app *a)
{
    for (size_t i = 0; i < opt_holders.count; i++) {
        const char *text = opt_holders.item[i], *at = strchr(text, '=');
        if (at == NULL || forms_holder(text, (size_t)(at - text)) != ERR_OK ||
            forms_thumbprint(at + 1, strlen(at + 1)) != ERR_OK)
            return app_fail(a, ERR_USAGE, "--holder is NAME=THUMBPRINT, not %s", text);
    }
    return ERR_OK;
}

static void name_signer(struct word *w)
{
    for (size_t i = 0; i < opt_holders.count; i++) {
        const char *text = opt_holders.item[i], *at = strchr(text, '=');
        if (strcmp(at + 1, w->signer) == 0)
            (void)snprintf(w->holder, sizeof w->holder, "%.*s", (int)(at - text), text);
    }
}

static enum err read_words(struct showing *s)
{
    size_t count = s->bundle.sets[BUNDLE_DECISIONS].count;
    enum err e = ERR_OK;
    s->words = calloc(count + 1, sizeof *s->words);
    if (s->words == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct bundle_decision d;
        struct word *w = &s->words[s->count++];
        e = bundle_decision_at(&s->bundle, i, &d);
        if (e == ERR_OK) {
            w->order = d.order;
            w->verb = d.verb;
            w->issued_us = d.head.issued_us;
            memcpy(w->signer, d.signer, sizeof w->signer);
            name_signer(w);
            w->verdict = bundle_file_verify(&s->bundle, &d);
            if (s->wrong == ERR_OK && w->verdict != ERR_OK && w->verdict != ERR_KEY_UNKNOWN)
                s->wrong = w->verdict;
        }
        buf_free(&d.jws);
    }
    return e;
}

static bool has_voted(const struct stand *t, const char *holder)
{
    for (size_t i = 0; i < t->vote_count; i++) {
        if (strcmp(t->votes[i].holder, holder) == 0)
            return true;
    }
    return false;
}

/* Only what verified counts, and of nobody more than one. */
static void count_votes(const struct showing *s, size_t order, struct stand *t)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct word *w = &s->words[i];
        if (w->order != order || w->verdict != ERR_OK ||
            (w->verb != VERB_APPROVE && w->verb != VERB_REJECT))
            continue;
        if (w->holder[0] == '\0')
            t->strangers++;
        else if (t->vote_count < POLICY_HOLDERS_MAX && !has_voted(t, w->holder))
            t->votes[t->vote_count++] = (struct policy_vote){w->holder, w->verb == VERB_APPROVE};
    }
}

static const struct word *find_cancel(const struct showing *s, size_t order, const struct policy *p)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct word *w = &s->words[i];
        if (w->order == order && w->verdict == ERR_OK && w->verb == VERB_CANCEL &&
            (w->holder[0] == '\0' || policy_may_submit(p, w->holder)))
            return w;
    }
    return NULL;
}

static enum err find_stand(const struct showing *s, size_t order, struct stand *t)
{
    *t = (struct stand){.policy = NULL};
    enum err e = bundle_order_at(&s->bundle, order, &t->order, NULL, &t->policy);
    if (e != ERR_OK)
        return e;
    const struct policy_case what = told_new_case(&t->order);
    t->cancel = find_cancel(s, order, t->policy);
    count_votes(s, order, t);
    policy_judge(t->policy, &what, t->votes, t->vote_count, &t->verdict);
    return policy_tell_helpers(t->policy, &what, t->votes, t->vote_count, &t->next);
}

static void free_stand(struct stand *t)
{
    policy_free(t->policy);
    buf_free(&t->next);
}

/* --- for people --- */

static enum err print_challenges(const struct showing *s)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < s->bundle.sets[BUNDLE_CHALLENGES].count; i++) {
        char from[TEXT_TIME_LEN + 1], until[TEXT_TIME_LEN + 1];
        struct bundle_challenge c;
        e = bundle_challenge_at(&s->bundle, i, &c);
        if (e != ERR_OK)
            break;
        text_time(c.issued_us, from);
        text_time(c.expires_us, until);
        printf("%-14s%s may sign from %s until %s%s\n", "Challenge", c.thumbprint, from, until,
               c.expires_us < s->now_us ? " (over)" : "");
    }
    return e;
}

static void print_word(const struct word *w)
{
    char issued[TEXT_TIME_LEN + 1];
    text_time(w->issued_us, issued);
    printf("  %-12s", decision_verb_name(w->verb));
    printf("%s, %s, %s: ", w->holder[0] != '\0' ? w->holder : "somebody", w->signer, issued);
    if (w->verdict == ERR_OK)
        puts("verified");
    else if (w->verdict == ERR_KEY_UNKNOWN)
        puts("not verified, the key is not in the bundle");
    else
        printf("NOT VALID, %s\n", err_name(w->verdict));
}

static void print_missing(const struct stand *t)
{
    printf("%-14s", "Missing");
    if (!t->verdict.covered)
        puts("no rule of the policy is for it: nobody can approve it");
    else if (t->verdict.unreachable)
        puts("too many said no");
    else if (t->cancel != NULL)
        printf("it does not matter, %s cancels it\n",
               t->cancel->holder[0] != '\0' ? t->cancel->holder : "somebody");
    else if (t->verdict.reached)
        puts("nothing, by what is here");
    else if (t->strangers > 0)
        printf("%zu of %u approvals are here, whose is not said (--holder)\n", t->strangers,
               t->verdict.required);
    else
        printf("%u approval%s, next from %s\n", t->verdict.required - t->verdict.given,
               t->verdict.required - t->verdict.given == 1 ? "" : "s", buf_str(&t->next));
}

static enum err print_order(const struct showing *s, size_t order)
{
    struct stand t;
    enum err e = find_stand(s, order, &t);
    const struct order *o = &t.order;
    if (e == ERR_OK) {
        printf("\n%-14s%s\n%-14s%s %s\n", "Order", o->id, "Amount", o->amount, o->currency);
        if (o->kind == ORDER_PAYMENT)
            printf("%-14s%s, %s\n", "To", o->creditor_name, o->creditor_account);
        else
            printf("%-14s%s\n", "Terminal", o->terminal);
        printf("%-14s%s\n%-14s%s, version %lld\n", "From", o->account, "Policy",
               policy_title(t.policy), (long long)policy_version(t.policy));
        for (size_t i = 0; i < s->count; i++) {
            if (s->words[i].order == order)
                print_word(&s->words[i]);
        }
        print_missing(&t);
    }
    free_stand(&t);
    return e;
}

static enum err print_all(const struct showing *s)
{
    size_t orders = s->bundle.sets[BUNDLE_ORDERS].count;
    printf("%-14s%s\n%-14s%zu\n%-14s%zu\n", "Bank", s->bundle.bank, "Orders", orders, "Decisions",
           s->count);
    enum err e = print_challenges(s);
    for (size_t i = 0; e == ERR_OK && i < orders; i++)
        e = print_order(s, i);
    return e;
}

/* --- for programs --- */

static void list_word(const struct word *w, struct doc *list)
{
    struct doc one = {0};
    doc_object(&one);
    doc_text(&one, "decision", decision_verb_name(w->verb));
    doc_text_optional(&one, "holder", w->holder);
    doc_time(&one, "issued", w->issued_us);
    doc_text(&one, "thumbprint", w->signer);
    doc_text(&one, "verdict", err_name(w->verdict));
    doc_push(list, &one);
}

static void list_order(const struct showing *s, size_t order, struct doc *list)
{
    struct doc one = {0}, words = {0};
    struct stand t;
    enum err e = find_stand(s, order, &t);
    doc_array(&words);
    for (size_t i = 0; i < s->count; i++) {
        if (s->words[i].order == order)
            list_word(&s->words[i], &words);
    }
    doc_object(&one);
    doc_text(&one, "account", t.order.account);
    doc_text(&one, "amount", t.order.amount);
    doc_bool(&one, "complete", t.verdict.reached && t.cancel == NULL);
    doc_text(&one, "currency", t.order.currency);
    doc_put(&one, "decisions", &words);
    doc_digest(&one, "digest", t.order.digest);
    doc_text(&one, "order", t.order.id);
    doc_int(&one, "required", t.verdict.required);
    if (e != ERR_OK)
        doc_fail(&one, e);
    doc_push(list, &one);
    free_stand(&t);
}

static void list_challenge(const struct showing *s, size_t i, struct doc *list)
{
    struct bundle_challenge c = {.issued_us = 0};
    struct doc one = {0};
    enum err e = bundle_challenge_at(&s->bundle, i, &c);
    doc_object(&one);
    doc_time(&one, "expires", c.expires_us);
    doc_time(&one, "issued", c.issued_us);
    doc_text(&one, "thumbprint", c.thumbprint);
    if (e != ERR_OK)
        doc_fail(&one, e);
    doc_push(list, &one);
}

static enum err print_json(const struct showing *s)
{
    struct doc all = {0}, challenges = {0}, orders = {0};
    doc_array(&challenges);
    for (size_t i = 0; i < s->bundle.sets[BUNDLE_CHALLENGES].count; i++)
        list_challenge(s, i, &challenges);
    doc_array(&orders);
    for (size_t i = 0; i < s->bundle.sets[BUNDLE_ORDERS].count; i++)
        list_order(s, i, &orders);
    doc_object(&all);
    doc_text(&all, "bank", s->bundle.bank);
    doc_put(&all, "challenges", &challenges);
    doc_put(&all, "orders", &orders);
    enum err e = app_print_doc(&all);
    doc_free(&all);
    return e;
}

static enum err show(struct app *a, const char *path)
{
    struct showing s = {.app = a, .now_us = clock_now_us()};
    enum err e = check_holders(a);
    if (e == ERR_OK)
        e = bundle_file_read(a, path, &s.bundle);
    if (e == ERR_OK)
        e = read_words(&s);
    if (e == ERR_OK)
        e = a->json ? print_json(&s) : print_all(&s);
    if (e == ERR_OK && s.wrong != ERR_OK)
        e = app_fail(a, s.wrong, "a decision in %s is not valid", path);
    free(s.words);
    bundle_free(&s.bundle);
    return e;
}

enum err cmd_bundle_show(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? show(a, words->item[0]) : e;
}
