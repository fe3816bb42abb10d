/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/events.h"

#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/session.h"
#include "order/event.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERSON "holder:"

/* --- writing: what an entry's body says --- */

/* A body's member; TEXT is NULL where it has none. */
struct member {
    const char *text;
    size_t len;
};

static struct member find(const struct doc *body, const char *name)
{
    struct member m = {0};

    m.text = doc_member_text(body, name, &m.len);
    return m;
}

/* A text as it is, when it needs no escapes; of an array its last element. "" otherwise. */
static void last_text(struct member m, char out[static EVENTS_WORD_MAX])
{
    out[0] = 0;
    if (m.text && m.len && m.text[m.len - 1] == ']')
        m.len--;
    if (!m.text || m.len < 2 || m.text[m.len - 1] != '"')
        return;
    const char *end = m.text + m.len - 1, *quote = memrchr(m.text, '"', m.len - 1);
    if (!quote || (quote > m.text && quote[-1] == '\\'))
        return;
    size_t len = (size_t)(end - quote) - 1;
    if (len < EVENTS_WORD_MAX && !memchr(quote + 1, '\\', len)) {
        memcpy(out, quote + 1, len);
        out[len] = 0;
    }
}

/* The members in which a kind's word may stand. */
enum { SAID_STATUS, SAID_STATE, SAID_REASON, SAID_COUNT };

static void find_said(const struct doc *body, struct member out[static SAID_COUNT])
{
    static const char *const names[SAID_COUNT] = {"status", "state", "reason"};

    for (size_t i = 0; i < SAID_COUNT; i++)
        out[i] = find(body, names[i]);
}

/* Whether WORD is among the statuses, or is the state or the reason. */
static bool has_word(void *ctx, const char *word)
{
    const struct member *said = ctx;
    char quoted[EVENTS_WORD_MAX] = "\"";
    size_t len = strlen(word);

    if (len + 2 > sizeof quoted)
        return false;
    memcpy(quoted + 1, word, len);
    quoted[len + 1] = '"';
    for (size_t i = 0; i < SAID_COUNT; i++) {
        if (said[i].text && memmem(said[i].text, said[i].len, quoted, len + 2))
            return true;
    }
    return false;
}

/* What is about an account names it first: "order:ACCOUNT/ID", "delegation:ACCOUNT/HOLDER". */
static void account_of(const char object[static EVENTS_WORD_MAX], char out[static EVENTS_WORD_MAX])
{
    static const char *const of_accounts[] = {"account:", "order:", "delegation:"};

    out[0] = 0;
    for (size_t i = 0; i < sizeof of_accounts / sizeof *of_accounts; i++) {
        size_t before = strlen(of_accounts[i]);
        if (strncmp(object, of_accounts[i], before) != 0)
            continue;
        size_t len = strcspn(object + before, "/");
        memcpy(out, object + before, len);
        out[len] = 0;
    }
}

void events_read(const struct doc *body, struct events_row *out)
{
    struct member said[SAID_COUNT];
    char type[EVENTS_WORD_MAX];

    last_text(find(body, "type"), type);
    find_said(body, said);
    const struct event_kind *kind = event_of(type, has_word, said);
    out->kind = kind ? kind->name : "";
    out->account[0] = out->object[0] = out->holder[0] = out->status[0] = out->reason[0] = 0;
    if (!kind)
        return;
    last_text(find(body, "object"), out->object);
    last_text(find(body, "holder"), out->holder);
    last_text(said[SAID_REASON], out->reason);
    last_text(said[said[SAID_STATE].text ? SAID_STATE : SAID_STATUS], out->status);
    account_of(out->object, out->account);
    if (strncmp(out->object, PERSON, strlen(PERSON)) == 0)
        memcpy(out->holder, out->object + strlen(PERSON), strlen(out->object + strlen(PERSON)) + 1);
}

/* --- reading --- */

/* Of an account that is not the viewer's: a new policy may name him. */
static enum err concerns(struct core *c, const struct session_viewer *viewer, const char *account,
                         bool *out)
{
    struct ledger_account a;
    enum err e = ledger_find(c, account, &a);

    return e ? e : change_names(c, &a, viewer->holder_name, out);
}

static enum err may_see(struct core *c, const struct core_caller *who,
                        const struct session_viewer *viewer, const struct store_query *q, bool *out)
{
    *out = true;
    if (viewer->is_operator) {
        *out = (event_roles(store_text(q, 2)) & who->roles) != 0;
        return ERR_OK;
    }
    return store_int(q, 8) ? ERR_OK : concerns(c, viewer, store_text(q, 3), out);
}

