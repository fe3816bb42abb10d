/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/policy_file.h"
#include "app/app.h"
#include "base/text.h"
#include "order/json.h"
#include "order/policy_advice.h"
#include <string.h>

#define FILE_MAX (4 * POLICY_MAX) /* as people indent it */
#define YEAR_2000_US (946684800 * TEXT_SECOND_US)

struct args_list policy_file_holders;
const char *policy_file_currency;

static enum err take_people(struct app *a, const char *path, struct policy_person *people)
{
    const struct args_list *holders = &policy_file_holders;
    if (holders->count == 0)
        return app_fail(a, ERR_USAGE, "%s has no holders; name each with --holder", path);
    if (holders->count > POLICY_HOLDERS_MAX)
        return app_fail(a, ERR_USAGE, "more than %u holders", POLICY_HOLDERS_MAX);
    for (size_t i = 0; i < holders->count; i++) {
        if (policy_person_read(holders->item[i], &people[i]) != ERR_OK)
            return app_fail(a, ERR_USAGE, "--holder %s: a holder's name, or NAME:CLASS",
                            holders->item[i]);
    }
    policy_people_sort(people, holders->count);
    return ERR_OK;
}

/* The document that the bank would make of it, but for what no rule speaks of. */
static enum err complete(struct app *a, const char *path, const struct js *value,
                         struct buf *document)
{
    struct policy_person people[POLICY_HOLDERS_MAX];
    struct buf rules = BUF_INIT(POLICY_MAX), limits = BUF_INIT(POLICY_MAX);
    struct buf deputies = BUF_INIT(POLICY_MAX);
    bool single = false;
    enum err e = policy_terms_read(value, &rules, &limits, &deputies, &single);
    if (e == ERR_OK)
        e = take_people(a, path, people);
    const struct policy_terms terms = {
        .bank = "bank.example/rules",
        .account = "PT50000201231234567890154",
        .title = "Rules",
        .currency = policy_file_currency != NULL ? policy_file_currency : "",
        .version = 1,
        .people = people,
        .count = policy_file_holders.count,
        .valid_from_us = YEAR_2000_US,
        .rules = buf_str(&rules),
        .limits = buf_str(&limits),
        .deputies = buf_str(&deputies),
        .single = single,
    };
    if (e == ERR_OK)
        e = policy_write(&terms, document);
    buf_free(&rules);
    buf_free(&limits);
    buf_free(&deputies);
    return e;
}

static enum err take_document(struct app *a, const char *path, const struct js *value,
                              struct buf *document)
{
    const char *currency = js_text(js_get(value, "currency"), NULL);
    if (policy_file_holders.count > 0)
        return app_fail(a, ERR_USAGE, "%s names its holders itself; leave --holder out", path);
    if (currency != NULL && policy_file_currency != NULL &&
        strcmp(currency, policy_file_currency) != 0)
        return app_fail(a, ERR_USAGE, "the currency of %s is another one", path);
    return js_canon(value, document);
}

enum err policy_file_read(struct app *a, const char *path, struct buf *document)
{
    struct js *value = NULL;
    enum err e = app_read_json(path, FILE_MAX, &value);
    if (e == ERR_OK) {
        bool whole = js_get(value, "holders") != NULL || js_get(value, "type") != NULL;
        e = whole ? take_document(a, path, value, document) : complete(a, path, value, document);
    }
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "%s", path);
    js_free(value);
    return e;
}

enum err policy_file_lint(struct app *a, const char *path, const struct buf *document,
                          struct policy_findings *found)
{
    enum err e = policy_lint(document->data, document->len, found);
    if (e == ERR_CURRENCY_UNKNOWN && policy_file_currency == NULL)
        return app_fail(a, e, "%s: an amount needs the account's currency, --currency EUR", path);
    if (e != ERR_OK)
        (void)app_fail(a, e, "%s%s%s", path, found->where[0] != '\0' ? ": " : "", found->where);
    return e;
}

/* The message names one fatal finding; policy lint has all. */
static void name_fatal(struct app *a, const char *path, const struct policy_findings *found)
{
    struct buf text = BUF_INIT(1024);
    size_t i = 0;
    while (i < found->count && !policy_fault_fatal(found->at[i].fault))
        i++;
    if (i < found->count && policy_finding_text(&found->at[i], &text) == ERR_OK)
        (void)app_fail(a, ERR_POLICY_INVALID, "%s: %s", path, buf_str(&text));
    buf_free(&text);
}

enum err policy_file_judge(struct app *a, const char *path, const struct buf *document)
{
    struct policy_findings found = {.count = 0};
    enum err e = policy_file_lint(a, path, document, &found);
    name_fatal(a, path, &found);
    return e == ERR_OK && found.fatal ? ERR_POLICY_INVALID : e;
}

enum err policy_file_load(struct app *a, const char *path, struct policy **out)
{
    struct buf document = BUF_INIT(POLICY_MAX);
    *out = NULL;
    enum err e = policy_file_read(a, path, &document);
    if (e == ERR_OK)
        e = policy_file_judge(a, path, &document);
    if (e == ERR_OK)
        e = policy_parse(document.data, document.len, out);
    buf_free(&document);
    return e;
}
