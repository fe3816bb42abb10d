/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "order/member.h"
#include "verifier/commands.h"
#include "verifier/verifier.h"
#include "verifier/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVIDENCE_FILE_MAX ((size_t)4 << 20) /* docs/FORMAT.md section 12 */
#define ROLLOVERS_FILE_MAX ((size_t)1 << 20)

/* --- for people --- */

static const char *vouched(bool pinned, bool ceremony)
{
    if (pinned)
        return "pinned by you";
    return ceremony ? "key enrolled by ceremony, vouched for by the bank only"
                    : "key vouched for by the bank only";
}

static enum err add_sponsors(struct buf *out, const struct verify_sponsors *all)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < all->count; i++)
        e = buf_addf(out, "  %-13s sponsored by %s of account %s with key %s\n", "",
                     all->at[i].holder, all->at[i].account, all->at[i].thumbprint);
    return e;
}

static enum err add_signer(struct buf *out, const struct verify_signer *s)
{
    char issued[TEXT_TIME_LEN + 1], many[64] = "";

    text_time(s->issued_us, issued);
    if (s->batch)
        snprintf(many, sizeof many, " by one signature for %lld order%s", (long long)s->batch,
                 s->batch == 1 ? "" : "s");
    enum err e = buf_addf(out, "  %-13s %s at %s%s with key %s, %s%s\n", s->holder,
                          decision_verb_name(s->verb), issued, many, s->thumbprint,
                          vouched(s->pinned, s->ceremony), s->retired ? ", retired since" : "");
    return e == ERR_OK ? add_sponsors(out, &s->sponsors) : e;
}

static enum err add_deputy(struct buf *out, const struct verify_deputy *d)
{
    enum err e = buf_addf(out, "  %-13s may approve in the place of %s by key %s, %s\n", d->deputy,
                          d->principal, d->thumbprint, vouched(d->pinned, d->ceremony));

    return e == ERR_OK ? add_sponsors(out, &d->sponsors) : e;
}

static enum err add_policy_signer(struct buf *out, const struct verify_policy_signer *p)
{
    const char *by = vouched(p->pinned, p->ceremony);
    enum err e = p->version == 1
                     ? buf_addf(out, "  %-13s applied for the account with key %s, %s\n", p->holder,
                                p->thumbprint, by)
                     : buf_addf(out, "  %-13s approved policy version %lld with key %s, %s\n",
                                p->holder, (long long)p->version, p->thumbprint, by);

    return e == ERR_OK ? add_sponsors(out, &p->sponsors) : e;
}

/* A word that nobody signed is the bank's alone. */
static enum err add_word(struct buf *out, const struct verify_word *w)
{
    char time[TEXT_TIME_LEN + 1];

    text_time(w->time_us, time);
    enum err e = buf_addf(out, "  %-13s of the bank: %s at %s, ", w->operator_name, w->said, time);
    if (e != ERR_OK)
        return e;
    return w->thumbprint[0] ? buf_addf(out, "proved by the signature of key %s, %s\n",
                                       w->thumbprint, vouched(w->pinned, false))
                            : buf_addf(out, "named by the bank only\n");
}

static enum err describe_order(const struct order *o, struct buf *out)
{
    const char *side = o->kind == ORDER_DEPOSIT ? "to" : "from";
    enum err e = o->kind == ORDER_PAYMENT ? buf_addf(out, "  %-13s %s, %s\n", "to",
                                                     o->creditor_account, o->creditor_name)
                                          : buf_addf(out, "  %-13s %s\n", "cash at", o->terminal);

    return e == ERR_OK ? buf_addf(out, "  %-13s %s\n", side, o->account) : e;
}

/* Another root key than the pinned one signed, and why that one counts. */
static enum err describe_root(const struct verify_report *r, struct buf *out)
{
    char until[TEXT_TIME_LEN + 1];
    const char *many = r->rollovers == 1 ? "" : "s";