/* Where to look, beside the account and the holder. */
static void put_object(const char *object, struct doc *out)
{
    const char *slash = strchr(object, '/');

    if (strncmp(object, "order:", strlen("order:")) == 0 && slash)
        doc_text(out, "order", slash + 1);
    else if (strncmp(object, "enrolment:", strlen("enrolment:")) == 0)
        doc_text(out, "enrolment", object + strlen("enrolment:"));
    else if (strncmp(object, "application:", strlen("application:")) == 0)
        doc_text(out, "application", object + strlen("application:"));
    else if (strncmp(object, "queue:", strlen("queue:")) == 0)
        doc_text(out, "item", object + strlen("queue:"));
}

/* One event as the HTML standard frames it: its data is one line, for canonical JSON has none. */
static enum err write_event(const struct store_query *q, struct buf *out)
{
    struct doc data = {0};

    doc_object(&data);
    doc_text_optional(&data, "account", store_text(q, 3));
    doc_text_optional(&data, "holder", store_text(q, 5));
    put_object(store_text(q, 4), &data);
    doc_text_optional(&data, "reason", store_text(q, 7));
    doc_text_optional(&data, "status", store_text(q, 6));
    doc_time(&data, "time", store_int(q, 1));
    enum err e =
        buf_addf(out, "event: %s\nid: %" PRId64 "\ndata: ", store_text(q, 2), store_int(q, 0));
    if (!e)
        e = doc_canon(&data, out);
    doc_free(&data);
    return e ? e : buf_add_str(out, "\n\n");
}

static struct store_query *ask(struct core *c, const struct session_viewer *viewer,
                               const struct core_events *events)
{
    struct store_query *q = store_query(c->store, STORE_EVENT_PAGE);

    store_bind_int(q, ":all", viewer->is_operator);
    store_bind_text(q, ":name", viewer->holder_name);
    store_bind_int(q, ":holder", viewer->holder);
    store_bind_int(q, ":after", events->after);
    store_bind_int(q, ":until", events->until);
    store_bind_int(q, ":limit", events->limit);
    return q;
}

/* Whomever they concern: who has few events does not have the bank read all of others' at once. */
static void bound(struct core_events *events)
{
    if (events->until - events->after > events->span)
        events->until = events->after + events->span;
}

/* REACHED is UNTIL when nothing is left before it. */
static enum err write_events(struct core *c, const struct core_caller *who,
                             const struct session_viewer *viewer, struct core_events *events,
                             struct buf *out)
{
    struct store_query *q = ask(c, viewer, events);
    bool row = false, seen = false;
    unsigned count = 0;

    events->reached = events->until;
    enum err e = store_step(q, &row);
    while (!e && row) {
        e = may_see(c, who, viewer, q, &seen);
        if (!e && seen)
            e = write_event(q, out);
        if (++count == events->limit)
            events->reached = store_int(q, 0);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

/* What this look passes must all be so young that it counts as kept. */
static enum err check_after(struct core *c, const struct core_events *events)
{
    struct store_query *q = store_query(c->store, STORE_EVENT_NEXT);
    bool next = false;

    if (events->after >= (int64_t)c->durable.size)
        return ERR_EVENTS_GONE;
    store_bind_int(q, ":after", events->after);
    store_bind_int(q, ":until", events->until);
    enum err e = store_step(q, &next);
    if (!e && next && c->terms.events_us && store_int(q, 0) < c->now_us - c->terms.events_us)
        e = ERR_EVENTS_GONE;
    store_done(q);
    return e;
}

enum err core_events(struct core *c, const struct core_caller *who, struct core_events *events,
                     struct core_answer *out)
{
    struct session_viewer viewer;

    *out = (struct core_answer){.http = 200};
    enum err e = session_viewer(c, who, &viewer);
    if (events->after >= 0)
        bound(events);
    events->reached = events->until;
    if (!e)
        snprintf(events->who, sizeof events->who, "%s",
                 viewer.is_operator ? who->operator_name : viewer.holder_name);
    if (!e && events->after >= 0)
        e = check_after(c, events);
    if (!e && events->after >= 0 && events->after < events->until)
        e = write_events(c, who, &viewer, events, &out->body);
    if (!e)
        return ERR_OK;
    core_answer_free(out);
    return answer_refuse(c, who, e, out);
}
