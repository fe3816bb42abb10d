/* SPDX-License-Identifier: Apache-2.0
 *
 * Notices to people: those that wait for the courier, and those that it gave up.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include <stdio.h>

enum err cmd_notice_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ID", "id", true},        {"STATE", "state", false},     {"TRIES", "attempts", true},
        {"DUE", "due", false},     {"HOLDER", "holder", false},   {"KIND", "kind", false},
        {"WAY", "channel", false}, {"ADDRESS", "address", false}, {"ACCOUNT", "account", false},
        {"ERROR", "error", false},
    };
    const struct client_call call = {.route = ROUTE_NOTICES};
    (void)words;
    return ctl_show_list(ctx, &call, "notices", columns, sizeof columns / sizeof columns[0]);
}

enum err cmd_notice_retry(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct buf body = BUF_INIT(4096);
    struct request_note request = {.note = ""};
    struct js *answer = NULL;
    enum err e = ctl_take(ctl, "note", ctl->note, request.note, sizeof request.note);
    if (e == ERR_OK)
        e = request_note_make(&request, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_NOTICE_RETRY, words->item[0], &body, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        printf("Notice %s is due now.\n", words->item[0]);
    js_free(answer);
    buf_free(&body);
    return e;
}
