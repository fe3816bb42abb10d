/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/prepare.h"
#include "bankd/server/http.h"
#include "verifier/verifier.h"
#include <string.h>

/* The body that the route's table speaks of: an act has it inside. */
struct body {
    const void *bytes;
    size_t len;
};

static struct body body_of(const struct job *j)
{
    const struct operator_act *act = j->path[0] && j->verified ? verified_act(j->verified) : NULL;

    return act ? (struct body){act->request.data, act->request.len}
               : (struct body){j->in.data + j->body_at, j->body_len};
}

static enum err open_act(const struct bank *b, struct job *j)
{
    struct request_statement r;
    enum err e = request_statement_read(j->in.data + j->body_at, j->body_len, REQUEST_ACT, &r);

    if (!e) {
        const struct verify_act_input in = {.bank = b->name,
                                            .path = j->path,
                                            .jws = r.jws,
                                            .jws_len = r.jws_len,
                                            .keys = core_keys(b->core)};
        e = verify_act(&in, &j->verified);
    }
    request_statement_free(&r);
    if (!e && body_of(j).len > route_info(j->match.route)->body_max)
        e = ERR_TOO_LARGE;
    return e;
}

/* What makes two requests the same: the route with its parameters, and the body. */
static enum err digest_request(struct job *j)
{
    struct buf whole = BUF_INIT(HTTP_BODY_MAX + 4096);
    enum err e = buf_addf(&whole, "%s", route_info(j->match.route)->path);

    for (size_t i = 0; !e && i < ROUTE_PARAMS_MAX; i++)
        e = buf_addf(&whole, "\n%s", j->match.param[i]);
    if (!e)
        e = buf_add_str(&whole, "\n");
    if (!e)
        e = buf_add(&whole, j->in.data + j->body_at, j->body_len);
    if (!e)
        e = key_digest(whole.data, whole.len, j->request);
    buf_free(&whole);
    return e;
}

enum err prepare(const struct bank *b, struct job *j)
{
    enum err e = j->once[0] ? digest_request(j) : ERR_OK;

    if (!e && j->path[0])
        e = open_act(b, j);
    if (e || !handler_of(j->match.route)->prepare)
        return e;
    return handler_of(j->match.route)->prepare(b, j);
}

enum err prepare_challenge(const struct bank *b, struct job *j)
{
    (void)b;
    return request_challenge_read(body_of(j).bytes, body_of(j).len, &j->body.challenge);
}

enum err prepare_login(const struct bank *b, struct job *j)
{
    struct request_statement login;
    enum err e = request_statement_read(body_of(j).bytes, body_of(j).len, REQUEST_LOGIN, &login);

    if (!e)
        e = verify_login(b->name, login.jws, login.jws_len, core_keys(b->core), &j->verified);
    request_statement_free(&login);
    return e;
}

enum err prepare_decide(const struct bank *b, struct job *j)
{
    enum err e = request_decide_read(body_of(j).bytes, body_of(j).len, &j->decide);

    if (e)
        return e;
    const struct verify_decision_input in = {
        .bank = b->name,
        .jws = j->decide.jws,
        .jws_len = j->decide.jws_len,
        .order = &j->decide.order,
        .inclusion = j->decide.by_batch ? &j->decide.inclusion : NULL,
        .policies = core_policies(b->core),
        .keys = core_keys(b->core),
    };
    e = verify_decision(&in, &j->verified);
    /* What is verified has a copy. Its many small pieces go back to where they came from: freed by
     * another thread they cost more than their parsing. */
    request_decide_drop_body(&j->decide);
    if (!e && j->decide.order.kind == ORDER_PAYMENT &&
        decision_pays(verified_decision(j->verified)->verb))
        e = payee_check_ask(b->payee_check, &j->decide.order, j->payee_check);
    /* A digest that no account here ever had: the answer brings the current policy. */
    return e == ERR_POLICY_MISMATCH ? ERR_POLICY_STALE : e;
}

enum err prepare_cash(const struct bank *b, struct job *j)
{
    enum err e = request_cash_read(body_of(j).bytes, body_of(j).len, &j->decide);

    if (e)
        return e;
    const struct verify_terminal_input in = {
        .bank = b->name,
        .jws = j->decide.jws,
        .jws_len = j->decide.jws_len,
        .order = &j->decide.order,
        .keys = core_keys(b->core),
    };
    e = verify_terminal(&in, &j->verified);
    request_decide_drop_body(&j->decide);
    return e;
}

enum err prepare_policy_decide(const struct bank *b, struct job *j)
{
    enum err e = request_policy_read(body_of(j).bytes, body_of(j).len, &j->policy);

    if (e)
        return e;
    if (strcmp(policy_account(j->policy.to), j->match.param[0]) != 0)
        return ERR_ACCOUNT_MISMATCH;
    const struct verify_policy_input in = {
        .bank = b->name,
        .jws = j->policy.jws,
        .jws_len = j->policy.jws_len,
        .step = {NULL, j->policy.to},
        .policies = core_policies(b->core),
        .keys = core_keys(b->core),
    };
    return verify_policy_change(&in, &j->verified);
}

enum err prepare_apply(const struct bank *b, struct job *j)
{
    enum err e = request_application_read(body_of(j).bytes, body_of(j).len, &j->application);

    if (e)
        return e;
    const struct verify_application_input in = {
        .bank = b->name,
        .jws = j->application.jws,
        .jws_len = j->application.jws_len,
        .application = &j->application.application,
        .keys = core_keys(b->core),
    };
    return verify_application(&in, &j->verified);
}

