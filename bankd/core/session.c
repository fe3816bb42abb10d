/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/session.h"

#include "bankd/core/answer.h"
#include "bankd/core/radar.h"
#include "base/text.h"
#include "order/text.h"
#include <string.h>

#define SEEN_STEP_US TEXT_SECOND_US /* a session's row moves at most once a second */
#define LOGIN_CHALLENGE_US (120 * TEXT_SECOND_US)
#define CHALLENGES_APART 16 /* for one key and use; beyond them the newest serves again */
#define CHALLENGE_FRESH 12  /* which has this part of its time behind it at most */

/* --- who is asking --- */

static enum err set_seen(struct core *c, const char *session)
{
    struct store_query *q = store_query(c->store, STORE_SESSION_SEEN);

    store_bind_int(q, ":now", c->now_us);
    store_bind_text(q, ":session", session);
    return store_run(q);
}

static void keep_begun(struct core *c, const char *session, const struct session_begun *b,
                       int64_t row, int64_t key)
{
    const struct rows_source sources[ROWS_SOURCES] = {
        {ROWS_OF_SESSIONS, row}, {ROWS_OF_KEYS, key}, {ROWS_OF_HOLDERS, b->viewer.holder}};

    rows_keep(c->rows, ROWS_SESSION, session, b, sources);
}

static enum err read_begun(struct core *c, const char *session, struct session_begun *out)
{
    struct store_query *q = store_query(c->store, STORE_SESSION_FIND);
    bool found = false;

    *out = (struct session_begun){.key_active = false};
    store_bind_text(q, ":session", session);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_SESSION_REQUIRED;
    if (!e) {
        out->started_us = store_int(q, 0);
        out->seen_us = store_int(q, 1);
        out->key_active = strcmp(store_text(q, 2), "active") == 0;
        out->viewer.holder = store_int(q, 3);
        out->viewer.kind = people_kind_read(q, 5);
        e = store_copy_text(q, 4, out->viewer.holder_name, sizeof out->viewer.holder_name);
    }
    if (!e)
        keep_begun(c, session, out, store_int(q, 6), store_int(q, 7));
    store_done(q);
    return e;
}

/* A session that was begun by a login. */
static enum err find_begun(struct core *c, const char *session, struct session_viewer *out)
{
    struct session_begun b;
    enum err e = ERR_OK;

    if (!rows_find(c->rows, ROWS_SESSION, session, &b))
        e = read_begun(c, session, &b);
    if (!e && (c->now_us > b.started_us + c->session_max_us ||
               c->now_us > b.seen_us + c->session_idle_us || !b.key_active))
        e = ERR_SESSION_REQUIRED;
    if (e)
        return e;
    *out = b.viewer;
    return c->now_us >= b.seen_us + SEEN_STEP_US ? set_seen(c, session) : ERR_OK;
}

/* A person's own certificate is a session for as long as it is valid and its key is good: one to
 * authenticate, while the key that signs is, which is on the same card. */
static enum err find_certified(struct core *c, const struct core_caller *who,
                               struct session_viewer *out)
{
    struct people_key key;

    if (c->now_us >= who->certified_until_us)
        return ERR_SESSION_REQUIRED;
    enum err e = people_key_find(c, who->session, &key);
    if (e)
        return e == ERR_KEY_UNKNOWN ? ERR_SESSION_REQUIRED : e;
    if (key.status != KEY_ACTIVE || key.kind != PEOPLE_PERSON)
        return ERR_SESSION_REQUIRED;
    out->holder = key.holder;
    out->kind = key.kind;
    out->card = key.signer;
    memcpy(out->holder_name, key.holder_name, sizeof out->holder_name);
    return ERR_OK;
}

static enum err find(struct core *c, const struct core_caller *who, struct session_viewer *out)
{
    enum err e = find_certified(c, who, out);

    return e == ERR_SESSION_REQUIRED ? find_begun(c, who->session, out) : e;
}

