/* SPDX-License-Identifier: Apache-2.0
 *
 * order show: all that the bank has of one order: what was signed, word for word, by whom; what the
 * policy asks for; what happened when; what moved. What it shows as signed it checks as
 * countersign-verify does, by the order's evidence.
 */
#include "app/app.h"
#include "app/told.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/keys.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/batch.h"
#include "order/display.h"
#include "order/forms.h"
#include "order/jws.h"
#include "order/policy_advice.h"
#include "order/status.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "%-14s"
#define INDENT "              " /* as wide as a label */

struct shown {
    struct js *told, *evidence, *delegations, *in_force; /* the bank's answers */
    struct order order;
    struct policy **policies; /* that the order was signed or judged under; the last is in force */
    size_t policy_count;
    struct told words;
    /* What the evidence proves, under the pin or the root key that the bank says it has. */
    enum err verdict;
    struct verify_report *proof;
    char root[KEY_THUMBPRINT_LEN + 1];
};

static void shown_free(struct shown *s)
{
    js_free(s->told);
    js_free(s->evidence);
    js_free(s->delegations);
    js_free(s->in_force);
    for (size_t i = 0; i < s->policy_count; i++)
        policy_free(s->policies[i]);
    free(s->policies);
    free(s->proof);
}

/* --- asking --- */

static enum err ask(struct ctl *ctl, enum route route, const char *id, struct js **out)
{
    const struct client_call call = {.route = route, .param = {ctl->account, id}};
    return ctl_call(ctl, &call, out);
}

static enum err add_policy(struct shown *s, const struct js *document)
{
    if (document == NULL)
        return ERR_OK;
    enum err e = policy_from_js(document, &s->policies[s->policy_count]);
    s->policy_count += e == ERR_OK;
    return e;
}

static enum err read_policies(struct shown *s)
{
    const struct js *entries = js_get(s->evidence, "entries");
    enum err e = ERR_OK;
    s->policies = calloc(js_count(entries) + 1, sizeof *s->policies);
    if (s->policies == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < js_count(entries); i++)
        e = add_policy(s, js_get(js_get(js_at(entries, i), "body"), "policy"));
    return e == ERR_OK ? add_policy(s, js_get(s->in_force, "policy")) : e;
}

static enum err ask_all(struct ctl *ctl, const char *id, struct shown *s)
{
    enum err e = ask(ctl, ROUTE_ORDER, id, &s->told);
    if (e == ERR_OK)
        e = ask(ctl, ROUTE_EVIDENCE, id, &s->evidence);
    if (e == ERR_OK)
        e = ask(ctl, ROUTE_DELEGATIONS, NULL, &s->delegations);
    if (e == ERR_OK)
        e = ask(ctl, ROUTE_POLICY, NULL, &s->in_force);
    if (e == ERR_OK)
        e = order_from_js(js_get(s->told, "order"), &s->order, NULL);
    if (e == ERR_OK)
        e = read_policies(s);
    if (e == ERR_OK)
        e = told_decisions(js_get(s->told, "decisions"), &s->words);
    if (e == ERR_OK)
        e = told_delegations(js_get(s->delegations, "delegations"), s->order.currency, &s->words);
    if (s->words.wrong != NULL)
        return ctl_fail(ctl, e, "%s", s->words.wrong);
    if (e == ERR_OK && s->policy_count == 0)
        return ctl_fail(ctl, ERR_UNAVAILABLE, "the bank's answer has no policy");
    if (e == ERR_OK)
        told_case(&s->order, clock_now_us(), &s->words);
    return e;
}

/* --- whether it is so --- */

static enum err judge(const struct keys *k, struct shown *s)
{
    struct buf bytes = BUF_INIT(0);
    enum err e = js_canon(s->evidence, &bytes);
    if (e == ERR_OK) {
        const struct verify_evidence_input in = {
            .bytes = bytes.data, .len = bytes.len, .bank_key = k->pin, .rollovers = k->chain};
        s->verdict = verify_evidence(&in, s->proof);
    }
    buf_free(&bytes);
    return e;
}

