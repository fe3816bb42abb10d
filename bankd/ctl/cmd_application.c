/* SPDX-License-Identifier: Apache-2.0
 *
 * Applications for accounts. What the operator is shown is the text that the holders signed, and
 * who did by bankctl's own look; the account's number is the bank's to give.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/applicants.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum err cmd_application_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"TITLE", "title", false},     {"CURRENCY", "currency", false},
        {"MISSING", "missing", false}, {"RECEIVED", "received", false},
        {"EXPIRES", "expires", false}, {"APPLICATION", "application", false},
    };
    const struct client_call call = {.route = ROUTE_APPLICATIONS};
    (void)words;
    return ctl_show_list(ctx, &call, "applications", columns, sizeof columns / sizeof columns[0]);
}

/* --- one, as bankctl sees it --- */

struct seen {
    char name[APPLICATION_NAME_LEN + 1];
    struct application said;
    struct js *told;
};

static void seen_free(struct seen *s)
{
    application_free(&s->said);
    js_free(s->told);
}

/* WORD is the digest or how it begins; the latter finds one that waits. */
static enum err resolve(struct ctl *ctl, const char *word,
                        char out[static APPLICATION_NAME_LEN + 1])
{
    const struct client_call call = {.route = ROUTE_APPLICATIONS};
    struct application_search s = {.begins = word};
    struct js *list = NULL;
    if (!application_name_begins(word))
        return ctl_fail(ctl, ERR_USAGE,
                        "%s is no application, as bankctl application list shows them", word);
    if (application_name_is(word)) {
        memcpy(out, word, APPLICATION_NAME_LEN + 1);
        return ERR_OK;
    }
    enum err e = ctl_list(ctl, &call, "applications", &list);
    if (e == ERR_OK)
        application_search(&s, list);
    js_free(list);
    memcpy(out, s.found, APPLICATION_NAME_LEN + 1);
    return e != ERR_OK || s.count == 1
               ? e
               : ctl_fail(ctl, ERR_NOT_FOUND,
                          "%u applications that wait begin like %s; of one that is over give all "
                          "%zu digits",
                          s.count, word, APPLICATION_NAME_LEN);
}

/* The document that the digest is of, and each word on it. */
static enum err read_told(struct ctl *ctl, struct seen *s)
{
    char digest[APPLICATION_NAME_LEN + 1] = "";
    enum err e = application_from_js(js_get(s->told, "document"), &s->said);
    if (e != ERR_OK)
        return e;
    text_hex(s->said.digest, DIGEST_LEN, digest);
    if (strcmp(digest, s->name) != 0 || strcmp(js_member_text(s->told, "application"), digest) != 0)
        return ctl_fail(ctl, ERR_APPLICATION_MISMATCH, "the bank shows another application");
    return applicants_judge(ctl, &s->said, s->told);
}

static enum err look(struct ctl *ctl, const char *word, struct seen *s)
{
    const struct client_call call = {.route = ROUTE_APPLICATION, .param = {s->name}};
    enum err e = resolve(ctl, word, s->name);
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &s->told);
    return e == ERR_OK ? read_told(ctl, s) : e;
}

static enum err print_text(const struct seen *s, FILE *f)
{
    struct buf text = BUF_INIT(APPLICATION_DISPLAY_MAX);
    enum err e = application_display_render(&s->said, APPLICATION_APPLY, &text);
    if (e == ERR_OK)
        fputs(buf_str(&text), f);
    buf_free(&text);
    return e;
}

static void line(const struct js *told, const char *label, const char *member)
{
    const char *value = js_member_text(told, member);
    if (value[0] == '\0')
        return;
    printf("%-14s", label);
    app_print_safe(stdout, value);
    putchar('\n');
}

static void print_state(const struct js *told)
{
    line(told, "Status", "status");
    line(told, "Note", "note");
    line(told, "Account", "account");
    line(told, "Received", "received");
}

static enum err show(struct ctl *ctl, const char *word)
{
    struct seen s = {.name = ""};
    enum err e = look(ctl, word, &s);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(s.told);
    else if (e == ERR_OK)
        e = print_text(&s, stdout);
    if (e == ERR_OK && !ctl->json) {
        putchar('\n');
        print_state(s.told);
        applicants_print(&s.said, s.told, stdout);
        printf("%-14s%s\n", "Name", s.name);
    }
    seen_free(&s);
    return e;
}

enum err cmd_application_show(void *ctx, const struct args_list *words)
{
    return show(ctx, words->item[0]);
}

/* --- the operator's word --- */

/* What is decided on is shown before it is signed, beside what scripts read. */
static enum err show_before(struct ctl *ctl, const char *word, struct seen *s)
{
    enum err e = look(ctl, word, s);
    if (e == ERR_OK)
        e = print_text(s, stderr);
    if (e == ERR_OK)
        applicants_print(&s->said, s->told, stderr);
    return e;
}

static enum err say(struct ctl *ctl, enum route route, const struct seen *s, const struct buf *body)
{
    struct js *told = NULL;
    enum err e = ctl_post(ctl, route, s->name, body, &told);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(told);
    else if (e == ERR_OK)
        print_state(told);
    js_free(told);
    return e;
}

static enum err admit(struct ctl *ctl, const char *word)
{
    struct request_opening r = {.account = ""};
    struct buf body = BUF_INIT(0);
    struct seen s = {.name = ""};
    enum err e = ctl_take(ctl, "account", ctl->account, r.account, sizeof r.account);
    if (e == ERR_OK)
        e = request_opening_make(&r, &body);
    if (e == ERR_OK)
        e = show_before(ctl, word, &s);
    if (e == ERR_OK)
        e = applicants_check(ctl, &s.said, s.told);
    if (e == ERR_OK)
        e = say(ctl, ROUTE_APPLICATION_ADMIT, &s, &body);
    seen_free(&s);
    buf_free(&body);
    return e;
}

enum err cmd_application_admit(void *ctx, const struct args_list *words)
{
    return admit(ctx, words->item[0]);
}

static enum err refuse(struct ctl *ctl, const char *word, const struct buf *body)
{
    struct seen s = {.name = ""};
    enum err e = show_before(ctl, word, &s);
    if (e == ERR_OK)
        e = say(ctl, ROUTE_APPLICATION_REFUSE, &s, body);
    seen_free(&s);
    return e;
}

/* One after the other, for one reason; the first that fails ends it. */
enum err cmd_application_refuse(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_note r = {.note = ""};
    struct buf body = BUF_INIT(0);
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_note_make(&r, &body);
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = refuse(ctl, words->item[i], &body);
    buf_free(&body);
    return e;
}
