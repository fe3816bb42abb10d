/* SPDX-License-Identifier: Apache-2.0
 *
 * Each allocation on a request's way fails in turn, from its bytes to those of its answer: framing,
 * body, verification, transaction, commit, response. The steps are those of bankd's threads, one
 * after another in this one. Whatever fails, the answer says no more than what is in the database,
 * and the same request goes through in the end.
 */
#include "api/request.h"
#include "bankd/server/handler.h"
#include "bankd/server/http.h"
#include "bankd/server/job.h"
#include "base/log.h"
#include "tests/bankd/memory.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX 20000
#define ELSEWHERE "NL91ABNA0417164300"

struct scene {
    struct world w;
    struct world_order order;
    struct buf request;
    const struct person *caller; /* NULL: the operator */
    unsigned made;               /* requests so far, for names that are used once */
};

/* --- the bank's way ----------------------------------------------------------------------------*/

/* From the loop's thread to a worker's. False when the connection closes without an answer. */
static bool arrive(const struct scene *s, const struct bank *bank, struct job *j)
{
    struct http_request r;
    size_t used = 0;

    if (buf_add(&j->in, s->request.data, s->request.len))
        return false;
    j->err = http_parse(j->in.data, j->in.len, HTTP_BODY_MAX, &r, &used);
    assert_ok(j->err);
    assert_int_equal(used, s->request.len);
    assert_ok(route_find(r.method, r.path, r.path_len, &j->match));
    snprintf(j->session, sizeof j->session, "%s", s->caller ? s->caller->session : "");
    snprintf(j->operator_name, sizeof j->operator_name, "%s",
             s->caller ? "" : world_operator.operator_name);
    j->body_at = r.body ? (size_t)(r.body - j->in.data) : 0;
    j->body_len = r.body_len;
    if (handler_of(j->match.route)->prepare)
        j->err = handler_of(j->match.route)->prepare(bank, j);
    return true;
}

/* By the committer: one transaction. */
static void commit(struct world *w, const struct bank *bank, struct job *j)
{
    const struct core_caller who = job_caller(j);

    enum err e = core_begin(w->core, &w->time);
    if (!e && j->err)
        e = core_refuse(w->core, &who, j->err, NULL, &j->answer);
    else if (!e)
        e = handler_apply(bank, j);
    if (!e)
        e = core_commit(w->core);
    if (!e)
        return;
    core_rollback(w->core);
    job_refuse(j, e);
}

/* The status of the answer, or 0 when there is none. */
static int ask(struct scene *s, struct buf *body)
{
    const struct bank bank = {.name = WORLD_BANK, .core = s->w.core};
    struct buf response = {0};
    struct job *j = NULL;
    int http = 0;

    if (job_new(&j))
        return 0;
    if (arrive(s, &bank, j)) {
        commit(&s->w, &bank, j);
        enum err e = http_respond(j->answer.http, j->type, j->answer.body.data, j->answer.body.len,
                                  false, &response);
        http = e ? 0 : j->answer.http;
        memory_recover();
        assert_true(http == 0 || http < 300 || j->answer.err != ERR_OK);
        buf_clear(body);
        assert_ok(buf_add(body, j->answer.body.data, j->answer.body.len));
    }
    buf_free(&response);
    job_free(j);
    return http;
}

/* --- the requests ------------------------------------------------------------------------------*/

static void write_request(struct scene *s, const char *method, const char *path,
                          const struct buf *body)
{
    buf_clear(&s->request);
    assert_ok(buf_addf(&s->request, "%s %s HTTP/1.1\r\nHost: bank\r\nContent-Length: %zu\r\n\r\n",
                       method, path, body->len));
    assert_ok(buf_add(&s->request, body->data, body->len));
}

static void write_decision(struct scene *s, const struct person *signer)
{
    struct buf jws = {0}, body = {0};

    s->caller = signer;
    world_sign(&s->w, signer, &s->order, VERB_APPROVE, NULL, &jws);
    assert_ok(request_decide_make(buf_str(&jws), s->order.bytes.data, s->order.bytes.len, &body));
    write_request(s, "POST", "/v1/decisions", &body);
    buf_free(&jws);
    buf_free(&body);
}

static void fresh_order(struct scene *s)
{
    world_order_free(&s->order);
    world_order(&s->w, "0.01", &s->order);
}

static void make_submission(struct scene *s)
{
    fresh_order(s);
    write_decision(s, &s->w.alice);
}

