/* SPDX-License-Identifier: Apache-2.0
 *
 * The bank in process, one command a line: a JSON object on stdin, its answer on stdout. It has no
 * rule of its own: documents and times come with the command, are signed as they are and go through
 * the verifier into the core. What has no call yet (second keys) is written into the database, and
 * the bank is started anew. Something that the bank should never say, or an invariant that does
 * not hold, ends the program.
 */
#include "tests/model/driver.h"

#include "base/text.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- commands --- */

const char *driver_text(const struct js *command, const char *name)
{
    const char *found = js_text(js_get(command, name), NULL);

    return found ? found : "";
}

int64_t driver_number(const struct js *command, const char *name)
{
    return js_int(js_get(command, name));
}

struct signer *driver_key(struct driver *d, const struct js *command, const char *name)
{
    int64_t i = driver_number(command, name);

    assert_true(i >= 0 && (size_t)i < d->key_count);
    return &d->keys[i];
}

struct core_caller driver_caller(struct driver *d, const struct js *command)
{
    if (!js_get(command, "session")) /* the console, which has every role */
        return (struct core_caller){.session = "",
                                    .operator_name = world_operator.operator_name,
                                    .roles = ROLE_ANY,
                                    .console = true};
    return (struct core_caller){.session = driver_key(d, command, "session")->person.session};
}

/* --- answers --- */

void driver_answer_ok(void)
{
    printf("{\"err\":\"OK\"}\n");
}

void driver_answer_err(enum err e)
{
    printf("{\"err\":\"%s\",\"unheard\":true}\n", err_name(e)); /* the bank was not asked */
}

void driver_answer_core(struct driver *d)
{
    const struct core_answer *a = &d->w.answer;

    printf("{\"body\":%s,\"err\":\"%s\",\"http\":%d,\"size\":%" PRIu64 "}\n",
           a->body.len ? buf_str(&a->body) : "null", err_name(a->err), a->http, a->needs_size);
}

/* --- the database --- */