/* Every signature of the evidence, and that it is about the very order that is shown. */
static enum err prove(struct ctl *ctl, const char *id, struct shown *s)
{
    struct keys k;
    s->proof = calloc(1, sizeof *s->proof);
    if (s->proof == NULL)
        return ERR_NO_MEMORY;
    enum err e = keys_fetch(ctl, &k);
    if (e != ERR_OK)
        return e;
    memcpy(s->root, k.pin, sizeof s->root);
    e = judge(&k, s);
    keys_free(&k);
    if (e == ERR_OK && s->verdict == ERR_OK &&
        (strcmp(s->proof->order.id, id) != 0 ||
         strcmp(s->proof->order.account, ctl->account) != 0 ||
         memcmp(s->proof->order.digest, s->order.digest, DIGEST_LEN) != 0))
        s->verdict = ERR_ORDER_MISMATCH;
    return e;
}

static size_t acts_of(const struct verify_report *proof)
{
    size_t count = 0;
    for (size_t i = 0; i < proof->word_count; i++)
        count += proof->words[i].thumbprint[0] != '\0';
    return count;
}

/* How much of what is shown the signatures carry. */
static void print_proof(const struct shown *s)
{
    const struct verify_report *proof = s->proof;
    printf(LABEL, "Checked");
    if (s->verdict != ERR_OK) {
        printf("NOT PROVED: %s at ", err_name(s->verdict));
        app_print_safe(stdout, proof->where[0] != '\0' ? proof->where : "the order");
        putchar('\n');
        return;
    }
    printf("the signatures are good: %zu of decisions and cash, %zu of the bank's operators\n",
           proof->signer_count, acts_of(proof));
    if (acts_of(proof) < proof->word_count)
        printf(INDENT "what operators did by %zu more words only the bank says\n",
               proof->word_count - acts_of(proof));
    printf(INDENT "%s root key %s, which vouches for whose each key is\n",
           app_main.bank_key != NULL ? "under the pinned" : "under the bank's own, unpinned",
           s->root);
}

/* What the evidence proves of an entry's operator. */
static const char *signed_by(const struct shown *s, const struct js *body)
{
    if (js_get(body, "operator") == NULL)
        return "";
    if (s->verdict != ERR_OK)
        return ", NOT PROVED";
    return js_get(body, "act") != NULL ? ", signed" : ", not signed";
}

/* --- what was signed --- */

static void line(const char *label, const char *value)
{
    printf(LABEL, label);
    app_print_safe(stdout, value);
    putchar('\n');
}

static void print_indented(const char *at)
{
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        printf(len > 0 ? INDENT "%.*s\n" : "%.*s\n", (int)len, at);
        at += len + (at[len] != '\0');
    }
}

/* What one person signed of the order: a decision on it, or a batch that it is in. */
struct said {
    struct decision decision; /* of a batch only the verb and the digests */
    struct batch batch;       /* count 0: none */
};

/* The statement of the entry INDEX. */
static const char *statement_at(const struct shown *s, int64_t index)
{
    const struct js *entries = js_get(s->evidence, "entries");
    for (size_t i = 0; i < js_count(entries); i++) {
        const struct js *entry = js_at(entries, i);
        if (js_int(js_get(js_get(entry, "leaf"), "index")) == index)
            return js_member_text(js_get(entry, "body"), "statement");
    }
    return "";
}

static enum err read_payload(const char *jws, bool batch, struct said *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    enum err e = jws_split(jws, strlen(jws), &parts);
    if (e == ERR_OK)
        e = text_unb64url(parts.payload_b64, parts.payload_b64_len, &payload);
    if (e == ERR_OK)
        e = batch ? batch_parse(payload.data, payload.len, &out->batch)
                  : decision_parse(payload.data, payload.len, &out->decision);
    buf_free(&payload);
    return e;
}