static void make_execution(struct scene *s)
{
    fresh_order(s);
    assert_string_equal(world_decide(&s->w, &s->w.alice, &s->order, VERB_APPROVE), "OK");
    write_decision(s, &s->w.bob);
}

static void make_funding(struct scene *s)
{
    static const struct request_fund fund = {"0.01", "EUR"};
    struct buf body = {0};

    s->caller = NULL;
    assert_ok(request_fund_make(&fund, &body));
    write_request(s, "POST", "/v1/accounts/" WORLD_SHOP_ACCOUNT "/funding", &body);
    buf_free(&body);
}

static void make_holder(struct scene *s)
{
    struct request_holder holder = {.name = "Somebody"};
    struct person p = {0};
    struct buf body = {0};

    s->caller = NULL;
    world_key(&p, "somebody", "P-256");
    const uint8_t *spki = key_spki(p.key, &holder.spki_len);
    memcpy(holder.spki, spki, holder.spki_len);
    snprintf(holder.holder, sizeof holder.holder, "somebody%u", s->made);
    assert_ok(request_holder_make(&holder, &body));
    write_request(s, "POST", "/v1/holders", &body);
    world_person_free(&p);
    buf_free(&body);
}

/* --- the operator's ---------------------------------------------------------------------------*/

static void write_note(struct scene *s, const char *path)
{
    static const struct request_note note = {"as told"};
    struct buf body = {0};

    s->caller = NULL;
    assert_ok(request_note_make(&note, &body));
    write_request(s, "POST", path, &body);
    buf_free(&body);
}

/* A word about the order that both approved now. */
static void write_word(struct scene *s, const char *word)
{
    char path[160];

    assert_string_equal(world_decide(&s->w, &s->w.alice, &s->order, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(&s->w, &s->w.bob, &s->order, VERB_APPROVE), "OK");
    snprintf(path, sizeof path, "/v1/accounts/%s/orders/%s/%s", s->order.order.account,
             s->order.order.id, word);
    write_note(s, path);
}

static void make_release(struct scene *s)
{
    fresh_order(s);
    s->w.payee_check = "RVNM";
    write_word(s, "release");
    s->w.payee_check = NULL;
}

static void make_confirmation(struct scene *s)
{
    world_order_free(&s->order);
    world_order_from(&s->w,
                     "{\"amount\":\"0.01\",\"creditor\":{\"account\":\"" ELSEWHERE
                     "\",\"name\":\"Somebody\"},\"currency\":\"EUR\",\"description\":\"x\"}",
                     &s->order);
    write_word(s, "confirmation");
}

static void make_return(struct scene *s)
{
    static const struct request_return back = {.note = "as told", .reason = "AC01"};
    struct buf body = {0};
    char path[160];

    make_confirmation(s);
    snprintf(path, sizeof path, "/v1/accounts/%s/orders/%s/return", s->order.order.account,
             s->order.order.id);
    assert_ok(request_return_make(&back, &body));
    write_request(s, "POST", path, &body);
    buf_free(&body);
}

static void credit_to(struct scene *s, const char *account)
{
    struct request_credit credit = {
        .amount = "0.01", .currency = "EUR", .debtor_name = "Uncle Toby"};
    struct buf body = {0};

    s->caller = NULL;
    snprintf(credit.account, sizeof credit.account, "%s", account);
    snprintf(credit.reference, sizeof credit.reference, "%.2s %u", account, s->made);
    assert_ok(request_credit_make(&credit, &body));
    write_request(s, "POST", "/v1/credits", &body);
    buf_free(&body);
}

static void make_credit(struct scene *s)
{
    credit_to(s, WORLD_ALICE_ACCOUNT);
}

static void make_suspense(struct scene *s)
{
    credit_to(s, ELSEWHERE);
}

/* What the request just written did, by its newest row. */
static const char *ask_for(struct scene *s, const char *sql)
{
    struct buf body = {0};

    assert_int_equal(ask(s, &body), 201);
    buf_free(&body);
    return world_sql(&s->w, sql);
}

static void make_assignment(struct scene *s)
{
    static const struct request_assign assign = {WORLD_SHOP_ACCOUNT, "as told"};
    struct buf body = {0};
    char path[160];

    make_suspense(s);
    snprintf(path, sizeof path, "/v1/suspense/%s/assignment",
             ask_for(s, "SELECT max(id) FROM credit"));
    s->made++;
    assert_ok(request_assign_make(&assign, &body));
    write_request(s, "POST", path, &body);
    buf_free(&body);
}

static void make_reversal(struct scene *s)
{
    char path[160];

    make_credit(s);
    snprintf(path, sizeof path, "/v1/accounts/" WORLD_ALICE_ACCOUNT "/movements/%s/reversal",
             ask_for(s, "SELECT max(id) FROM movement"));
    s->made++;
    write_note(s, path);
}

/* --- reading ----------------------------------------------------------------------------------*/

static void make_reading(struct scene *s, const char *path)
{
    static const struct buf none = {0};

    s->caller = &s->w.alice;
    write_request(s, "GET", path, &none);
}

static void make_look_at_orders(struct scene *s)
{
    make_reading(s, "/v1/accounts/" WORLD_ALICE_ACCOUNT "/orders");
}

static void make_look_at_movements(struct scene *s)
{
    make_reading(s, "/v1/accounts/" WORLD_ALICE_ACCOUNT "/movements");
}

/* Each with what it changes in the database when it is taken, and in nothing else. */
static const struct request {
    void (*make)(struct scene *s);
    int http;
    const char *orders, *executed, *movements, *holders; /* "+1" or "+0" each */
} requests[] = {
    {make_submission, 201, "+1", "+0", "+0", "+0"},
    {make_execution, 200, "+0", "+1", "+1", "+0"},
    {make_funding, 201, "+0", "+0", "+1", "+0"},
    {make_holder, 201, "+0", "+0", "+0", "+1"},
    {make_release, 200, "+0", "+1", "+1", "+0"},
    {make_confirmation, 200, "+0", "+1", "+1", "+0"},
    {make_return, 200, "+0", "+0", "+1", "+0"},
    {make_credit, 201, "+0", "+0", "+1", "+0"},
    {make_suspense, 201, "+0", "+0", "+1", "+0"},
    {make_assignment, 200, "+0", "+0", "+1", "+0"},
    {make_reversal, 201, "+0", "+0", "+1", "+0"},
    {make_look_at_orders, 200, "+0", "+0", "+0", "+0"},
    {make_look_at_movements, 200, "+0", "+0", "+0", "+0"},
};

/* --- the loop ----------------------------------------------------------------------------------*/

static void count(struct scene *s, const struct request *r, char *out, size_t size)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "SELECT (SELECT count(*) %s FROM orders) || ' orders, ' ||"
             " (SELECT count(*) %s FROM orders WHERE status = 'ACSC') || ' executed, ' ||"
             " (SELECT count(*) %s FROM movement) || ' movements, ' ||"
             " (SELECT count(*) %s FROM holder) || ' holders'",
             r ? r->orders : "", r ? r->executed : "", r ? r->movements : "", r ? r->holders : "");
    snprintf(out, size, "%s", world_sql(&s->w, sql));
}

