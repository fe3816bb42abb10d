/* SPDX-License-Identifier: Apache-2.0
 *
 * A new policy of the account: proposing one, and saying yes or no to the one that waits.
 */
#include "api/request.h"
#include "app/app.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/policy_change.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include <string.h>

#define BODY_MAX (POLICY_MAX + JWS_MAX + 256u) /* bytes of a signed word with its policy */

static struct args_list opt_holders;
static const char *opt_title, *opt_output;

const struct args_option cmd_policy_propose_options[3] = {
    {"holder", 0, ARGS_LIST, "NAME", "a holder from now on, or NAME:CLASS; default: as now",
     &opt_holders},
    {"title", 0, ARGS_TEXT, "TEXT", "what it is called; default: as now", &opt_title},
    {"output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",
     &opt_output},
};
const struct args_option cmd_policy_word_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",
     &opt_output},
};

/* The policy in force and the one to come. */
struct proposal {
    struct policy *from, *to;
};

static void proposal_free(struct proposal *p)
{
    policy_free(p->from);
    policy_free(p->to);
}

/* --- what is proposed --- */

static enum err take_people(struct app *a, const struct policy *from, struct policy_person *out,
                            size_t *count)
{
    enum err e = ERR_OK;
    *count = opt_holders.count > 0 ? opt_holders.count : policy_holder_count(from);
    if (*count > POLICY_HOLDERS_MAX)
        return app_fail(a, ERR_USAGE, "more than %u holders", POLICY_HOLDERS_MAX);
    for (size_t i = 0; e == ERR_OK && i < *count; i++) {
        if (opt_holders.count > 0) {
            e = policy_person_read(opt_holders.item[i], &out[i]);
            if (e != ERR_OK)
                (void)app_fail(a, e, "--holder %s", opt_holders.item[i]);
        } else {
            (void)snprintf(out[i].id, sizeof out[i].id, "%s", policy_holder(from, i));
            out[i].class = policy_holder_class(from, i);
        }
    }
    policy_people_sort(out, *count);
    return e;
}

/* Rules alone become the next version of the account's policy. */
static enum err from_rules(struct app *a, const struct js *value, const char *currency,
                           struct proposal *p)
{
    struct policy_person people[POLICY_HOLDERS_MAX];
    struct buf rules = BUF_INIT(POLICY_MAX), limits = BUF_INIT(POLICY_MAX);
    struct buf deputies = BUF_INIT(POLICY_MAX), document = BUF_INIT(POLICY_MAX);
    size_t count = 0;
    bool single = false;
    enum err e = policy_terms_read(value, &rules, &limits, &deputies, &single);
    if (e == ERR_OK)
        e = take_people(a, p->from, people, &count);
    const struct policy_terms terms = {
        .bank = policy_bank(p->from),
        .account = policy_account(p->from),
        .title = opt_title != NULL ? opt_title : policy_title(p->from),
        .currency = currency,
        .version = policy_version(p->from) + 1,
        .valid_from_us = clock_now_us() / TEXT_SECOND_US * TEXT_SECOND_US,
        .people = people,
        .count = count,
        .rules = buf_str(&rules),
        .limits = buf_str(&limits),
        .deputies = buf_str(&deputies),
        .single = single};
    if (e == ERR_OK)
        e = policy_make(&terms, &document);
    if (e == ERR_OK)
        e = policy_parse(document.data, document.len, &p->to);
    buf_free(&rules);
    buf_free(&limits);
    buf_free(&deputies);
    buf_free(&document);
    return e;
}

static enum err load_file(struct app *a, const char *path, const char *currency, struct proposal *p)
{
    struct js *value = NULL;
    enum err e = app_read_json(path, 4 * POLICY_MAX, &value);
    if (e == ERR_OK)
        e = js_get(value, "type") != NULL ? policy_from_js(value, &p->to)
                                          : from_rules(a, value, currency, p);
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "%s; countersign policy lint says what is wrong", path);
    js_free(value);
    return e;
}

/* --- what the bank has --- */

