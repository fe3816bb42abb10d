/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to be enrolled. The operator has the person's letter before him: its thumbprint is typed
 * from the paper, never taken from the request.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "order/enrolment.h"
#include <stdio.h>
#include <string.h>

#define LETTER_LINE_MAX 256

int cmd_enrolment_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ENROLMENT", "enrolment", false}, {"NAME", "name", false},
        {"WANTS TO BE", "wanted", false},  {"RECEIVED", "received", false},
        {"EXPIRES", "expires", false},
    };
    const struct client_call call = {.route = ROUTE_ENROLMENTS};
    (void)words;
    return ctl_end(
        ctx, ctl_show_list(ctx, &call, "enrolments", columns, sizeof columns / sizeof columns[0]));
}

/* Nothing else may stand in a path. */
static enum err take_request(struct ctl *ctl, const struct args_list *words,
                             struct client_call *call)
{
    call->param[0] = words->item[0];
    if (forms_thumbprint(words->item[0], strlen(words->item[0])) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "%s is no request, as bankctl enrolment list shows them",
                        words->item[0]);
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

/* No thumbprint among it: it is the letter's to say. */
static void print_request(const struct js *told)
{
    const struct js *keys = js_get(told, "keys");

    line("Enrolment", js_member_text(told, "enrolment"));
    line("Status", js_member_text(told, "status"));
    line("Reason", js_member_text(told, "reason"));
    line("Name", js_member_text(told, "name"));
    line("Wants to be", js_member_text(told, "wanted"));
    line("Is", js_member_text(told, "holder"));
    line("Received", js_member_text(told, "received"));
    line("Expires", js_member_text(told, "expires"));
    for (size_t use = KEY_USE_AUTHENTICATE; use < KEY_USES; use++)
        line(use == KEY_USE_DERIVE ? "To encrypt to" : "For TLS",
             js_member_text(keys, key_use_name((enum key_use)use)));
}

/* CALL's answer, as people read it; *TOLD is the caller's to free. */
static enum err tell(struct ctl *ctl, const struct client_call *call, struct js **told)
{
    enum err e = ctl_call(ctl, call, told);

    if (e == ERR_OK && ctl->json)
        e = ctl_print_json(*told);
    else if (e == ERR_OK)
        print_request(*told);
    return e;
}

int cmd_enrolment_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_ENROLMENT};
    struct js *told = NULL;
    enum err e = take_request(ctl, words, &call);
    if (e == ERR_OK)
        e = tell(ctl, &call, &told);
    js_free(told);
    return ctl_end(ctl, e);
}

/* From --thumbprint or the terminal; the groups of the letter are for the eye. */
static enum err read_letter(struct ctl *ctl, char out[static KEY_THUMBPRINT_LEN + 1])
{
    char typed[LETTER_LINE_MAX] = "";
    const char *text = ctl->thumbprint;
    size_t len = 0;

    if (text == NULL) {
        fputs("Thumbprint of the new key, from the person's letter: ", stderr);
        if (fgets(typed, sizeof typed, stdin) == NULL)
            return ctl_fail(ctl, ERR_NOT_CONFIRMED, "no thumbprint was typed");
        text = typed;
    }
    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL && len++ < KEY_THUMBPRINT_LEN)
            out[len - 1] = *text;
    }
    out[len <= KEY_THUMBPRINT_LEN ? len : 0] = '\0';
    return forms_thumbprint(out, strlen(out)) == ERR_OK
               ? ERR_OK
               : ctl_fail(ctl, ERR_USAGE, "a thumbprint has %d characters, in groups or not",
                          KEY_THUMBPRINT_LEN);
}

static enum err admit(struct ctl *ctl, const struct args_list *words, struct js **told)
{
    struct client_call call = {.route = ROUTE_ENROLMENT_ADMIT};
    struct request_admission r = {.holder = ""};
    struct buf body = BUF_INIT(0);
    enum err e = take_request(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_take(ctl, "id", ctl->id, r.holder, sizeof r.holder);
    if (e == ERR_OK)
        e = read_letter(ctl, r.thumbprint);
    if (e == ERR_OK)
        e = request_admission_make(&r, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = tell(ctl, &call, told);
    buf_free(&body);
    return e;
}

int cmd_enrolment_admit(void *ctx, const struct args_list *words)
{
    struct js *told = NULL;
    enum err e = admit(ctx, words, &told);
    js_free(told);
    return ctl_end(ctx, e);
}

static enum err refuse(struct ctl *ctl, const struct args_list *words, struct js **told)
{
    struct client_call call = {.route = ROUTE_ENROLMENT_REFUSE};
    struct request_reason r = {.reason = ""};
    struct buf body = BUF_INIT(0);
    enum err e = take_request(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_take(ctl, "reason", ctl->reason, r.reason, sizeof r.reason);
    if (e == ERR_OK)
        e = request_reason_make(&r, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = tell(ctl, &call, told);
    buf_free(&body);
    return e;
}

int cmd_enrolment_refuse(void *ctx, const struct args_list *words)
{
    struct js *told = NULL;
    enum err e = refuse(ctx, words, &told);
    js_free(told);
    return ctl_end(ctx, e);
}
