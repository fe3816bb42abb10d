/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder wants to be told of news. A new address gets a code and nothing else before its
 * owner said the code here, so that nobody has the bank write to strangers; until then the address
 * before stays in force. It is told of the change and of its confirmation: whoever took a session
 * over cannot silence its holder unnoticed.
 */
#include "bankd/core/contact.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/session.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US) /* how long a code is good */
#define CODES UINT64_C(100000000)       /* CORE_CONTACT_CODE_LEN digits */
#define CHANGES_MAX 10                  /* a day */
#define TRIES_MAX 10                    /* wrong codes */

static const char *const channels[] = {"email", "webhook"};
#define CHANNELS (sizeof channels / sizeof *channels)

/* Addresses stay out of the log, which keeps them for ever. */
static enum err write_entry(struct core *c, const struct session_viewer *viewer, int64_t *entry)
{
    char object[PEOPLE_OBJECT_MAX];
    struct people_holder person;
    struct doc body = {0};

    enum err e = people_holder_find(c, viewer->holder_name, &person);
    if (e)
        return e;
    people_object(viewer->holder_name, object);
    entries_body(&body, "contact", object, person.entry);
    doc_text(&body, "holder", viewer->holder_name);
    e = entries_add(c, &body, entry);
    return e ? e : people_set_entry(c, viewer->holder, *entry);
}

static struct store_query *ask(struct core *c, enum store_statement which,
                               const struct session_viewer *viewer)
{
    struct store_query *q = store_query(c->store, which);

    store_bind_int(q, ":holder", viewer->holder);
    return q;
}

/* Every address in force, of the change that ENTRY is. */
static enum err tell(struct core *c, const struct session_viewer *viewer, int64_t entry)
{
    struct store_query *q = ask(c, STORE_NOTICE_CONTACT, viewer);

    store_bind_int(q, ":entry", entry);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

static enum err drop(struct core *c, const struct session_viewer *viewer, const char *channel,
                     bool confirmed)
{
    struct store_query *q = ask(c, STORE_CONTACT_DROP, viewer);

    store_bind_text(q, ":channel", channel);
    store_bind_int(q, ":confirmed", confirmed);
    return store_run(q);
}

/* --- another address --- */

static enum err is_in_force(struct core *c, const struct session_viewer *viewer,
                            const char *channel, const char *address, bool *out)
{
    struct store_query *q = ask(c, STORE_CONTACT_FIND, viewer);

    store_bind_text(q, ":channel", channel);
    enum err e = store_step(q, out);
    *out = !e && *out && strcmp(store_text(q, 0), address) == 0;
    store_done(q);
    return e;
}

static enum err add(struct core *c, const struct session_viewer *viewer, const char *channel,
                    const char *address, const char *language)
{
    char code[CORE_CONTACT_CODE_LEN + 1];
    uint64_t random = 0;

    enum err e = c->random(c->random_ctx, (uint8_t *)&random, sizeof random);
    if (e)
        return e;
    snprintf(code, sizeof code, "%08" PRIu64, random % CODES);
    struct store_query *q = ask(c, STORE_CONTACT_ADD, viewer);
    store_bind_text(q, ":channel", channel);
    store_bind_text(q, ":address", address);
    store_bind_text(q, ":language", language);
    store_bind_text(q, ":code", code);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

static enum err replace_one(struct core *c, const struct session_viewer *viewer,
                            const char *channel, const char *address, const char *language)
{
    bool same = false;
    enum err e = drop(c, viewer, channel, false);

    if (!e && !address[0])
        return drop(c, viewer, channel, true);
    if (!e)
        e = is_in_force(c, viewer, channel, address, &same);
    if (e || !same)
        return e ? e : add(c, viewer, channel, address, language);
    struct store_query *q = ask(c, STORE_CONTACT_LANGUAGE, viewer);
    store_bind_text(q, ":channel", channel);
    store_bind_text(q, ":language", language);
    return store_run(q);
}

static enum err replace(struct core *c, const struct session_viewer *viewer,
                        const struct core_contact *to, int64_t entry)
{
    const char *const address[CHANNELS] = {to->email, to->webhook};
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < CHANNELS; i++)
        e = replace_one(c, viewer, channels[i], address[i], to->language);
    if (e)
        return e;
    struct store_query *q = ask(c, STORE_NOTICE_CONFIRM, viewer);
    store_bind_int(q, ":entry", entry);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

/* --- how often --- */

static enum err check_changes(struct core *c, const struct session_viewer *viewer)
{
    struct store_query *q = ask(c, STORE_CONTACT_CHANGES, viewer);
    bool found = false;

    store_bind_int(q, ":day", c->now_us / DAY_US);
    enum err e = store_step(q, &found);
    if (!e && found && store_int(q, 0) >= CHANGES_MAX)
        e = ERR_CONTACT_CHANGES_TOO_MANY;
    store_done(q);
    return e;
}

static enum err count_change(struct core *c, const struct session_viewer *viewer)
{
    struct store_query *q = ask(c, STORE_CONTACT_CHANGED, viewer);

    store_bind_int(q, ":day", c->now_us / DAY_US);
    return store_run(q);
}

/* --- what there is --- */

static void put_address(const struct store_query *q, struct doc *in_force, struct doc *waits)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        if (strcmp(store_text(q, 0), channels[i]) == 0)
            doc_text(store_int(q, 1) ? in_force : waits, channels[i], store_text(q, 2));
    }
}