enum err prepare_opening(const struct bank *b, struct job *j)
{
    (void)b;
    return request_opening_read(body_of(j).bytes, body_of(j).len, &j->body.opening);
}

enum err prepare_delegate(const struct bank *b, struct job *j)
{
    struct request_statement r;
    enum err e = request_statement_read(body_of(j).bytes, body_of(j).len, REQUEST_DELEGATION, &r);

    if (!e) {
        const struct verify_delegation_input in = {
            .bank = b->name,
            .account = j->match.param[0],
            .jws = r.jws,
            .jws_len = r.jws_len,
            .policies = core_policies(b->core),
            .keys = core_keys(b->core),
        };
        e = verify_delegation(&in, &j->verified);
    }
    request_statement_free(&r);
    return e;
}

enum err prepare_rotate(const struct bank *b, struct job *j)
{
    struct request_statement r;
    enum err e = request_statement_read(body_of(j).bytes, body_of(j).len, REQUEST_ROTATION, &r);

    if (!e) {
        const struct verify_rotation_input in = {
            .bank = b->name,
            .key = j->match.param[0],
            .jws = r.jws,
            .jws_len = r.jws_len,
            .keys = core_keys(b->core),
        };
        e = verify_rotation(&in, &j->verified);
    }
    request_statement_free(&r);
    return e;
}

enum err prepare_sponsor(const struct bank *b, struct job *j)
{
    struct request_statement r;
    enum err e = request_statement_read(body_of(j).bytes, body_of(j).len, REQUEST_SPONSORSHIP, &r);

    if (!e) {
        const struct verify_sponsorship_input in = {
            .bank = b->name,
            .enrolment = j->match.param[0],
            .jws = r.jws,
            .jws_len = r.jws_len,
            .keys = core_keys(b->core),
        };
        e = verify_sponsorship(&in, &j->verified);
    }
    request_statement_free(&r);
    return e;
}

enum err prepare_enrol(const struct bank *b, struct job *j)
{
    struct request_statement r;
    enum err e = request_statement_read(body_of(j).bytes, body_of(j).len, REQUEST_ENROLMENT, &r);

    if (!e)
        e = verify_enrolment(b->name, r.jws, r.jws_len, &j->verified);
    request_statement_free(&r);
    return e;
}

enum err prepare_admission(const struct bank *b, struct job *j)
{
    (void)b;
    return request_admission_read(body_of(j).bytes, body_of(j).len, &j->body.admission);
}

enum err prepare_holder_add(const struct bank *b, struct job *j)
{
    (void)b;
    return request_holder_read(body_of(j).bytes, body_of(j).len, &j->body.holder);
}

enum err prepare_terminal_add(const struct bank *b, struct job *j)
{
    (void)b;
    return request_terminal_read(body_of(j).bytes, body_of(j).len, &j->body.holder);
}

enum err prepare_operator_add(const struct bank *b, struct job *j)
{
    (void)b;
    return request_operator_read(body_of(j).bytes, body_of(j).len, &j->body.holder);
}

enum err prepare_roles(const struct bank *b, struct job *j)
{
    (void)b;
    return request_roles_read(body_of(j).bytes, body_of(j).len, &j->body.roles);
}

enum err prepare_rollover(const struct bank *b, struct job *j)
{
    (void)b;
    return request_rollover_read(body_of(j).bytes, body_of(j).len, &j->body.rollover);
}

enum err prepare_account_open(const struct bank *b, struct job *j)
{
    (void)b;
    return request_account_read(body_of(j).bytes, body_of(j).len, &j->account);
}

enum err prepare_fund(const struct bank *b, struct job *j)
{
    (void)b;
    return request_fund_read(body_of(j).bytes, body_of(j).len, &j->body.fund);
}

enum err prepare_category_rule(const struct bank *b, struct job *j)
{
    (void)b;
    return request_category_rule_read(body_of(j).bytes, body_of(j).len, &j->body.category);
}

enum err prepare_movement_category(const struct bank *b, struct job *j)
{
    (void)b;
    return request_movement_category_read(body_of(j).bytes, body_of(j).len, &j->body.category);
}

enum err prepare_note(const struct bank *b, struct job *j)
{
    (void)b;
    return request_note_read(body_of(j).bytes, body_of(j).len, &j->body.note);
}

enum err prepare_word(const struct bank *b, struct job *j)
{
    (void)b;
    return request_word_read(body_of(j).bytes, body_of(j).len, &j->body.word);
}

enum err prepare_claim(const struct bank *b, struct job *j)
{
    (void)b;
    return request_claim_read(body_of(j).bytes, body_of(j).len, &j->body.claim);
}

enum err prepare_give_back(const struct bank *b, struct job *j)
{
    (void)b;
    return request_give_back_read(body_of(j).bytes, body_of(j).len, &j->body.claim);
}

enum err prepare_comment(const struct bank *b, struct job *j)
{
    (void)b;
    return request_comment_read(body_of(j).bytes, body_of(j).len, &j->body.comment);
}

enum err prepare_return(const struct bank *b, struct job *j)
{
    (void)b;
    return request_return_read(body_of(j).bytes, body_of(j).len, &j->body.returned);
}

enum err prepare_credit(const struct bank *b, struct job *j)
{
    (void)b;
    return request_credit_read(body_of(j).bytes, body_of(j).len, &j->body.credit);
}

enum err prepare_assign(const struct bank *b, struct job *j)
{
    (void)b;
    return request_assign_read(body_of(j).bytes, body_of(j).len, &j->body.assign);
}

enum err prepare_key(const struct bank *b, struct job *j)
{
    (void)b;
    return request_key_read(body_of(j).bytes, body_of(j).len, &j->body.key);
}