static enum err read_said(const struct shown *s, const struct js *body, struct said *out)
{
    const struct js *batch = js_get(body, "batch");
    memset(out, 0, sizeof *out);
    if (batch == NULL)
        return read_payload(js_member_text(body, "statement"), false, out);
    enum err e = read_payload(statement_at(s, js_int(batch)), true, out);
    out->decision.verb = VERB_APPROVE;
    memcpy(out->decision.policy_digest, out->batch.policy_digest, DIGEST_LEN);
    memcpy(out->decision.display_digest, out->batch.display_digest, DIGEST_LEN);
    return e;
}

static const struct policy *policy_of(const struct shown *s, const struct decision *d)
{
    for (size_t i = 0; i < s->policy_count; i++) {
        if (memcmp(policy_digest(s->policies[i]), d->policy_digest, DIGEST_LEN) == 0)
            return s->policies[i];
    }
    return NULL;
}

static enum err render(const struct shown *s, const struct said *said, struct buf *out)
{
    const struct policy *p = policy_of(s, &said->decision);
    if (p == NULL)
        return ERR_POLICY_MISMATCH;
    return said->batch.count > 0 ? batch_display_render(&said->batch, p, out)
                                 : display_render(&s->order, p, said->decision.verb, out);
}

/* Only a text whose digest is the signed one. */
static enum err print_text(const struct shown *s, const struct said *said)
{
    uint8_t digest[DIGEST_LEN];
    struct buf text = BUF_INIT(DISPLAY_MAX);
    enum err e = render(s, said, &text);
    if (e == ERR_OK)
        e = key_digest(text.data, text.len, digest);
    if (e == ERR_OK && memcmp(digest, said->decision.display_digest, DIGEST_LEN) != 0)
        e = ERR_DISPLAY_MISMATCH;
    if (e == ERR_OK)
        print_indented(buf_str(&text));
    buf_free(&text);
    return e;
}

/* When, and with which key, as the bank lists it. */
static void print_made(const struct shown *s, const char *holder, enum verb verb)
{
    const struct js *decisions = js_get(s->told, "decisions");
    for (size_t i = 0; i < js_count(decisions); i++) {
        const struct js *made = js_at(decisions, i);
        if (strcmp(js_member_text(made, "holder"), holder) != 0 ||
            strcmp(js_member_text(made, "decision"), decision_verb_name(verb)) != 0)
            continue;
        printf(": %s at ", decision_verb_name(verb));
        app_print_safe(stdout, js_member_text(made, "issued"));
        fputs(" with the key ", stdout);
        app_print_safe(stdout, js_member_text(made, "thumbprint"));
    }
    putchar('\n');
}

static enum err print_signed(const struct shown *s)
{
    const struct js *entries = js_get(s->evidence, "entries");
    uint8_t before[DIGEST_LEN] = {0};
    enum err e = ERR_OK;
    for (size_t i = 0, n = 0; e == ERR_OK && i < js_count(entries); i++) {
        const struct js *body = js_get(js_at(entries, i), "body");
        struct said said;
        if (strcmp(js_member_text(body, "type"), "decision") != 0)
            continue;
        e = read_said(s, body, &said);
        if (e != ERR_OK)
            break;
        printf(LABEL, n++ == 0 ? "Signed" : "");
        app_print_safe(stdout, js_member_text(body, "holder"));
        print_made(s, js_member_text(body, "holder"), said.decision.verb);
        if (memcmp(before, said.decision.display_digest, DIGEST_LEN) == 0)
            puts(INDENT "the same text");
        else
            e = print_text(s, &said);
        memcpy(before, said.decision.display_digest, DIGEST_LEN);
    }
    return e;
}

/* --- what the policy asks for --- */