static enum err fetch(struct app *a, struct js **answer)
{
    struct client_call call = {.route = ROUTE_POLICY};
    enum err e = app_need(a, a->account, "account", &call.param[0]);
    if (e == ERR_OK)
        e = app_call(a, &call, answer);
    if (e == ERR_OK && js_get(*answer, "policy") == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no policy");
    return e;
}

/* A mix-up is better found before the PIN. */
static enum err check(struct app *a, const struct proposal *p)
{
    const struct policy_step step = {p->from, p->to};
    enum err e = policy_step_check(&step);
    return e == ERR_OK ? subject_check_policy(a, p->to) : e;
}

/* --- saying it --- */

static enum err show(const struct policy_step *step, enum verb verb)
{
    struct buf text = BUF_INIT(POLICY_DISPLAY_MAX);
    return subject_print(policy_display_render(step, verb, &text), &text, stderr);
}

static enum err sign(struct app *a, const struct policy_step *step, enum verb verb,
                     struct buf *body)
{
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(JWS_MAX);
    struct statement head = {.issued_us = 0};
    enum err e = app_head(NULL, &head);
    if (e == ERR_OK)
        e = policy_change_make(step, verb, &head, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_POLICY, &payload, &jws);
    if (e == ERR_OK)
        e = request_policy_make(buf_str(&jws), step->to, body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err print_status(const struct app *a, const struct js *answer)
{
    const char *status = js_text(js_get(answer, "status"), NULL);
    if (a->json)
        return app_print_json(answer);
    if (status != NULL && strcmp(status, "in-force") == 0)
        puts("The new policy is in force.");
    else if (status != NULL && strcmp(status, "pending") == 0)
        puts("The new policy waits for others: countersign policy approve, or reject.");
    else
        puts("The new policy was rejected; the old one stays.");
    return ERR_OK;
}

static enum err send(struct app *a, const struct buf *body)
{
    struct client_call call = {.route = ROUTE_POLICY_DECIDE,
                               .param = {a->account},
                               .body = body->data,
                               .body_len = body->len};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    if (e == ERR_OK)
        e = print_status(a, answer);
    js_free(answer);
    return e;
}

static enum err show_sign_send(struct app *a, const struct proposal *p, enum verb verb)
{
    const struct policy_step step = {p->from, p->to};
    struct buf body = BUF_INIT(BODY_MAX);
    char purpose[64];
    (void)snprintf(purpose, sizeof purpose, "%s this policy", decision_verb_name(verb));
    enum err e = show(&step, verb);
    if (e == ERR_OK)
        e = app_consent(a, purpose);
    if (e == ERR_OK)
        e = sign(a, &step, verb, &body);
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : send(a, &body);
    buf_free(&body);
    return e;
}

static enum err propose(struct app *a, const char *path)
{
    struct proposal p = {.from = NULL};
    struct js *answer = NULL;
    char currency[4];
    enum err e = fetch(a, &answer);
    if (e == ERR_OK)
        e = policy_from_js(js_get(answer, "policy"), &p.from);
    if (e == ERR_OK)
        e = subject_currency(a, currency);
    if (e == ERR_OK)
        e = load_file(a, path, currency, &p);
    if (e == ERR_OK)
        e = check(a, &p);
    if (e == ERR_OK)
        e = show_sign_send(a, &p, VERB_APPROVE);
    proposal_free(&p);
    js_free(answer);
    return e;
}

static enum err decide(struct app *a, enum verb verb)
{
    struct proposal p = {.from = NULL};
    struct js *answer = NULL;
    enum err e = fetch(a, &answer);
    const struct js *pending = js_get(js_get(answer, "pending"), "policy");
    if (e == ERR_OK && pending == NULL)
        e = app_fail(a, ERR_NOT_FOUND, "no new policy of %s waits", a->account);
    if (e == ERR_OK)
        e = policy_from_js(js_get(answer, "policy"), &p.from);
    if (e == ERR_OK)
        e = policy_from_js(pending, &p.to);
    if (e == ERR_OK)
        e = check(a, &p);
    if (e == ERR_OK)
        e = show_sign_send(a, &p, verb);
    proposal_free(&p);
    js_free(answer);
    return e;
}

enum err cmd_policy_propose(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? propose(a, words->item[0]) : e;
}

enum err cmd_policy_approve(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? decide(a, VERB_APPROVE) : e;
}

enum err cmd_policy_reject(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? decide(a, VERB_REJECT) : e;
}