/* Whether the answer came although an allocation failed, or because none did. */
static bool one_round(struct scene *s, const struct request *r, long n, bool *failed)
{
    char before[256], taken[256], after[256];
    struct buf body = {0};

    count(s, NULL, before, sizeof before);
    count(s, r, taken, sizeof taken);
    memory_fail_after(n);
    int http = ask(s, &body);
    *failed = memory_recover();
    count(s, NULL, after, sizeof after);
    bool yes = http == r->http;
    if (!yes)
        assert_true(http == 0 || http >= 500);
    /* Without an answer nobody knows; a yes is true, a no is true. */
    if (http != 0 || strcmp(after, taken) != 0)
        assert_string_equal(after, yes ? taken : before);
    assert_true(*failed || yes);
    buf_free(&body);
    return yes || strcmp(after, taken) == 0;
}

static void fail_each(struct scene *s, const struct request *r)
{
    bool failed = true;
    long n = 0;

    r->make(s);
    for (; failed; n++) {
        assert_true(n < ROUNDS_MAX);
        if (!one_round(s, r, n, &failed))
            continue;
        s->made++;
        r->make(s);
    }
    assert_true(n > 20);
    world_check(&s->w);
}

static void threat_23_every_allocation_fails(void **state)
{
    static struct scene s;

    (void)state;
    world_open(&s.w);
    s.w.bank_codes = "PT 0002, DE 37040044";
    s.w.hold_on = "look-alike, RVNM";
    world_populate(&s.w);
    world_restart(&s.w);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        fail_each(&s, &requests[i]);
    world_restart(&s.w);
    world_check(&s.w);
    world_order_free(&s.order);
    buf_free(&s.request);
    world_close(&s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threat_23_every_allocation_fails)};

    memory_wrap_libraries();
    log_init("server_memory", LOG_SILENT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