static enum err print_policy(const struct shown *s)
{
    const struct policy *p = s->policies[s->policy_count - 1];
    const char *status = js_member_text(s->told, "status");
    bool open = status_open(status_from_name(status, strlen(status)));
    size_t rule = policy_rule_number(p, &s->words.what);
    struct buf ways = BUF_INIT(0);
    printf(LABEL "%" PRId64 ", ", "Policy", policy_version(p));
    app_print_safe(stdout, policy_title(p));
    if (s->order.kind == ORDER_DEPOSIT) {
        puts("; a deposit needs nobody's word");
        return ERR_OK;
    }
    if (rule == 0) {
        puts("; no rule is for it: nobody can approve it");
        return ERR_OK;
    }
    printf("; rule %zu asks for one of:\n", rule);
    enum err e = open ? policy_explain(p, &s->words.what, s->words.votes, s->words.count, &ways)
                      : policy_tell(p, &s->words.what, &ways);
    if (e == ERR_OK)
        print_indented(buf_str(&ways));
    buf_free(&ways);
    return e;
}

/* --- what happened --- */

static bool about_order(const struct shown *s, const struct js *body)
{
    char object[sizeof "order:" + IBAN_MAX + 1 + ORDER_ID_LEN];
    (void)snprintf(object, sizeof object, "order:%s/%s", s->order.account, s->order.id);
    return strcmp(js_member_text(body, "object"), object) == 0;
}

static void print_member(const struct js *body, const char *name, const char *before)
{
    const char *text = js_member_text(body, name);
    if (text[0] == '\0')
        return;
    fputs(before, stdout);
    app_print_safe(stdout, text);
}

static void print_texts(const struct js *list, const char *before)
{
    for (size_t i = 0; i < js_count(list); i++) {
        const char *text = js_text(js_at(list, i), NULL);
        fputs(i == 0 ? before : " ", stdout);
        app_print_safe(stdout, text != NULL ? text : "");
    }
}

static void print_event(const struct shown *s, const struct js *entry)
{
    const struct js *body = js_get(entry, "body");
    print_member(js_get(entry, "leaf"), "time", "");
    print_member(body, "type", "  ");
    print_texts(js_get(body, "status"), " -> ");
    print_member(body, "reason", " for ");
    print_texts(js_get(body, "flags"), " for ");
    print_member(body, "holder", " by ");
    print_member(body, "terminal", " at ");
    print_member(body, "operator", " by ");
    fputs(signed_by(s, body), stdout);
    print_member(body, "note", ": ");
    putchar('\n');
}

static void print_timeline(const struct shown *s)
{
    const struct js *entries = js_get(s->evidence, "entries");
    for (size_t i = 0, n = 0; i < js_count(entries); i++) {
        if (!about_order(s, js_get(js_at(entries, i), "body")))
            continue;
        printf(LABEL, n++ == 0 ? "Timeline" : "");
        print_event(s, js_at(entries, i));
    }
}

/* --- what moved --- */

static void print_movement(const struct shown *s, const struct js *body)
{
    bool back = strcmp(js_member_text(body, "type"), "returned") == 0;
    bool settled = strcmp(js_member_text(body, "type"), "settlement") == 0;
    printf("movement %" PRId64 ", %s %s ", js_int(js_get(body, "movement")), s->order.amount,
           s->order.currency);
    if (settled) {
        print_member(body, "debtor", "from ");
        print_member(body, "creditor", " to ");
        print_member(body, "terminal", " at ");
        putchar('\n');
    } else {
        printf("from the bank's settlement account to %s\n",
               back ? s->order.account : "the other bank");
    }
}

static void print_ledger(const struct shown *s)
{
    const struct js *entries = js_get(s->evidence, "entries");
    const char *status = js_member_text(s->told, "status");
    size_t n = 0;
    for (size_t i = 0; i < js_count(entries); i++) {
        const struct js *body = js_get(js_at(entries, i), "body");
        if (!about_order(s, body) || js_get(body, "movement") == NULL)
            continue;
        printf(LABEL, n++ == 0 ? "Ledger" : "");
        print_movement(s, body);
    }
    if (n > 0)
        return;
    if (s->order.kind != ORDER_DEPOSIT && !status_final(status_from_name(status, strlen(status))))
        printf(LABEL "nothing moved; %s %s are reserved\n", "Ledger", s->order.amount,
               s->order.currency);
    else
        line("Ledger", "nothing moved");
}