static void open_db(struct driver *d)
{
    assert_int_equal(sqlite3_open_v2(d->w.path, &d->db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
}

static void execute(struct driver *d, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(d->db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", why, sql);
}

/* Prints the one value of a query. */
static void print_sql(struct driver *d, const char *sql, int64_t after)
{
    sqlite3_stmt *q = NULL;

    assert_int_equal(sqlite3_prepare_v2(d->db, sql, -1, &q, NULL), SQLITE_OK);
    (void)sqlite3_bind_int64(q, 1, after);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    printf("%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
}

void driver_restart(struct driver *d)
{
    sqlite3_close(d->db);
    world_restart(&d->w);
    open_db(d);
}

/* --- people --- */

struct signer *driver_new_key(struct driver *d, const struct js *command)
{
    assert_true(d->key_count < KEYS_MAX);
    struct signer *s = &d->keys[d->key_count++];
    snprintf(s->name, sizeof s->name, "%s", driver_text(command, "name"));
    world_key(&s->person, s->name, driver_text(command, "curve"));
    return s;
}

static void do_enrol(struct driver *d, const struct js *command)
{
    world_enrol(&d->w, &driver_new_key(d, command)->person);
    driver_answer_core(d);
}

static void do_terminal(struct driver *d, const struct js *command)
{
    world_terminal(&d->w, &driver_new_key(d, command)->person);
    driver_answer_core(d);
}

/* A further key of somebody enrolled, good from the beginning of time. */
static void do_second_key(struct driver *d, const struct js *command)
{
    struct signer *s = driver_new_key(d, command);
    char spki[2 * KEY_SPKI_MAX + 1], sql[1024];
    size_t len = 0;
    const uint8_t *der = key_spki(s->person.key, &len);

    text_hex(der, len, spki);
    snprintf(sql, sizeof sql,
             "INSERT INTO signing_key (thumbprint, spki, holder, status, floor_us, entry)"
             " SELECT '%s', x'%s', id, 'active', 0, 0 FROM holder WHERE holder = '%s'",
             key_thumbprint(s->person.key), spki, s->name);
    execute(d, sql);
    driver_restart(d);
    driver_answer_ok();
}

static void do_login(struct driver *d, const struct js *command)
{
    world_login(&d->w, &driver_key(d, command, "key")->person);
    driver_answer_core(d);
}

static void do_challenge(struct driver *d, const struct js *command)
{
    const char *thumbprint = key_thumbprint(driver_key(d, command, "key")->person.key);

    world_begin(&d->w);
    world_end(&d->w, core_challenge(d->w.core, thumbprint, false, &d->w.answer));
    driver_answer_core(d);
}

/* --- decisions --- */

struct handed *driver_new_handed(struct driver *d)
{
    d->handed = realloc(d->handed, (d->handed_count + 1) * sizeof *d->handed);
    assert_non_null(d->handed);
    struct handed *h = &d->handed[d->handed_count++];
    *h = (struct handed){0};
    return h;
}

void driver_hand_in(struct driver *d, const struct js *command, const struct buf *jws,
                    const struct handed *about)
{
    const struct person *carrier = &driver_key(d, command, "session")->person;

    d->w.payee_check = driver_text(command, "payee_check");
    if (about->policy)
        (void)world_hand_in_policy(&d->w, carrier, jws, about->policy);
    else if (about->account[0])
        (void)world_hand_in_delegation(&d->w, carrier, jws, about->account);
    else if (about->applies)
        (void)world_hand_in_application(&d->w, carrier, jws, &about->application);
    else if (about->act[0])
        driver_hand_in_act(d, carrier, jws, about->act);
    else if (about->request[0])
        (void)world_hand_in_sponsorship(&d->w, carrier, about->request, jws);
    else if (about->rotates)
        (void)world_hand_in_rotation(&d->w, carrier, &d->keys[about->path].person, jws);
    else if (about->cash)
        (void)world_hand_in_cash(&d->w, carrier, jws, &about->order);
    else
        (void)world_hand_in(&d->w, carrier, jws, &about->order);
    d->w.payee_check = NULL;
    driver_answer_core(d);
}

struct world_says driver_says(const struct js *command, const struct policy *p)
{
    return (struct world_says){.issued_us = driver_number(command, "issued") * WORLD_SECOND,
                               .expires_us = driver_number(command, "expires") * WORLD_SECOND,
                               .nonce = driver_text(command, "nonce"),
                               .challenge = driver_text(command, "challenge"),
                               .policy = p};
}

static enum verb verb_of(const struct js *command)
{
    const char *name = driver_text(command, "verb");

    return decision_verb_from_name(name, strlen(name));
}

/* Signs the order and policy that come with the command, and hands it in. */
static void do_decide(struct driver *d, const struct js *command)
{
    const char *document = driver_text(command, "order"), *policy = driver_text(command, "policy");
    struct handed *h = driver_new_handed(d);
    struct policy *p = NULL;

    assert_ok(buf_add_str(&h->order.bytes, document));
    enum err e = order_parse(document, strlen(document), &h->order.order);
    if (e) {
        driver_answer_err(e);
        return;
    }
    assert_ok(policy_parse(policy, strlen(policy), &p));
    const struct world_says says = driver_says(command, p);
    world_sign(&d->w, &driver_key(d, command, "key")->person, &h->order, verb_of(command), &says,
               &h->jws);
    policy_free(p);
    driver_hand_in(d, command, &h->jws, h);
}

/* Signs the cash order that comes with the command, and hands it in. */
static void do_cash(struct driver *d, const struct js *command)
{
    const char *document = driver_text(command, "order");
    struct handed *h = driver_new_handed(d);
    const struct world_says says = driver_says(command, NULL);

    h->cash = true;
    assert_ok(buf_add_str(&h->order.bytes, document));
    enum err e = order_parse(document, strlen(document), &h->order.order);
    if (e) {
        driver_answer_err(e);
        return;
    }
    world_sign_cash(&d->w, &driver_key(d, command, "key")->person, &h->order, &says, &h->jws);
    driver_hand_in(d, command, &h->jws, h);
}

/* A word on the policy TO in place of FROM. */
static void do_word(struct driver *d, const struct js *command)
{
    const char *from = driver_text(command, "from"), *to = driver_text(command, "to");
    struct handed *h = driver_new_handed(d);
    struct policy *p = NULL;

    enum err e = policy_parse(to, strlen(to), &h->policy);
    if (e) {
        driver_answer_err(e);
        return;
    }
    assert_ok(policy_parse(from, strlen(from), &p));
    const struct world_says says = driver_says(command, p);
    world_sign_policy_as(&d->w, &driver_key(d, command, "key")->person, h->policy, verb_of(command),
                         &says, &h->jws);
    policy_free(p);
    driver_hand_in(d, command, &h->jws, h);
}

/* Who stands for the signer, or nobody any more, handed in for the account TO. */
static void do_delegate(struct driver *d, const struct js *command)
{
    const char *policy = driver_text(command, "policy"), *to = driver_text(command, "to");
    const char *account = driver_text(command, "account");
    struct handed *h = driver_new_handed(d);
    struct policy *p = NULL;
    struct world_gift gift = {.account = account};

    if (policy[0]) {
        assert_ok(policy_parse(policy, strlen(policy), &p));
        gift = (struct world_gift){.deputy = driver_text(command, "deputy"),
                                   .account = account,
                                   .currency = driver_text(command, "currency"),
                                   .amount_minor = driver_number(command, "minor"),
                                   .from_us = driver_number(command, "from") * WORLD_SECOND,
                                   .until_us = driver_number(command, "until") * WORLD_SECOND,
                                   .policy = p};
    }
    const struct world_says says = driver_says(command, p);
    world_sign_delegation(&d->w, &driver_key(d, command, "key")->person, &gift, &says, &h->jws);
    policy_free(p);
    snprintf(h->account, sizeof h->account, "%s", to);
    driver_hand_in(d, command, &h->jws, h);
}

/* An operator's act as it is signed, handed in for the path TO. */
static void do_act(struct driver *d, const struct js *command)
{
    struct handed *h = driver_new_handed(d);

    driver_sign_act(d, command, &h->jws);
    driver_path(d, command, "to", h->act);
    driver_hand_in(d, command, &h->jws, h);
    driver_admitted(d);
}

/* An old statement byte for byte, with what it is about or what another one is. */
static void do_again(struct driver *d, const struct js *command)
{
    size_t i = (size_t)driver_number(command, "statement"),
           k = (size_t)driver_number(command, "with");

    assert_true(i < d->handed_count && k < d->handed_count);
    assert_true(d->handed[i].jws.len > 0 && d->handed[k].jws.len > 0);
    driver_hand_in(d, command, &d->handed[i].jws, &d->handed[k]);
    if (d->handed[i].rotates)
        driver_rotated(d, &d->handed[i], (size_t)driver_number(command, "session"));
    if (d->handed[i].act[0])
        driver_admitted(d);
}

/* --- time --- */

static void do_later(struct driver *d, const struct js *command)
{
    world_later(&d->w, driver_number(command, "seconds"));
    driver_answer_ok();
}

static void do_due(struct driver *d, const struct js *command)
{
    bool more = false;

    world_begin(&d->w);
    world_end(&d->w, core_due(d->w.core, (unsigned)driver_number(command, "max"), &more));
    printf("{\"err\":\"OK\",\"more\":%s}\n", more ? "true" : "false");
}

static void do_restart(struct driver *d, const struct js *command)
{
    (void)command;
    driver_restart(d);
    driver_answer_ok();
}

/* --- looking --- */

static void do_see_account(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_account(d->w.core, &who, driver_text(command, "account"), &d->w.answer));
    driver_answer_core(d);
}

static void do_see_waiting(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const struct core_page page = {.cursor = "", .limit = 200};

    world_begin(&d->w);
    world_end(&d->w, core_waiting_orders(d->w.core, &who, &page, &d->w.answer));
    driver_answer_core(d);
}

static void do_see_delegations(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w,
              core_delegations(d->w.core, &who, driver_text(command, "account"), &d->w.answer));
    driver_answer_core(d);
}

static void do_see_policy(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w,
              core_account_policy(d->w.core, &who, driver_text(command, "account"), &d->w.answer));
    driver_answer_core(d);
}

static void do_see_order(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_order(d->w.core, &who, driver_text(command, "account"),
                                driver_text(command, "id"), &d->w.answer));
    driver_answer_core(d);
}