static enum err view(struct core *c, const struct session_viewer *viewer, struct doc *out)
{
    struct store_query *q = ask(c, STORE_CONTACT_OF, viewer);
    struct doc waits = {0};
    char language[8] = "en";
    bool row = false;
    int64_t waiting = 0;

    doc_object(out);
    doc_object(&waits);
    enum err e = store_step(q, &row);
    while (!e && row) {
        put_address(q, out, &waits);
        waiting += !store_int(q, 1);
        e = store_copy_text(q, 3, language, sizeof language);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    doc_text(out, "language", language);
    if (waiting)
        doc_put(out, "unconfirmed", &waits);
    doc_free(&waits);
    return e;
}

/* --- the routes --- */

static enum err open_person(struct core *c, const struct core_caller *who,
                            struct session_viewer *out)
{
    enum err e = session_viewer(c, who, out);

    return !e && (out->is_operator || out->kind != PEOPLE_PERSON) ? ERR_ROLE_REQUIRED : e;
}

enum err core_contact_set(struct core *c, const struct core_caller *who,
                          const struct core_contact *to, struct core_answer *out)
{
    struct session_viewer viewer;
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    *out = (struct core_answer){0};
    enum err e = open_person(c, who, &viewer);
    if (!e)
        e = check_changes(c, &viewer);
    if (!e)
        e = count_change(c, &viewer);
    if (!e)
        e = write_entry(c, &viewer, &entry);
    if (!e)
        e = tell(c, &viewer, entry);
    if (!e)
        e = replace(c, &viewer, to, entry);
    if (!e)
        e = view(c, &viewer, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

/* Whoever guesses has a new code sent after a few of them. */
static enum err count_wrong(struct core *c, const struct session_viewer *viewer)
{
    enum err e = store_run(ask(c, STORE_CONTACT_WRONG, viewer));

    if (e)
        return e;
    struct store_query *q = ask(c, STORE_CONTACT_TRIED, viewer);
    store_bind_int(q, ":tries", TRIES_MAX);
    return store_run(q);
}

/* CHANNEL gets which of the addresses has the code. */
static enum err find_code(struct core *c, const struct session_viewer *viewer, const char *code,
                          char *channel, size_t size)
{
    struct store_query *q = ask(c, STORE_CONTACT_CODE, viewer);
    bool found = false;

    store_bind_text(q, ":code", code);
    store_bind_int(q, ":since", c->now_us - DAY_US);
    enum err e = store_step(q, &found);
    if (!e && found)
        e = store_copy_text(q, 0, channel, size);
    store_done(q);
    if (e || found)
        return e;
    e = count_wrong(c, viewer);
    return e ? e : ERR_CONTACT_CODE_WRONG;
}

enum err core_contact_confirm(struct core *c, const struct core_caller *who, const char *code,
                              struct core_answer *out)
{
    struct session_viewer viewer;
    struct doc body = {0};
    char channel[16];
    int64_t entry = NO_ENTRY;

    *out = (struct core_answer){0};
    enum err e = open_person(c, who, &viewer);
    if (!e)
        e = find_code(c, &viewer, code, channel, sizeof channel);
    if (!e)
        e = write_entry(c, &viewer, &entry);
    if (!e)
        e = tell(c, &viewer, entry);
    if (!e)
        e = drop(c, &viewer, channel, true);
    if (!e) {
        struct store_query *q = ask(c, STORE_CONTACT_CONFIRM, &viewer);
        store_bind_text(q, ":channel", channel);
        e = store_run(q);
    }
    if (!e)
        e = view(c, &viewer, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err core_contact(struct core *c, const struct core_caller *who, struct core_answer *out)
{
    struct session_viewer viewer;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = open_person(c, who, &viewer);
    if (!e)
        e = view(c, &viewer, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err contact_forget(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_CONTACT_STALE);

    store_bind_int(q, ":since", c->now_us - DAY_US);
    return store_run(q);
}