    if (!r->rollovers)
        return ERR_OK;
    if (!r->root_until_us)
        return buf_addf(out, "  %-13s %s, to which %u rollover%s from the pinned one\n", "root key",
                        r->root, r->rollovers, r->rollovers == 1 ? " leads" : "s lead");
    text_time(r->root_until_us, until);
    return buf_addf(out,
                    "  %-13s %s, which counted until %s; %u rollover%s before the pinned one\n",
                    "root key", r->root, until, r->rollovers, many);
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
        e = buf_addf(out, "  %-13s %s\n", "first policy",
                     r->applied ? "as all its holders signed it when they applied for the account"
                                : "entered by the bank, whose word it is that its holders agreed");
    for (size_t i = 0; e == ERR_OK && i < r->policy_signer_count; i++)
        e = add_policy_signer(out, &r->policy_signers[i]);
    for (size_t i = 0; e == ERR_OK && i < r->word_count; i++)
        e = add_word(out, &r->words[i]);
    if (e == ERR_OK)
        e = buf_addf(out, "  %-13s %s, checkpoint of %llu entries\n", "log", o->bank,
                     (unsigned long long)r->tree_size);
    if (e == ERR_OK && r->put_back)
        e = buf_addf(out,
                     "  %-13s the bank's clock was put back %u time%s between these entries; that "
                     "none is dated back is its word\n",
                     "times", r->put_back, r->put_back == 1 ? "" : "s");
    return e == ERR_OK ? describe_root(r, out) : e;
}

/* --- for programs --- */

/* Takes OBJECT over, once E says that it is whole. */
static enum err push(struct js *array, struct js *object, enum err e)
{
    if (e == ERR_OK)
        return js_push(array, object);
    js_free(object);
    return e;
}

/* A key, how it came to the bank, and who vouches for whose it is. */
static enum err set_key(struct js *object, const char *thumbprint, bool pinned, bool ceremony)
{
    enum err e = js_set_text(object, "thumbprint", thumbprint);

    if (e == ERR_OK)
        e = js_set_text(object, "enrolled", ceremony ? "ceremony" : "hand");

    return e == ERR_OK ? js_set_text(object, "vouchedBy", pinned ? "you" : "bank") : e;
}

/* Who vouched for whose key it is. */
static enum err set_sponsors(struct js *object, const struct verify_sponsors *all)
{
    struct js *list = NULL;
    enum err e = all->count ? js_array_new(&list) : ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < all->count; i++) {
        struct js *one = NULL;
        e = js_object_new(&one);
        if (e == ERR_OK)
            e = js_set_text(one, "account", all->at[i].account);
        if (e == ERR_OK)
            e = js_set_text(one, "holder", all->at[i].holder);
        if (e == ERR_OK)
            e = js_set_text(one, "thumbprint", all->at[i].thumbprint);
        e = push(list, one, e);
    }
    if (e == ERR_OK && list)
        return js_set(object, "sponsors", list);
    js_free(list);
    return e;
}

static enum err push_signer(const struct verify_report *r, size_t i, struct js *array)
{
    const struct verify_signer *s = &r->signers[i];
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
    if (e == ERR_OK && s->batch)
        e = js_set_int(object, "batch", s->batch);
    if (e == ERR_OK)
        e = set_key(object, s->thumbprint, s->pinned, s->ceremony);
    if (e == ERR_OK)
        e = set_sponsors(object, &s->sponsors);
    if (e == ERR_OK && s->retired)
        e = js_set_text(object, "keyStatus", "retired");
    return push(array, object, e);
}

static enum err push_deputy(const struct verify_report *r, size_t i, struct js *array)
{
    const struct verify_deputy *d = &r->deputies[i];
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = js_set_text(object, "deputy", d->deputy);
    if (e == ERR_OK)
        e = js_set_text(object, "principal", d->principal);
    if (e == ERR_OK)
        e = set_key(object, d->thumbprint, d->pinned, d->ceremony);
    if (e == ERR_OK)
        e = set_sponsors(object, &d->sponsors);
    return push(array, object, e);
}

static enum err push_policy_signer(const struct verify_report *r, size_t i, struct js *array)
{
    const struct verify_policy_signer *p = &r->policy_signers[i];
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = js_set_text(object, "holder", p->holder);
    if (e == ERR_OK)
        e = js_set_int(object, "version", p->version);
    if (e == ERR_OK)
        e = set_key(object, p->thumbprint, p->pinned, p->ceremony);
    if (e == ERR_OK)
        e = set_sponsors(object, &p->sponsors);
    return push(array, object, e);
}

static enum err push_word(const struct verify_report *r, size_t i, struct js *array)
{
    const struct verify_word *w = &r->words[i];
    bool is_signed = w->thumbprint[0] != 0;
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = js_set_text(object, "operator", w->operator_name);
    if (e == ERR_OK)
        e = js_set_text(object, "said", w->said);
    if (e == ERR_OK)
        e = member_set_time(object, "time", w->time_us);
    if (e == ERR_OK)
        e = js_set_text(object, "provedBy", is_signed ? "signature" : "nothing");
    if (e == ERR_OK && is_signed)
        e = set_key(object, w->thumbprint, w->pinned, false);
    return push(array, object, e);
}