/* The verifier's verdict on the evidence that the holder gets. */
static void do_evidence(struct driver *d, const struct js *command)
{
    struct verify_report report = {.status = ""};
    struct world_order o = {0};

    snprintf(o.order.account, sizeof o.order.account, "%s", driver_text(command, "account"));
    snprintf(o.order.id, sizeof o.order.id, "%s", driver_text(command, "id"));
    enum err e = world_evidence(&d->w, &driver_key(d, command, "session")->person, &o, &report);
    printf("{\"err\":\"%s\",\"reason\":\"%s\",\"status\":\"%s\",\"where\":\"%s\"}\n", err_name(e),
           report.reason, report.status, report.where);
}

/* What the database says of every account and order; nothing is touched. */
static void do_state(struct driver *d, const struct js *command)
{
    (void)command;
    print_sql(d,
              "SELECT json_object('accounts', (SELECT json_group_object(account,"
              " json_array(booked, reserved)) FROM account WHERE customer = 1),"
              " 'own', (SELECT json_group_object(account, booked) FROM account"
              " WHERE customer = 0 AND booked <> 0),"
              " 'orders', (SELECT json_group_object(a.account || '/' || o.order_id,"
              " o.status || o.reason) FROM orders o JOIN account a ON a.id = o.account))",
              0);
    printf("\n");
}

