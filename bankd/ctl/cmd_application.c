/* SPDX-License-Identifier: Apache-2.0
 *
 * Applications for accounts. What the operator is shown is the text that the holders signed; the
 * account's number is the bank's to give.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "base/text.h"
#include "order/application.h"
#include <stdio.h>
#include <string.h>

#define NAME_LEN ((size_t)2 * DIGEST_LEN)

int cmd_application_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"TITLE", "title", false},     {"CURRENCY", "currency", false},
        {"MISSING", "missing", false}, {"RECEIVED", "received", false},
        {"EXPIRES", "expires", false}, {"APPLICATION", "application", false},
    };
    const struct client_call call = {.route = ROUTE_APPLICATIONS};
    (void)words;
    return ctl_end(ctx, ctl_show_list(ctx, &call, "applications", columns,
                                      sizeof columns / sizeof columns[0]));
}

/* Nothing else may stand in a path. */
static enum err take_name(struct ctl *ctl, const struct args_list *words, struct client_call *call)
{
    const char *name = words->item[0];

    call->param[0] = name;
    if (strlen(name) != NAME_LEN || strspn(name, "0123456789abcdef") != NAME_LEN)
        return ctl_fail(ctl, ERR_USAGE,
                        "%s is no application, as bankctl application list shows them", name);
    return ERR_OK;
}

static void line(const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    printf("%-14s", label);
    app_print_safe(stdout, value);
    putchar('\n');
}

static void print_names(const char *label, const struct js *list, const char *member)
{
    const char *between = "";

    if (js_count(list) == 0)
        return;
    printf("%-14s", label);
    for (size_t i = 0; i < js_count(list); i++) {
        const struct js *one = js_at(list, i);
        fputs(between, stdout);
        app_print_safe(stdout, member != NULL ? js_member_text(one, member) : js_text(one, NULL));
        if (member != NULL && !js_bool(js_get(one, "counts")))
            fputs(" (by a key that counts no more)", stdout);
        between = ", ";
    }
    putchar('\n');
}

/* The text is rendered here, from the document that the digest is of. */
static enum err print_document(struct ctl *ctl, const struct js *told)
{
    struct buf text = BUF_INIT(APPLICATION_DISPLAY_MAX);
    char digest[NAME_LEN + 1] = "";
    struct application said;

    enum err e = application_from_js(js_get(told, "document"), &said);
    if (e == ERR_OK)
        text_hex(said.digest, DIGEST_LEN, digest);
    if (e == ERR_OK && strcmp(digest, js_member_text(told, "application")) != 0)
        e = ctl_fail(ctl, ERR_APPLICATION_MISMATCH, "the bank shows another application");
    if (e == ERR_OK)
        e = application_display_render(&said, APPLICATION_APPLY, &text);
    if (e == ERR_OK)
        fputs(buf_str(&text), stdout);
    application_free(&said);
    buf_free(&text);
    return e;
}

/* CALL's answer, as people read it. */
static enum err tell(struct ctl *ctl, const struct client_call *call)
{
    struct js *told = NULL;
    enum err e = ctl_call(ctl, call, &told);

    if (e == ERR_OK && ctl->json)
        e = ctl_print_json(told);
    else if (e == ERR_OK)
        e = print_document(ctl, told);
    if (e == ERR_OK && !ctl->json) {
        putchar('\n');
        line("Status", js_member_text(told, "status"));
        line("Note", js_member_text(told, "note"));
        line("Account", js_member_text(told, "account"));
        line("Received", js_member_text(told, "received"));
        print_names("Signed", js_get(told, "decisions"), "holder");
        print_names("Missing", js_get(told, "missing"), NULL);
        line("Name", js_member_text(told, "application"));
    }
    js_free(told);
    return e;
}

int cmd_application_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_APPLICATION};
    enum err e = take_name(ctl, words, &call);
    return ctl_end(ctl, e == ERR_OK ? tell(ctl, &call) : e);
}

static enum err admit(struct ctl *ctl, const struct args_list *words)
{
    struct client_call call = {.route = ROUTE_APPLICATION_ADMIT};
    struct request_opening r = {.account = ""};
    struct buf body = BUF_INIT(0);
    enum err e = take_name(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_take(ctl, "account", ctl->account, r.account, sizeof r.account);
    if (e == ERR_OK)
        e = request_opening_make(&r, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = tell(ctl, &call);
    buf_free(&body);
    return e;
}

int cmd_application_admit(void *ctx, const struct args_list *words)
{
    return ctl_end(ctx, admit(ctx, words));
}

static enum err refuse(struct ctl *ctl, const struct args_list *words)
{
    struct client_call call = {.route = ROUTE_APPLICATION_REFUSE};
    struct request_note r = {.note = ""};
    struct buf body = BUF_INIT(0);
    enum err e = take_name(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_note_make(&r, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = tell(ctl, &call);
    buf_free(&body);
    return e;
}

int cmd_application_refuse(void *ctx, const struct args_list *words)
{
    return ctl_end(ctx, refuse(ctx, words));
}