enum err session_viewer(struct core *c, const struct core_caller *who, struct session_viewer *out)
{
    *out = (struct session_viewer){.is_operator = who->operator_name != NULL};
    return out->is_operator ? ERR_OK : find(c, who, out);
}

enum err session_operator(const struct core_caller *who)
{
    return who->operator_name ? ERR_OK : ERR_ROLE_REQUIRED;
}

enum err session_operator_note(const struct core_caller *who, const char *note)
{
    enum err e = session_operator(who);

    return e ? e : utext_check(note, strlen(note), ORDER_TEXT_CHARS);
}

bool session_may_see(const struct session_viewer *v, const struct policy *current)
{
    return v->is_operator || policy_may_submit(current, v->holder_name);
}

/* --- challenges --- */

enum err session_challenge(struct core *c, const struct statement *head,
                           const struct people_key *key, bool for_login,
                           struct freshness_challenge *out)
{
    bool found = false;

    *out = (struct freshness_challenge){.named = head->challenge[0] != 0};
    if (!out->named)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_FIND);
    store_bind_text(q, ":challenge", head->challenge);
    enum err e = store_step(q, &found);
    if (!e && found) {
        out->bound = store_int(q, 0) == key->id && store_int(q, 1) == for_login;
        out->issued_us = store_int(q, 2);
        out->expires_us = store_int(q, 3);
    }
    store_done(q);
    return e;
}

static enum err sweep_challenges(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_SWEEP);

    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

struct challenge {
    char text[NONCE_LEN + 1];
    int64_t issued_us, expires_us;
};

static enum err count_challenges(struct core *c, const struct people_key *key, bool for_login,
                                 int64_t *count)
{
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_COUNT);
    bool found = false;

    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":login", for_login);
    enum err e = store_step(q, &found);
    *count = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

static enum err newest_challenge(struct core *c, const struct people_key *key, bool for_login,
                                 struct challenge *out)
{
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_NEWEST);
    bool found = false;

    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":login", for_login);
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? store_copy_text(q, 0, out->text, sizeof out->text) : ERR_STORE_FAILED;
    if (!e) {
        out->issued_us = store_int(q, 1);
        out->expires_us = store_int(q, 2);
    }
    store_done(q);
    return e;
}

static enum err make_challenge(struct core *c, const struct people_key *key, bool for_login,
                               int64_t life_us, struct challenge *out)
{
    uint8_t random[16];

    enum err e = c->random(c->random_ctx, random, sizeof random);
    if (e)
        return e;
    forms_make_nonce(random, out->text);
    out->issued_us = c->now_us;
    out->expires_us = c->now_us + life_us;
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_ADD);
    store_bind_text(q, ":challenge", out->text);
    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":login", for_login);
    store_bind_int(q, ":issued", out->issued_us);
    store_bind_int(q, ":expires", out->expires_us);
    return store_run(q);
}

/* Anybody may ask for a key's challenges, who without the key can do nothing with them. So whoever
 * asks without end gets the same one again and again, which writes nothing; nobody is turned away,
 * and none that was given out before is lost. */
static enum err give_challenge(struct core *c, const struct people_key *key, bool for_login,
                               struct challenge *out)
{
    int64_t life_us = for_login ? LOGIN_CHALLENGE_US : STATEMENT_CHALLENGE_US;
    int64_t count = 0;

    enum err e = sweep_challenges(c);
    if (!e)
        e = count_challenges(c, key, for_login, &count);
    if (!e && count >= CHALLENGES_APART) {
        e = newest_challenge(c, key, for_login, out);
        if (e || c->now_us <= out->issued_us + life_us / CHALLENGE_FRESH)
            return e;
    }
    return e ? e : make_challenge(c, key, for_login, life_us, out);
}

enum err core_challenge(struct core *c, const char *thumbprint, bool for_login,
                        struct core_answer *out)
{
    static const struct core_caller anybody = {.session = ""};
    struct people_key key;
    struct challenge challenge = {.text = ""};