/* Rows that break a law of the books; the payments executed since the last check, each with the
 * distinct people who approved it; the orders that the log's new entries settle. Then the log. */
static void do_check(struct driver *d, const struct js *command)
{
    int64_t entries = (int64_t)d->log.tree.size;

    (void)command;
    printf("{\"wrong\":");
    print_sql(d,
              "SELECT json_array("
              "(SELECT coalesce(sum(amount), 0) FROM posting),"
              "(SELECT count(*) FROM (SELECT 1 FROM posting GROUP BY movement"
              " HAVING sum(amount) <> 0 OR count(*) <> 2)),"
              "(SELECT count(*) FROM account a WHERE a.booked <>"
              " (SELECT coalesce(sum(amount), 0) FROM posting p WHERE p.account = a.id)),"
              "(SELECT count(*) FROM account a WHERE a.reserved <>"
              " (SELECT coalesce(sum(amount), 0) FROM orders o"
              " WHERE o.account = a.id AND o.open = 1)),"
              "(SELECT count(*) FROM account WHERE customer = 1 AND"
              " (booked < 0 OR reserved < 0 OR booked < reserved)),"
              "(SELECT count(*) FROM orders o WHERE (o.status IN ('ACSP', 'ACSC')) <>"
              " (SELECT count(*) - 2 * count(CASE WHEN m.kind = 'return' THEN 1 END)"
              " FROM movement m WHERE m.orders = o.id AND m.kind <> 'confirmation')),"
              "(SELECT count(*) FROM orders WHERE"
              " open <> (status IN ('RCVD', 'ACTC', 'PATC', 'ACCP', 'PDNG'))))",
              0);
    printf(",\"executed\":");
    print_sql(d,
              "SELECT json_group_array(json_array(a.account, o.order_id,"
              " (SELECT json_group_array(DISTINCT h.holder) FROM decision d"
              " JOIN holder h ON h.id = d.holder WHERE d.orders = o.id AND d.verb = 'approve')))"
              " FROM movement m JOIN orders o ON o.id = m.orders JOIN account a ON a.id = o.account"
              " WHERE m.id > ?1 AND m.kind = o.kind",
              d->movement);
    printf(",\"settlements\":");
    print_sql(d,
              "SELECT json_group_array(json_extract(body, '$.object')) FROM entry"
              " WHERE id >= ?1 AND json_extract(body, '$.type') = 'settlement'",
              entries);
    d->movement = strtoll(world_sql(&d->w, "SELECT coalesce(max(id), 0) FROM movement"), NULL, 10);
    world_check_log(&d->w, &d->log);
    printf("}\n");
}