static enum err set_list(struct js *object, const char *name, const struct verify_report *r,
                         size_t count,
                         enum err (*one)(const struct verify_report *, size_t, struct js *))
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);

    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = one(r, i, array);
    if (e != ERR_OK) {
        js_free(array);
        return e;
    }
    return js_set(object, name, array);
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

static enum err set_root(struct js *object, const struct verify_report *r)
{
    enum err e = r->rollovers ? js_set_text(object, "rootKey", r->root) : ERR_OK;

    if (e == ERR_OK && r->rollovers)
        e = js_set_int(object, "rollovers", r->rollovers);
    return e == ERR_OK && r->root_until_us
               ? member_set_time(object, "rootKeyUntil", r->root_until_us)
               : e;
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
        e = js_set_text(*out, "firstPolicy", r->applied ? "signed" : "entered");
    if (e == ERR_OK)
        e = js_set_int(*out, "requiredApprovals", r->required);
    if (e == ERR_OK)
        e = js_set_int(*out, "givenApprovals", r->given);
    if (e == ERR_OK)
        e = js_set_int(*out, "treeSize", (int64_t)r->tree_size);
    if (e == ERR_OK && r->put_back)
        e = js_set_int(*out, "clockPutBack", r->put_back);
    if (e == ERR_OK && r->reason[0])
        e = js_set_text(*out, "reason", r->reason);
    if (e == ERR_OK)
        e = set_root(*out, r);
    if (e == ERR_OK && r->deputy_count > 0)
        e = set_list(*out, "deputies", r, r->deputy_count, push_deputy);
    if (e == ERR_OK && r->policy_signer_count > 0)
        e = set_list(*out, "policySigners", r, r->policy_signer_count, push_policy_signer);
    if (e == ERR_OK && r->word_count > 0)
        e = set_list(*out, "operators", r, r->word_count, push_word);
    return e == ERR_OK ? set_list(*out, "signers", r, r->signer_count, push_signer) : e;
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
                                             .rollovers = o->given,
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

/* The letter prints a thumbprint in groups, which are for the eye. A pin that cannot be one would
 * never match; better to say so. *PIN lives as long as the process, as what was typed does. */
static enum err take_pin(struct verdict_style style, const char *option, const char **pin)
{
    char *plain = calloc(1, strlen(*pin) + 1), *to = plain;

    if (!plain)
        return ERR_NO_MEMORY;
    for (const char *at = *pin; *at; at++)
        if (*at != ' ')
            *to++ = *at;
    *pin = plain;
    if (forms_thumbprint(plain, strlen(plain)) == ERR_OK)
        return ERR_OK;
    return verdict_fail(style, ERR_USAGE,
                        "--%s needs a thumbprint: 43 characters of base64url, in groups or not",
                        option);
}

static enum err take_pins(struct options *o)
{
    enum err e = take_pin(o->style, "bank-key", &o->bank_key);

    for (size_t i = 0; e == ERR_OK && i < o->holder_keys.count; i++)
        e = take_pin(o->style, "key", &o->holder_keys.item[i]);
    return e;
}

/* {"rollovers":[...]}, as the bank gives them out. */
static enum err parse_rollovers(const struct buf *file, struct verify_rollovers **out)
{
    const struct js *list;
    const struct js_member table[] = {MEMBER_ARRAY("rollovers", 0, VERIFY_ROLLOVERS_MAX, &list)};
    struct js *value = NULL;
    enum err e = js_parse(file->data, file->len, &value);

    if (e == ERR_OK)
        e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK)
        e = verify_rollovers(list, NULL, out);
    js_free(value);
    return e;
}

static enum err read_rollovers(struct options *o)
{
    struct buf file = BUF_INIT(ROLLOVERS_FILE_MAX);
    enum err e = o->rollovers ? file_read(o->rollovers, ROLLOVERS_FILE_MAX, &file) : ERR_OK;

    if (e == ERR_OK && o->rollovers)
        e = parse_rollovers(&file, &o->given);
    if (e != ERR_OK)
        (void)verdict_fail(o->style, e, "%s", o->rollovers);
    buf_free(&file);
    return e;
}

enum err cmd_evidence(void *ctx, const struct args_list *files)
{
    struct options *o = ctx;
    const struct work work = {.files = {files->item, files->count, o->ndjson, EVIDENCE_FILE_MAX},
                              .style = o->style,
                              .check = check,
                              .ctx = o};

    enum err e = take_pins(o);
    if (e == ERR_OK)
        e = read_rollovers(o);
    if (e == ERR_OK)
        e = work_run(&work, &o->refused);
    verify_rollovers_free(o->given);
    return e;
}