/* --- among operators --- */

static void print_desk(const struct shown *s)
{
    const struct js *comments = js_get(s->told, "comments");
    const char *by = js_member_text(s->told, "claimedBy");
    if (by[0] != '\0')
        line("Claimed by", by);
    for (size_t i = js_count(comments); i > 0; i--) {
        const struct js *one = js_at(comments, i - 1);
        printf(LABEL, i == js_count(comments) ? "Comments" : "");
        print_member(one, "time", "");
        print_member(one, "operator", "  ");
        print_member(one, "text", ": ");
        putchar('\n');
    }
}

/* --- all of it --- */

static enum err print_shown(const struct shown *s)
{
    const struct js *held = js_get(s->told, "heldFor"), *missing = js_get(s->told, "canDecide");
    line("Order", s->order.id);
    line("Account", s->order.account);
    line("Status", js_member_text(s->told, "status"));
    if (js_count(held) > 0) {
        print_texts(held, INDENT "held for ");
        putchar('\n');
    }
    if (js_count(missing) > 0) {
        print_texts(missing, INDENT "missing: ");
        putchar('\n');
    }
    enum err e = print_signed(s);
    if (e == ERR_OK) {
        print_proof(s);
        e = print_policy(s);
    }
    if (e != ERR_OK)
        return e;
    print_timeline(s);
    print_ledger(s);
    print_desk(s);
    return ERR_OK;
}

static enum err set_proof(const struct shown *s, struct js *whole)
{
    struct js *proof = NULL;
    enum err e = js_object_new(&proof);
    if (e == ERR_OK)
        e = js_set_text(proof, "bankKey", s->root);
    if (e == ERR_OK)
        e = js_set_bool(proof, "bankKeyPinned", app_main.bank_key != NULL);
    if (e == ERR_OK)
        e = js_set_text(proof, "verdict", s->verdict == ERR_OK ? "OK" : "REFUSED");
    if (e == ERR_OK && s->verdict != ERR_OK)
        e = js_set_text(proof, "error", err_name(s->verdict));
    if (e == ERR_OK)
        return js_set(whole, "proof", proof);
    js_free(proof);
    return e;
}

/* The bank's answers under one roof, and what they prove. */
static enum err print_answers(const struct shown *s)
{
    const struct {
        const char *name;
        const struct js *answer;
    } parts[] = {{"delegations", js_get(s->delegations, "delegations")},
                 {"evidence", s->evidence},
                 {"order", s->told},
                 {"policy", js_get(s->in_force, "policy")}};
    struct js *whole = NULL;
    enum err e = js_object_new(&whole);
    for (size_t i = 0; e == ERR_OK && i < sizeof parts / sizeof *parts; i++) {
        struct js *copy = NULL;
        e = js_copy(parts[i].answer, &copy);
        if (e == ERR_OK)
            e = js_set(whole, parts[i].name, copy);
    }
    if (e == ERR_OK)
        e = set_proof(s, whole);
    if (e == ERR_OK)
        e = app_print_json(whole);
    js_free(whole);
    return e;
}

enum err cmd_order_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct shown s = {.policy_count = 0};
    const char *id = words->item[0];
    enum err e = ctl_check_account(ctl);
    if (e == ERR_OK && forms_order_id(id, strlen(id)) != ERR_OK)
        e = ctl_fail(ctl, ERR_USAGE, "%s is no order id", id);
    if (e == ERR_OK)
        e = ask_all(ctl, id, &s);
    if (e == ERR_OK)
        e = prove(ctl, id, &s);
    if (e == ERR_OK)
        e = ctl->json ? print_answers(&s) : print_shown(&s);
    if (e == ERR_OK && s.verdict != ERR_OK)
        e = ctl_fail(ctl, s.verdict,
                     "the bank's evidence of this order: what is shown is not proved");
    shown_free(&s);
    return e;
}