static void do_check_all(struct driver *d, const struct js *command)
{
    (void)command;
    world_check(&d->w);
    driver_answer_ok();
}

/* --- the loop --- */

static const struct {
    const char *name;
    void (*run)(struct driver *d, const struct js *command);
} commands[] = {
    {"account-state", driver_account_state},
    {"refuse", driver_refuse},
    {"release", driver_release},
    {"confirm", driver_confirm},
    {"return", driver_return},
    {"settings", driver_settings},
    {"reconcile", driver_reconcile},
    {"credit", driver_credit},
    {"see-suspense", driver_see_suspense},
    {"assign", driver_assign},
    {"give-back", driver_give_back},
    {"reverse", driver_reverse},
    {"account", driver_account},
    {"act", do_act},
    {"admit", driver_admit},
    {"ask", driver_ask},
    {"admit-application", driver_admit_application},
    {"apply", driver_apply},
    {"employ", driver_employ},
    {"again", do_again},
    {"batch", driver_batch},
    {"one-of", driver_one_of},
    {"cash", do_cash},
    {"challenge", do_challenge},
    {"check", do_check},
    {"check-all", do_check_all},
    {"decide", do_decide},
    {"delegate", do_delegate},
    {"due", do_due},
    {"enrol", do_enrol},
    {"evidence", do_evidence},
    {"fund", driver_fund},
    {"key-set", driver_key_set},
    {"key-suspend", driver_key_suspend},
    {"later", do_later},
    {"login", do_login},
    {"refuse-application", driver_refuse_application},
    {"restart", do_restart},
    {"refuse-request", driver_refuse_request},
    {"rotate", driver_rotate},
    {"sponsor", driver_sponsor},
    {"second-key", do_second_key},
    {"see-account", do_see_account},
    {"see-application", driver_see_application},
    {"see-delegations", do_see_delegations},
    {"see-order", do_see_order},
    {"see-policy", do_see_policy},
    {"see-waiting", do_see_waiting},
    {"state", do_state},
    {"terminal", do_terminal},
    {"word", do_word},
};

static void run(struct driver *d, const char *line, size_t len)
{
    struct js *command = NULL;

    assert_ok(js_parse(line, len, &command));
    const char *name = driver_text(command, "do");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run(d, command);
            js_free(command);
            fflush(stdout);
            return;
        }
    }
    fail_msg("no command: %s", line);
}

static void close_all(struct driver *d)
{
    sqlite3_close(d->db);
    for (size_t i = 0; i < d->key_count; i++)
        world_person_free(&d->keys[i].person);
    for (size_t i = 0; i < d->newcomer_count; i++) {
        if (!d->newcomers[i].joined)
            world_person_free(&d->newcomers[i].signer.person);
    }
    for (size_t i = 0; i < d->handed_count; i++) {
        buf_free(&d->handed[i].jws);
        world_order_free(&d->handed[i].order);
        policy_free(d->handed[i].policy);
        application_free(&d->handed[i].application);
        driver_batch_free(&d->handed[i]);
        world_person_free(&d->handed[i].next.person);
    }
    free(d->handed);
    audit_free(&d->log);
    world_close(&d->w);
}

/* driver DIRECTORY: the bank lives in a directory of its own in there. */
int main(int argc, char **argv)
{
    static struct driver d;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (argc != 2)
        return 2;
    world_open_in(&d.w, argv[1]);
    open_db(&d);
    while ((len = getline(&line, &cap, stdin)) > 0)
        run(&d, line, (size_t)len);
    free(line);
    close_all(&d);
    return 0;
}
