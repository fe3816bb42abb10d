/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/subject.h"
#include "api/request.h"
#include "app/app.h"
#include "app/told.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/display.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/policy_advice.h"
#include "order/text.h"
#include <string.h>
#include <unistd.h>

enum err subject_blame(struct app *a, enum err e, const char *where, const struct order_fault *f)
{
    return app_fail(a, e, "%s%s%s", where, f->member[0] != '\0' ? ": " : "", f->member);
}

/* The order alone. */
static enum err load_from_file(struct app *a, const char *path, struct subject *out)
{
    struct order_fault fault = {.member = ""};
    struct js *value = NULL;
    enum err e = app_read_json(path, 4 * ORDER_MAX, &value);
    if (e == ERR_OK)
        e = order_read(value, &out->order, &out->bytes, &fault);
    js_free(value);
    return e == ERR_OK ? e : subject_blame(a, e, path, &fault);
}

/* Under which the bank takes decisions on the order; it may be older than the one in force. */
static enum err policy_of_answer(struct app *a, const struct js *answer, struct policy **out)
{
    if (js_get(answer, "policy") == NULL)
        return app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no policy");
    return policy_from_js(js_get(answer, "policy"), out);
}

static enum err load_from_bank(struct app *a, const char *account, const char *id,
                               struct subject *out, struct js **told)
{
    struct client_call call = {.route = ROUTE_ORDER};
    struct js *answer = NULL;
    enum err e = app_need(a, account, "account", &call.param[0]);
    call.param[1] = id;
    if (e == ERR_OK)
        e = app_call(a, &call, &answer);
    if (e == ERR_OK && js_get(answer, "order") == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no order");
    if (e == ERR_OK)
        e = order_from_js(js_get(answer, "order"), &out->order, &out->bytes);
    if (e == ERR_OK && strcmp(out->order.id, id) != 0)
        e = app_fail(a, ERR_ORDER_MISMATCH, "the bank sent the order %s", out->order.id);
    if (e == ERR_OK && strcmp(out->order.account, account) != 0)
        e = app_fail(a, ERR_ACCOUNT_MISMATCH, "the bank sent an order of %s", out->order.account);
    if (e == ERR_OK) /* without the right to decide there is none: the bank says why */
        e = js_get(answer, "policy") != NULL ? policy_of_answer(a, answer, &out->policy)
                                             : subject_policy(a, account, &out->policy);
    if (e == ERR_OK && told != NULL) {
        *told = answer;
        answer = NULL;
    }
    js_free(answer);
    return e;
}

enum err subject_policy(struct app *a, const char *account, struct policy **out)
{
    struct client_call call = {.route = ROUTE_POLICY, .param = {account}};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    if (e == ERR_OK)
        e = policy_of_answer(a, answer, out);
    js_free(answer);
    return e;
}

enum err subject_check_policy(struct app *a, const struct policy *p)
{
    if (a->bank != NULL && strcmp(a->bank, policy_bank(p)) != 0)
        return app_fail(a, ERR_BANK_MISMATCH, "the policy is of %s", policy_bank(p));
    if (strcmp(a->account, policy_account(p)) != 0)
        return app_fail(a, ERR_ACCOUNT_MISMATCH, "the policy is of %s", policy_account(p));
    return ERR_OK;
}

enum err subject_currency(struct app *a, char out[static 4])
{
    struct client_call call = {.route = ROUTE_ACCOUNT, .param = {a->account}};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    const char *currency = js_text(js_get(answer, "currency"), NULL);
    (void)snprintf(out, 4, "%s", currency != NULL ? currency : "");
    js_free(answer);
    return e;
}

enum err subject_policy_file(struct app *a, const char *path, struct policy **out)
{
    struct js *value = NULL;
    *out = NULL;
    enum err e = app_read_json(path, 4 * POLICY_MAX, &value);
    if (e == ERR_OK)
        e = policy_from_js(value, out);
    js_free(value);
    return e == ERR_OK ? e : app_fail(a, e, "%s", path);
}

/* The signature covers all of it, but a mix-up is better found before the PIN. */
enum err subject_check_pair(struct app *a, const struct subject *s)
{
    if (a->bank != NULL && strcmp(a->bank, s->order.bank) != 0)
        return app_fail(a, ERR_BANK_MISMATCH, "the order is for %s", s->order.bank);
    if (strcmp(policy_bank(s->policy), s->order.bank) != 0)
        return app_fail(a, ERR_BANK_MISMATCH, "the policy is of %s", policy_bank(s->policy));
    if (strcmp(policy_account(s->policy), s->order.account) != 0)
        return app_fail(a, ERR_ACCOUNT_MISMATCH, "the policy is of %s", policy_account(s->policy));
    return ERR_OK;
}

enum err subject_load(struct app *a, const char *word, const char *policy_file, struct subject *out)
{
    memset(out, 0, sizeof *out);
    bool is_id = forms_order_id(word, strlen(word)) == ERR_OK && access(word, F_OK) != 0;
    enum err e =
        is_id ? load_from_bank(a, a->account, word, out, NULL) : load_from_file(a, word, out);
    if (e == ERR_OK && policy_file != NULL) {
        policy_free(out->policy);
        e = subject_policy_file(a, policy_file, &out->policy);
    } else if (e == ERR_OK && !is_id) {
        e = subject_policy(a, out->order.account, &out->policy);
    }
    return e == ERR_OK ? subject_check_pair(a, out) : e;
}

enum err subject_ask(struct app *a, const char *account, const char *id, struct subject *out,
                     struct js **told)
{
    memset(out, 0, sizeof *out);
    *told = NULL;
    if (forms_order_id(id, strlen(id)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no order id", id);
    enum err e = load_from_bank(a, account, id, out, told);
    return e == ERR_OK ? subject_check_pair(a, out) : e;
}

void subject_free(struct subject *s)
{
    buf_free(&s->bytes);
    policy_free(s->policy);
    s->policy = NULL;
}

static size_t approvers(const struct policy *p)
{
    size_t count = 0;
    for (size_t i = 0; i < policy_holder_count(p); i++)
        count += policy_may_approve(p, policy_holder(p, i));
    return count;
}

/* Beside the display, which has no more of the policy than its title: a bank that made up another
 * one, in which fewer people decide, would get a valid decision under it. */
static enum err tell_everybody(const struct policy *p, struct buf *out)
{
    const char *between = "";
    enum err e = buf_add_str(out, "By this policy all of these must approve: ");
    for (size_t i = 0; e == ERR_OK && i < policy_holder_count(p); i++) {
        if (!policy_may_approve(p, policy_holder(p, i)))
            continue;
        e = buf_addf(out, "%s%s", between, policy_holder(p, i));
        between = ", ";
    }
    return e == ERR_OK ? buf_add_str(out, ".\n") : e;
}

enum err subject_approvers(const struct subject *s, struct buf *out)
{
    const struct policy *p = s->policy;
    const struct policy_case what = told_new_case(&s->order);
    struct policy_verdict verdict;
    struct buf ways = BUF_INIT(0);
    enum err e = policy_tell(p, &what, &ways);
    policy_judge(p, &what, NULL, 0, &verdict);
    if (e == ERR_OK && !verdict.covered)
        e = buf_add_str(out, "By this policy nobody can approve it: no rule is for it.\n");
    else if (e == ERR_OK && verdict.required == approvers(p))
        e = tell_everybody(p, out);
    else if (e == ERR_OK)
        e = buf_addf(out, "By this policy any line of these is enough:\n%s", buf_str(&ways));
    buf_free(&ways);
    return e;
}

enum err subject_print(enum err e, struct buf *text, FILE *f)
{
    if (e == ERR_OK && (fprintf(f, "\n%s\n", buf_str(text)) < 0 || fflush(f) != 0))
        e = ERR_IO; /* what nobody could read is not signed */
    buf_free(text);
    return e;
}

enum err subject_show(const struct subject *s, enum verb verb, FILE *f)
{
    struct buf text = BUF_INIT(DISPLAY_MAX), who = BUF_INIT(0);
    const struct order *o = &s->order;
    enum err e = display_render(o, s->policy, verb, &text);
    if (e == ERR_OK)
        e = subject_approvers(s, &who);
    e = subject_print(e, &text, f);
    if (e == ERR_OK) {
        if (verb != VERB_CANCEL) /* who takes an order back needs nobody */
            fprintf(f, "%s\n", buf_str(&who));
        if (o->kind == ORDER_PAYMENT &&
            utext_suspicious(o->creditor_name, strlen(o->creditor_name)))
            fprintf(f, "Warning: the creditor's name mixes scripts or imitates other letters.\n\n");
    }
    buf_free(&who);
    return e;
}

static enum err draft(struct app *a, const struct subject *s, enum verb verb, const char *challenge,
                      struct jws_draft *out)
{
    struct buf payload = BUF_INIT(4096);
    struct statement head = {.issued_us = 0};
    enum err e = app_head(challenge, &head);
    if (e == ERR_OK)
        e = decision_make(&s->order, s->policy, verb, &head, &payload);
    if (e == ERR_OK)
        e = jws_begin(a->public_key, statement_typ(STATEMENT_DECISION), payload.data, payload.len,
                      out);
    buf_free(&payload);
    return e;
}

static enum err make_body(const struct app *a, const struct subject *s,
                          const struct jws_draft *draft, const uint8_t *sig, size_t sig_len,
                          struct buf *body)
{
    struct buf jws = BUF_INIT(JWS_MAX);
    enum err e = jws_end(a->public_key, draft, sig, sig_len, &jws);
    if (e == ERR_OK)
        e = request_decide_make(buf_str(&jws), s->bytes.data, s->bytes.len, body);
    buf_free(&jws);
    return e;
}

struct handful {
    struct app *app;
    const struct subject *const *subjects;
    struct jws_draft drafts[TOKEN_AT_ONCE];
    size_t ready, signed_count;
    subject_body_fn each;
    void *ctx;
};

static enum err take(void *ctx, const uint8_t *sig)
{
    struct handful *h = ctx;
    const size_t i = h->signed_count++;
    struct buf body = BUF_INIT(DECISION_BODY_MAX);
    enum err e = make_body(h->app, h->subjects[i], &h->drafts[i], sig,
                           key_alg_signature_len(key_algorithm(h->app->public_key)), &body);
    if (e == ERR_OK)
        e = h->each(h->ctx, h->subjects[i], &body);
    buf_free(&body);
    return e;
}

enum err subject_sign_many(struct app *a, const struct subject *const *subjects, size_t count,
                           enum verb verb, const char *challenge, subject_body_fn each, void *ctx)
{
    struct handful h = {.app = a, .subjects = subjects, .each = each, .ctx = ctx};
    uint8_t hashes[TOKEN_AT_ONCE * KEY_HASH_MAX];
    enum err failed = count <= TOKEN_AT_ONCE ? ERR_OK : ERR_INTERNAL, e = ERR_OK;
    for (; failed == ERR_OK && h.ready < count; h.ready += failed == ERR_OK) {
        const struct jws_draft *made = &h.drafts[h.ready];
        failed = draft(a, subjects[h.ready], verb, challenge, &h.drafts[h.ready]);
        memcpy(hashes + h.ready * made->hash_len, made->hash, made->hash_len);
    }
    if (h.ready > 0)
        e = token_sign_many(a->key, hashes, h.ready, take, &h);
    for (size_t i = 0; i < TOKEN_AT_ONCE; i++)
        buf_free(&h.drafts[i].text);
    return e == ERR_OK ? failed : e;
}

enum err subject_sign(struct app *a, const struct subject *s, enum verb verb, const char *challenge,
                      struct buf *body)
{
    struct jws_draft made = {.hash_len = 0};
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len = 0;
    enum err e = draft(a, s, verb, challenge, &made);
    if (e == ERR_OK)
        e = app_sign(a, made.hash, made.hash_len, sig, sizeof sig, &sig_len);
    if (e == ERR_OK)
        e = make_body(a, s, &made, sig, sig_len, body);
    buf_free(&made.text);
    return e;
}