    *out = (struct core_answer){0};
    enum err e = people_key_find(c, thumbprint, &key);
    if (!e)
        e = people_key_signs(&key);
    if (!e)
        e = give_challenge(c, &key, for_login, &challenge);
    if (e)
        return answer_refuse(c, &anybody, e, out);
    struct doc body = {0};
    doc_object(&body);
    doc_text(&body, "challenge", challenge.text);
    doc_text(&body, "use", for_login ? "login" : "decision");
    doc_time(&body, "issued", challenge.issued_us);
    doc_time(&body, "expires", challenge.expires_us);
    return answer_doc(c, 201, &body, out);
}

/* --- login and logout --- */

static enum err check_login(struct core *c, const struct core_caller *who,
                            const struct verified *login, const struct people_key *key)
{
    const struct statement_login *said = verified_login(login);
    const struct statement *head = &said->head;
    struct freshness_challenge challenge;

    if (strcmp(head->bank, c->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (!who->session[0] || strcmp(said->session, who->session) != 0)
        return ERR_SESSION_MISMATCH;
    enum err e = session_challenge(c, head, key, true, &challenge);
    if (!e && !challenge.named)
        e = ERR_CHALLENGE_INVALID;
    if (!e)
        e = freshness_issued(c->now_us, head->issued_us, &challenge);
    if (!e)
        e = freshness_floor(head->issued_us, key->floor_us);
    if (!e)
        e = freshness_expires(c->now_us, head->expires_us);
    return e ? e : people_key_signs(key);
}

static enum err start(struct core *c, const struct statement_login *said, int64_t key)
{
    struct store_query *q = store_query(c->store, STORE_CHALLENGE_DROP);
    store_bind_text(q, ":challenge", said->head.challenge);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_SESSION_SWEEP);
    store_bind_int(q, ":seen", c->now_us - c->session_idle_us);
    store_bind_int(q, ":started", c->now_us - c->session_max_us);
    e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_SESSION_ADD);
    store_bind_text(q, ":session", said->session);
    store_bind_int(q, ":key", key);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

enum err core_login(struct core *c, const struct core_caller *who, const struct verified *login,
                    struct core_answer *out)
{
    struct people_key key;
    int64_t card_us = INT64_MAX;

    *out = (struct core_answer){0};
    if (c->insane) /* docs/FORMAT.md section 10, rule 2 */
        return ERR_CLOCK_INSANE;
    if (!verified_login(login))
        return ERR_INTERNAL;
    enum err e = people_key_find(c, verified_signer(login), &key);
    if (e)
        return answer_refuse(c, who, e, out);
    e = check_login(c, who, login, &key);
    if (e) {
        const struct answer_signed what = {.verified = login, .key = &key};
        return answer_refuse_signed(c, &what, e, out);
    }
    e = start(c, verified_login(login), key.id);
    if (!e)
        e = radar_card(c, key.id, &card_us);
    if (e)
        return e;
    struct doc body = {0};
    doc_object(&body);
    doc_text(&body, "holder", key.holder_name);
    doc_text(&body, "session", who->session);
    doc_time(&body, "expires", c->now_us + c->session_max_us);
    doc_int(&body, "idleSeconds", c->session_idle_us / TEXT_SECOND_US);
    if (card_us != INT64_MAX)
        doc_time(&body, "certificateUntil", card_us);
    return answer_doc(c, 201, &body, out);
}

enum err core_logout(struct core *c, const struct core_caller *who, struct core_answer *out)
{
    struct session_viewer viewer;

    *out = (struct core_answer){0};
    enum err e = find_begun(c, who->session, &viewer);
    if (e == ERR_SESSION_REQUIRED && !find_certified(c, who, &viewer))
        e = ERR_NO_SESSION_TO_END;
    if (e)
        return answer_refuse(c, who, e, out);
    struct store_query *q = store_query(c->store, STORE_SESSION_DROP);
    store_bind_text(q, ":session", who->session);
    e = store_run(q);
    if (e)
        return e;
    struct doc body = {0};
    doc_object(&body);
    doc_text(&body, "holder", viewer.holder_name);
    return answer_doc(c, 200, &body, out);
}
