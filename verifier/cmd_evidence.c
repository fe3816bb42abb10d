/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/json.h"
#include "verifier/commands.h"
#include "verifier/verifier.h"
#include "verifier/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVIDENCE_FILE_MAX ((size_t)4 << 20) /* docs/FORMAT.md section 12 */

/* --- for people --- */

static const char *vouched(bool pinned)
{
    return pinned ? "pinned by you" : "key vouched for by the bank only";
}

static enum err add_signer(struct buf *out, const struct verify_signer *s)
{
    char issued[TEXT_TIME_LEN + 1];

    text_time(s->issued_us, issued);
    return buf_addf(out, "  %-13s %s at %s with key %s, %s\n", s->holder,
                    decision_verb_name(s->verb), issued, s->thumbprint, vouched(s->pinned));
}

static enum err add_deputy(struct buf *out, const struct verify_deputy *d)
{
    return buf_addf(out, "  %-13s may approve in the place of %s by key %s, %s\n", d->deputy,
                    d->principal, d->thumbprint, vouched(d->pinned));
}

static enum err describe_order(const struct order *o, struct buf *out)
{
    const char *side = o->kind == ORDER_DEPOSIT ? "to" : "from";
    enum err e = o->kind == ORDER_PAYMENT ? buf_addf(out, "  %-13s %s, %s\n", "to",
                                                     o->creditor_account, o->creditor_name)
                                          : buf_addf(out, "  %-13s %s\n", "cash at", o->terminal);

    return e == ERR_OK ? buf_addf(out, "  %-13s %s\n", side, o->account) : e;
}

static enum err describe(const struct verify_report *r, struct buf *out)
{
    const struct order *o = &r->order;
    enum err e = describe_order(o, out);

    if (e == ERR_OK && o->kind != ORDER_DEPOSIT) /* which nobody approves */
        e = buf_addf(out, "  %-13s %s, version %lld: %u of %u approvals\n", "policy",
                     r->policy_title, (long long)r->policy_version, r->given, r->required);
    for (size_t i = 0; e == ERR_OK && i < r->signer_count; i++)
        e = add_signer(out, &r->signers[i]);
    for (size_t i = 0; e == ERR_OK && i < r->deputy_count; i++)
        e = add_deputy(out, &r->deputies[i]);
    if (e == ERR_OK)
        e = buf_addf(out, "  %-13s %s, checkpoint of %llu entries\n", "log", o->bank,
                     (unsigned long long)r->tree_size);
    return e;
}

/* --- for programs --- */

static enum err push_signer(struct js *array, const struct verify_signer *s)
{
    char issued[TEXT_TIME_LEN + 1];
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    text_time(s->issued_us, issued);
    if (e == ERR_OK)
        e = js_set_text(object, "decision", decision_verb_name(s->verb));
    if (e == ERR_OK)
        e = js_set_text(object, "holder", s->holder);
    if (e == ERR_OK)
        e = js_set_text(object, "issued", issued);
    if (e == ERR_OK)
        e = js_set_text(object, "thumbprint", s->thumbprint);
    if (e == ERR_OK)
        e = js_set_text(object, "vouchedBy", s->pinned ? "you" : "bank");
    if (e != ERR_OK) {
        js_free(object);
        return e;
    }
    return js_push(array, object);
}

static enum err set_signers(struct js *object, const struct verify_report *r)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);

    for (size_t i = 0; e == ERR_OK && i < r->signer_count; i++)
        e = push_signer(array, &r->signers[i]);
    if (e != ERR_OK) {
        js_free(array);
        return e;
    }
    return js_set(object, "signers", array);
}

static enum err set_other_side(struct js *object, const struct order *o)
{
    if (o->kind != ORDER_PAYMENT) {
        enum err e = js_set_text(object, "type", order_type(o->kind));
        return e == ERR_OK ? js_set_text(object, "terminal", o->terminal) : e;
    }
    enum err e = js_set_text(object, "creditorAccount", o->creditor_account);
    return e == ERR_OK ? js_set_text(object, "creditorName", o->creditor_name) : e;
}

static enum err push_deputy(struct js *array, const struct verify_deputy *d)
{
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = js_set_text(object, "deputy", d->deputy);
    if (e == ERR_OK)
        e = js_set_text(object, "principal", d->principal);
    if (e == ERR_OK)
        e = js_set_text(object, "thumbprint", d->thumbprint);
    if (e == ERR_OK)
        e = js_set_text(object, "vouchedBy", d->pinned ? "you" : "bank");
    if (e != ERR_OK) {
        js_free(object);
        return e;
    }
    return js_push(array, object);
}

