/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <string.h>

#define DRAFT_MAX 65536u
#define LIFETIME_DAYS 12

static const char *opt_new_output, *opt_days, *opt_show_policy, *opt_show_verb,
    *opt_evidence_output;

const struct args_option cmd_order_new_options[2] = {
    {"output", 'o', ARGS_TEXT, "FILE", "where to write the order; default: standard output",
     &opt_new_output},
    {"days", 0, ARGS_TEXT, "N", "days until it expires, 1 to 366; default 12", &opt_days},
};
const struct args_option cmd_order_show_options[2] = {
    {"policy", 'p', ARGS_TEXT, "FILE", "the account's policy; default: ask the bank",
     &opt_show_policy},
    {"decision", 'd', ARGS_TEXT, "VERB", "submit, approve (default), reject or cancel",
     &opt_show_verb},
};
const struct args_option cmd_order_evidence_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE", "where to write it; default: standard output",
     &opt_evidence_output},
};

static enum err fill_in(struct app *a, const uint8_t *random, struct order_fill *fill)
{
    uint64_t days = LIFETIME_DAYS;
    if (opt_days != NULL &&
        (text_parse_u64(opt_days, strlen(opt_days), 366, &days) != ERR_OK || days == 0))
        return app_fail(a, ERR_USAGE, "--days is a number from 1 to 366");
    fill->now_us = clock_now_us();
    fill->lifetime_us = (int64_t)days * 86400 * TEXT_SECOND_US;
    fill->random = random;
    fill->account = a->account;
    return app_need(a, a->bank, "bank", &fill->bank);
}

static enum err new_order(struct app *a, const char *path)
{
    struct buf draft = BUF_INIT(DRAFT_MAX), document = BUF_INIT(ORDER_MAX + 1);
    struct order order;
    struct order_fill fill = {.bank = NULL};
    struct order_fault fault = {.member = ""};
    uint8_t random[10];
    enum err e = app_random(random, sizeof random);
    if (e == ERR_OK)
        e = fill_in(a, random, &fill);
    if (e == ERR_OK)
        e = file_read(path, DRAFT_MAX, &draft);
    if (e == ERR_OK)
        e = order_complete(draft.data, draft.len, &fill, &document, &fault);
    if (e == ERR_OK)
        e = order_parse(document.data, document.len, &order);
    if (e == ERR_OK && strcmp(order.bank, fill.bank) != 0)
        e = app_fail(a, ERR_BANK_MISMATCH, "%s is for %s", path, order.bank);
    if (e == ERR_OK)
        e = app_write_document(a, opt_new_output, &document);
    if (e == ERR_OK)
        fprintf(stderr, "Order %s: %s %s %s %s\n", order.id, order.amount, order.currency,
                order.kind == ORDER_PAYMENT ? "to" : "at",
                order.kind == ORDER_PAYMENT ? order.creditor_name : order.terminal);
    else if (a->message[0] == '\0')
        (void)subject_blame(a, e, path, &fault);
    buf_free(&draft);
    buf_free(&document);
    return e;
}

enum err cmd_order_new(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? new_order(a, words->item[0]) : e;
}

static enum err show_order(struct app *a, const char *word)
{
    struct subject s = {.policy = NULL};
    const char *name = opt_show_verb != NULL ? opt_show_verb : "approve";
    enum verb verb = decision_verb_from_name(name, strlen(name));
    if (verb == VERB_NONE)
        return app_fail(a, ERR_USAGE, "--decision is submit, approve, reject or cancel");
    enum err e = subject_load(a, word, opt_show_policy, &s);
    if (e == ERR_OK && a->json && fwrite(s.bytes.data, 1, s.bytes.len, stdout) != s.bytes.len)
        e = ERR_IO;
    else if (e == ERR_OK && a->json)
        fputc('\n', stdout);
    else if (e == ERR_OK)
        e = subject_show(&s, verb, stdout);
    subject_free(&s);
    return e;
}

enum err cmd_order_show(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? show_order(a, words->item[0]) : e;
}

/* Again, for the name of the member that E is about. */
static void blame(struct app *a, enum err e, const char *path, const struct buf *file)
{
    struct order_fault fault = {.member = ""};
    struct js *value = NULL;
    struct order order;
    if (js_parse(file->data, file->len, &value) != ERR_OK ||
        order_read(value, &order, NULL, &fault) != e)
        fault.member[0] = '\0';
    js_free(value);
    (void)subject_blame(a, e, path, &fault);
}

static enum err check_file(struct app *a, const char *path)
{
    struct buf file = BUF_INIT(DRAFT_MAX);
    struct order order;
    char digest[DIGEST_TEXT_LEN + 1];
    enum err e = file_read(path, DRAFT_MAX, &file);
    size_t len = file.len;
    if (len > 0 && file.data[len - 1] == '\n')
        len--;
    if (e == ERR_OK)
        e = order_parse(file.data, len, &order);
    if (e == ERR_OK) {
        text_hex(order.digest, DIGEST_LEN, digest);
        if (a->json)
            printf("{\"digest\":\"%s\",\"id\":\"%s\"}\n", digest, order.id);
        else
            printf("OK %s %s %s %s\n", digest, order.id, order.amount, order.currency);
    } else {
        blame(a, e, path, &file);
    }
    buf_free(&file);
    return e;
}

enum err cmd_order_check(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = check_file(a, words->item[i]);
    return e;
}

static enum err order_call(struct app *a, enum route route, const char *id,
                           struct client_call *call)
{
    call->route = route;
    call->param[1] = id;
    if (forms_order_id(id, strlen(id)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no order id", id);
    return app_need(a, a->account, "account", &call->param[0]);
}

static enum err order_status(struct app *a, const char *id)
{
    struct client_call call = {.query = NULL};
    enum err e = order_call(a, ROUTE_ORDER, id, &call);
    if (e == ERR_OK)
        e = app_call_view(a, &call, view_order);
    return e;
}

enum err cmd_order_status(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? order_status(a, words->item[0]) : e;
}

static enum err order_evidence(struct app *a, const char *id)
{
    struct client_call call = {.query = NULL};
    struct buf evidence = BUF_INIT(CLIENT_ANSWER_MAX);
    struct js *document = NULL;
    enum err e = order_call(a, ROUTE_EVIDENCE, id, &call);
    if (e == ERR_OK)
        e = app_call_bytes(a, &call, &evidence);
    if (e == ERR_OK) /* other bytes could be anything, and prove nothing */
        e = js_parse_canonical(evidence.data, evidence.len, &document);
    if (e == ERR_OK)
        e = app_write_document(a, opt_evidence_output, &evidence);
    if (e == ERR_OK && opt_evidence_output != NULL)
        fprintf(stderr,
                "Wrote %s. Check it anywhere, without the bank:\n"
                "  countersign-verify evidence --bank-key %s %s\n",
                opt_evidence_output, a->bank_key, opt_evidence_output);
    js_free(document);
    buf_free(&evidence);
    return e;
}

enum err cmd_order_evidence(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? order_evidence(a, words->item[0]) : e;
}
