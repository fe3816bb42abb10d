/* SPDX-License-Identifier: Apache-2.0
 *
 * An applicant's word on an application, and the text that he signs.
 */
#include "order/application.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/shown.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *says;
} verbs[] = {
    [APPLICATION_NONE] = {"", ""},
    [APPLICATION_APPLY] = {"apply", "I apply for this account."},
    [APPLICATION_WITHDRAW] = {"withdraw", "I withdraw this application for an account."},
};

const char *application_verb_name(enum application_verb v)
{
    return verbs[v].name;
}

enum application_verb application_verb_from_name(const char *name)
{
    for (size_t v = APPLICATION_APPLY; v < sizeof verbs / sizeof *verbs; v++) {
        if (strcmp(name, verbs[v].name) == 0)
            return (enum application_verb)v;
    }
    return APPLICATION_NONE;
}

/* --- reading --- */

static enum err read_word(const struct js *value, void *into)
{
    struct application_word *out = into;
    struct statement_members head;
    const struct js *application, *decision, *display, *display_digest;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("application", true, &application),
        MEMBER_TEXT("decision", true, &decision),
        MEMBER_TEXT("display", true, &display),
        MEMBER_TEXT("displayDigest", true, &display_digest),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK) {
        out->verb = application_verb_from_name(js_text(decision, NULL));
        e = out->verb != APPLICATION_NONE ? ERR_OK : ERR_DOC_MEMBER_INVALID;
    }
    if (e == ERR_OK && strcmp(js_text(display, NULL), APPLICATION_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_digest(application, out->application);
    return e == ERR_OK ? member_digest(display_digest, out->display_digest) : e;
}

enum err application_word_parse(const void *payload, size_t len, struct application_word *out)
{
    return statement_parse(payload, len, read_word, out, sizeof *out);
}

enum err application_check_time(const struct application *a, const struct statement *head)
{
    return a->expires_us > head->issued_us && a->expires_us - head->issued_us <= APPLICATION_LIFE_US
               ? ERR_OK
               : ERR_APPLICATION_PERIOD;
}

/* --- its name --- */

bool application_name_begins(const char *text)
{
    size_t len = strlen(text);

    return len >= APPLICATION_NAME_LEAST && len <= APPLICATION_NAME_LEN &&
           strspn(text, "0123456789abcdef") == len;
}

bool application_name_is(const char *text)
{
    return application_name_begins(text) && strlen(text) == APPLICATION_NAME_LEN;
}

void application_search(struct application_search *s, const struct js *answer)
{
    const struct js *list = js_get(answer, "applications");

    for (size_t i = 0; i < js_count(list); i++) {
        const char *name = js_member_text(js_at(list, i), "application");
        if (application_name_is(name) && strncmp(name, s->begins, strlen(s->begins)) == 0) {
            memcpy(s->found, name, sizeof s->found);
            s->count++;
        }
    }
}

/* --- what is shown; frozen, like the display of an order --- */

enum err application_display_render(const struct application *a, enum application_verb verb,
                                    struct buf *out)
{
    int64_t until_us = policy_valid_until(a->policy);
    struct shown s = {out, ERR_OK};

    if (verb == APPLICATION_NONE)
        return ERR_DOC_MEMBER_INVALID;
    shown_text(&s, verbs[verb].says);
    shown_text(&s, "\n\n");
    shown_line(&s, "Bank", a->bank);
    shown_line(&s, "Currency", a->currency);
    shown_line(&s, "Title", policy_title(a->policy));
    shown_label(&s, "Application");
    shown_digest_start(&s, a->digest);
    shown_text(&s, "\n");
    shown_time(&s, "Expires", a->expires_us);
    if (until_us != INT64_MAX)
        shown_time(&s, "Valid until", until_us);
    return s.err == ERR_OK ? policy_display_terms(a->policy, out) : s.err;
}

enum err application_display_digest(const struct application *a, enum application_verb verb,
                                    uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(APPLICATION_DISPLAY_MAX);

    return shown_digest(application_display_render(a, verb, &text), &text, out);
}

/* --- writing --- */

enum err application_word_make(const struct application *a, enum application_verb verb,
                               const struct statement *head, struct buf *out)
{
    struct statement own = *head;
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0};
    enum err e = application_display_digest(a, verb, digest);

    if (e != ERR_OK)
        return e;
    snprintf(own.bank, sizeof own.bank, "%s", a->bank);
    doc_object(&doc);
    statement_head_write(&own, &doc);
    doc_digest(&doc, "application", a->digest);
    doc_text(&doc, "decision", application_verb_name(verb));
    doc_text(&doc, "display", APPLICATION_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
