/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/application_file.h"
#include "app/app.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/json.h"
#include "order/member.h"
#include "signer/policy_file.h"
#include <string.h>

#define FILE_MAX (4 * POLICY_MAX) /* as people indent it */
#define LIFE_US (INT64_C(14) * 86400 * TEXT_SECOND_US)

/* What the options and the file come to. */
struct wanted {
    char title[POLICY_TITLE_BYTES + 1], currency[4];
    struct policy_person people[POLICY_HOLDERS_MAX];
    size_t count;
    struct buf rules, limits, deputies;
    bool single; /* each order is signed by itself */
};

static enum err add_person(struct app *a, struct wanted *d, const char *text)
{
    if (d->count == POLICY_HOLDERS_MAX)
        return app_fail(a, ERR_USAGE, "more than %u holders", POLICY_HOLDERS_MAX);
    if (text == NULL || policy_person_read(text, &d->people[d->count++]) != ERR_OK)
        return app_fail(a, ERR_USAGE, "a holder is a name, or NAME:CLASS");
    return ERR_OK;
}

static enum err take_options(struct app *a, const struct application_wish *wish, struct wanted *d)
{
    enum err e = ERR_OK;
    if (wish->title != NULL && strlen(wish->title) >= sizeof d->title)
        return app_fail(a, ERR_USAGE, "--title is too long");
    if (wish->currency != NULL && strlen(wish->currency) >= sizeof d->currency)
        return app_fail(a, ERR_CURRENCY_UNKNOWN, "--currency %s", wish->currency);
    if (wish->title != NULL)
        (void)snprintf(d->title, sizeof d->title, "%s", wish->title);
    if (wish->currency != NULL)
        (void)snprintf(d->currency, sizeof d->currency, "%s", wish->currency);
    for (size_t i = 0; e == ERR_OK && i < wish->holders.count; i++)
        e = add_person(a, d, wish->holders.item[i]);
    return e;
}

/* A copy of VALUE less three of its members, that js_members can judge the others. */
static enum err without(const struct js *value, const char *const names[static 3], struct js **out)
{
    enum err e = js_type(value) == JS_OBJECT ? js_copy(value, out) : ERR_DOC_MEMBER_INVALID;
    for (size_t i = 0; e == ERR_OK && i < 3; i++)
        js_drop(*out, names[i]);
    return e;
}

static enum err take_own(struct app *a, const struct js *value, struct wanted *d)
{
    const struct js *currency, *holders, *title;
    const struct js_member table[] = {
        MEMBER_TEXT("currency", false, &currency),
        {"holders", JS_ARRAY, false, 1, POLICY_HOLDERS_MAX, &holders},
        MEMBER_TEXT("title", false, &title),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK && d->currency[0] == '\0')
        e = member_text(currency, NULL, d->currency, sizeof d->currency);
    if (e == ERR_OK && d->title[0] == '\0')
        e = member_text(title, NULL, d->title, sizeof d->title);
    for (size_t i = 0, named = d->count; e == ERR_OK && !named && i < js_count(holders); i++)
        e = add_person(a, d, js_text(js_at(holders, i), NULL));
    return e;
}

/* An option stands above the file. */
static enum err take_members(struct app *a, const struct js *value, struct wanted *d)
{
    static const char *const of_account[] = {"currency", "holders", "title"};
    static const char *const of_policy[] = {"deputies", "limits", "rules", "signatures"};
    struct js *own = NULL, *terms = NULL;
    enum err e = without(value, of_policy, &own);
    if (e == ERR_OK)
        e = take_own(a, own, d);
    if (e == ERR_OK)
        e = without(value, of_account, &terms);
    if (e == ERR_OK)
        e = policy_terms_read(terms, &d->rules, &d->limits, &d->deputies, &d->single);
    js_free(own);
    js_free(terms);
    return e;
}

static enum err take_file(struct app *a, const char *path, struct wanted *d)
{
    struct js *value = NULL;
    if (path == NULL)
        return ERR_OK;
    enum err e = app_read_json(path, FILE_MAX, &value);
    if (e == ERR_OK)
        e = take_members(a, value, d);
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "%s", path);
    js_free(value);
    return e;
}

/* What policy lint says of it. */
static enum err judge(struct app *a, const struct policy_terms *terms)
{
    struct buf policy = BUF_INIT(POLICY_MAX);
    enum err e = application_policy_write(terms, &policy);
    if (e == ERR_OK)
        e = policy_file_judge(a, "what you want", &policy);
    buf_free(&policy);
    return e;
}

static enum err make(struct app *a, struct wanted *d, struct buf *document)
{
    struct statement head = {.issued_us = 0};
    struct policy_terms terms = {.title = d->title,
                                 .currency = d->currency,
                                 .people = d->people,
                                 .count = d->count,
                                 .rules = buf_str(&d->rules),
                                 .limits = buf_str(&d->limits),
                                 .deputies = buf_str(&d->deputies),
                                 .single = d->single};
    if (d->title[0] == '\0' || d->currency[0] == '\0' || d->count == 0)
        return app_fail(a, ERR_USAGE,
                        "it takes a title, a currency and holders, by options or a "
                        "file");
    policy_people_sort(d->people, d->count);
    enum err e = app_need(a, a->bank, "bank", &terms.bank);
    if (e == ERR_OK)
        e = judge(a, &terms);
    if (e == ERR_OK)
        e = app_head(NULL, &head); /* for its nonce */
    const int64_t now_us = clock_now_us() / TEXT_SECOND_US * TEXT_SECOND_US;
    return e == ERR_OK ? application_make(&terms, now_us + LIFE_US, head.nonce, document) : e;
}

enum err application_file_read(struct app *a, const struct application_wish *wish,
                               struct application *out)
{
    struct buf document = BUF_INIT(APPLICATION_MAX);
    struct wanted d = {.rules = BUF_INIT(POLICY_MAX),
                       .limits = BUF_INIT(POLICY_MAX),
                       .deputies = BUF_INIT(POLICY_MAX)};
    *out = (struct application){.policy = NULL};
    enum err e = take_options(a, wish, &d);
    if (e == ERR_OK)
        e = take_file(a, wish->file, &d);
    if (e == ERR_OK)
        e = make(a, &d, &document);
    if (e == ERR_OK)
        e = application_parse(document.data, document.len, out);
    buf_free(&d.rules);
    buf_free(&d.limits);
    buf_free(&d.deputies);
    buf_free(&document);
    return e;
}