static enum err set_deputies(struct js *object, const struct verify_report *r)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);

    for (size_t i = 0; e == ERR_OK && i < r->deputy_count; i++)
        e = push_deputy(array, &r->deputies[i]);
    if (e != ERR_OK) {
        js_free(array);
        return e;
    }
    return js_set(object, "deputies", array);
}

/* What verdict_ok does not write by itself. */
static enum err more_members(const struct verify_report *r, struct js **out)
{
    const struct order *o = &r->order;
    enum err e = js_object_new(out);

    if (e == ERR_OK)
        e = js_set_text(*out, "account", o->account);
    if (e == ERR_OK)
        e = set_other_side(*out, o);
    if (e == ERR_OK)
        e = js_set_text(*out, "bank", o->bank);
    if (e == ERR_OK)
        e = js_set_text(*out, "policyTitle", r->policy_title);
    if (e == ERR_OK)
        e = js_set_int(*out, "policyVersion", r->policy_version);
    if (e == ERR_OK)
        e = js_set_int(*out, "requiredApprovals", r->required);
    if (e == ERR_OK)
        e = js_set_int(*out, "givenApprovals", r->given);
    if (e == ERR_OK)
        e = js_set_int(*out, "treeSize", (int64_t)r->tree_size);
    if (e == ERR_OK && r->reason[0])
        e = js_set_text(*out, "reason", r->reason);
    if (e == ERR_OK && r->deputy_count > 0)
        e = set_deputies(*out, r);
    return e == ERR_OK ? set_signers(*out, r) : e;
}

/* --- the command --- */

static enum err tell(const struct verify_report *r, struct verdict *verdict)
{
    char digest[DIGEST_TEXT_LEN + 1], time[TEXT_TIME_LEN + 1], status[sizeof r->status * 2 + 1];
    struct buf detail = {0};
    struct js *more = NULL;
    enum err e = verdict->style.json ? more_members(r, &more) : describe(r, &detail);

    text_hex(r->order.digest, DIGEST_LEN, digest);
    text_time(r->status_time_us, time);
    snprintf(status, sizeof status, "%s%s%s", r->status,
             r->reason[0] && !verdict->style.json ? "/" : "", verdict->style.json ? "" : r->reason);
    const struct verdict_field fields[] = {
        {"digest", digest},          {"order", r->order.id},
        {"amount", r->order.amount}, {"currency", r->order.currency},
        {"status", status},          {"statusTime", time}};
    if (e == ERR_OK) {
        e = verdict_ok(verdict, fields, sizeof fields / sizeof fields[0], buf_str(&detail), more);
        more = NULL; /* verdict_ok took it over */
    }
    js_free(more);
    buf_free(&detail);
    return e;
}

static enum err check(const void *ctx, const void *bytes, size_t len, struct verdict *verdict)
{
    const struct options *o = ctx;
    const struct verify_evidence_input in = {.bytes = bytes,
                                             .len = len,
                                             .bank_key = o->bank_key,
                                             .holder_keys = o->holder_keys.item,
                                             .holder_key_count = o->holder_keys.count};
    struct verify_report *report = malloc(sizeof *report);
    enum err e = report ? verify_evidence(&in, report) : ERR_NO_MEMORY;

    if (e == ERR_OK)
        e = tell(report, verdict);
    else if (report)
        memcpy(verdict->where, report->where, sizeof verdict->where);
    free(report);
    return e;
}

/* A pin that cannot be a thumbprint would never match; better to say so. */
static int check_pins(const struct options *o)
{
    enum err e = forms_thumbprint(o->bank_key, strlen(o->bank_key));

    for (size_t i = 0; e == ERR_OK && i < o->holder_keys.count; i++)
        e = forms_thumbprint(o->holder_keys.item[i], strlen(o->holder_keys.item[i]));
    if (e == ERR_OK)
        return EXIT_DONE;
    fprintf(stderr, "countersign-verify: a thumbprint has 43 characters of base64url\n");
    return EXIT_USAGE;
}

int cmd_evidence(void *ctx, const struct args_list *files)
{
    const struct options *o = ctx;
    const struct work work = {.files = {files->item, files->count, o->ndjson, EVIDENCE_FILE_MAX},
                              .style = o->style,
                              .check = check,
                              .ctx = o};
    int code;

    if (!o->bank_key) {
        fprintf(stderr,
                "countersign-verify: evidence needs --bank-key, the thumbprint of the bank's root "
                "key.\nIt stands in the bank's letter; bankctl key show prints it at the bank. "
                "Never take it from the evidence file or whoever handed it to you.\n");
        return EXIT_USAGE;
    }
    code = check_pins(o);
    return code == EXIT_DONE ? work_run(&work) : code;
}
