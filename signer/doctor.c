/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/doctor.h"

#include "base/clock.h"
#include "base/text.h"
#include "order/json.h"
#include "token/remote.h"
#include <stdlib.h>
#include <string.h>

#define SOON_US (INT64_C(30) * 24 * 3600 * TEXT_SECOND_US)
#define CLOCK_US (INT64_C(10) * TEXT_SECOND_US) /* what a bank lets a statement be ahead */

static const struct finding_info infos[] = {
#define X(name, exit, words, remedy) {#name, exit, words, remedy},
#include "signer/finding.def"
#undef X
};

const struct finding_info *finding_info(enum finding f)
{
    return &infos[f];
}

/* --- writing down --- */

/* What is known of the module that a finding is about. */
struct where {
    const char *path, *file; /* NULL: nothing */
};

/* In quotes, for a shell. */
static const char *quotable(const char *text, const char *otherwise)
{
    bool good = text != NULL && text[0] != '\0' && strchr(text, '\'') == NULL;
    return good ? text : otherwise;
}

/* TEXT with what stands in braces replaced. Somebody pastes it into a shell, where a URI stands in
 * quotes: there is none in it, whatever a label has. */
static enum err fill(const char *text, const struct token_info *token, const struct where *w,
                     struct buf *out)
{
    struct buf uri = BUF_INIT(TOKEN_URI_MAX), reader = BUF_INIT(TOKEN_URI_MAX);
    char folder[PATH_MAX];
    enum err e = token != NULL ? token_info_uri(token, "", &uri) : ERR_OK;
    if (e == ERR_OK && token != NULL)
        e = plugged_reader_uri(token, &reader);
    token_module_own_folder(folder);
    const char *const names[][2] = {{"{token}", buf_str(&uri)},
                                    {"{reader}", buf_str(&reader)},
                                    {"{module}", quotable(w->path, "MODULE")},
                                    {"{folder}", quotable(folder, "/etc/pkcs11/modules")},
                                    {"{file}", quotable(w->file, "MODULE.module")}};
    const size_t count = sizeof names / sizeof *names;
    while (e == ERR_OK && *text != '\0') {
        size_t i = 0;
        while (i < count && strncmp(text, names[i][0], strlen(names[i][0])) != 0)
            i++;
        e = i < count ? buf_add_str(out, names[i][1]) : buf_add_byte(out, (uint8_t)*text);
        text += i < count ? strlen(names[i][0]) : 1;
    }
    buf_free(&uri);
    buf_free(&reader);
    return e;
}

/* How a token of this maker gets its keys; others make them by themselves, when asked. */
static const char *remedy_of(enum finding f, const struct token_info *token)
{
    static const char *const makers[][2] = {
        {"OpenPGP project", "countersign token provision --profile openpgp"},
        {"piv_II", "countersign token provision --profile piv"},
        {"Yubico (www.yubico.com)", "countersign token provision --profile piv"},
        {"www.CardContact.de", "countersign token provision --profile schsm"},
        {"SoftHSM project", "countersign token provision --profile softhsm --token '{token}'"},
    };
    for (size_t i = 0; f == FINDING_NO_KEYS && i < sizeof makers / sizeof *makers; i++) {
        if (strcmp(token->manufacturer, makers[i][0]) == 0)
            return makers[i][1];
    }
    return infos[f].remedy;
}

static enum err note_at(struct doctor *d, enum finding f, const char *about,
                        const struct token_info *token, const struct where *w)
{
    if (d->count == FINDINGS_MAX)
        return ERR_OK;
    struct found *new = &d->found[d->count++];
    new->finding = f;
    new->remedy = (struct buf)BUF_INIT(2 * TOKEN_URI_MAX);
    (void)snprintf(new->about, sizeof new->about, "%s", about);
    return fill(remedy_of(f, token), token, w, &new->remedy);
}

/* TOKEN NULL: it is about none. */
static enum err note(struct doctor *d, enum finding f, const char *about,
                     const struct token_info *token)
{
    const struct where w = {.path = token != NULL ? token->module : NULL};
    return note_at(d, f, about, token, &w);
}

/* --- modules --- */

static enum err note_module(struct doctor *d, const char *path)
{
    const struct where w = {.path = path};
    return note_at(d, FINDING_MODULE_FAILS, path, NULL, &w);
}

/* M is one of the app's. One that hangs and is configured can be left out. */
static enum err note_configured(struct doctor *d, size_t m)
{
    const struct token_module *module = d->app->modules[m];
    const struct where w = {token_module_path(module), token_module_file(module)};
    const bool hangs = plugged_why(&d->plugged, m) == ERR_TOKEN_HANGS && w.file[0] != '\0';
    return note_at(d, hangs ? FINDING_MODULE_HANGS : FINDING_MODULE_FAILS, w.path, NULL, &w);
}

/* One that is silent as long as pcscd is has no fault of its own. */
static enum err check_modules(struct doctor *d)
{
    const struct plugged *p = &d->plugged;
    const bool hangs = p->pcscd == ERR_TOKEN_PCSCD_HANGS;
    enum err e = hangs ? note(d, FINDING_PCSCD_HANGS, "", NULL) : ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < d->app->module_count; i++) {
        enum err trouble = plugged_why(p, i);
        if (trouble != ERR_OK && trouble != ERR_TOKEN_PCSCD_HANGS &&
            !(hangs && trouble == ERR_TOKEN_HANGS))
            e = note_configured(d, i);
    }
    return e;
}

/* --- readers --- */

static enum err check_readers(struct doctor *d)
{
    const struct plugged *p = &d->plugged;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < p->reader_count; i++) {
        const struct token_reader *r = &p->readers[i];
        if (r->card && r->mute)
            e = note(d, FINDING_CARD_MUTE, r->name, NULL);
        else if (r->card && !plugged_known(p, r))
            e = note(d, FINDING_CARD_UNKNOWN, r->name, NULL);
    }
    return e;
}

/* Why there is no token at all; a card that nobody knows was told of already. */
static enum err check_absence(struct doctor *d)
{
    const struct plugged *p = &d->plugged;
    if (p->pcscd != ERR_OK)
        return note(d, FINDING_NO_PCSCD, "", NULL);
    if (p->reader_count == 0)
        return note(d, FINDING_NO_READER, "", NULL);
    return d->count == 0 ? note(d, FINDING_NO_CARD, "", NULL) : ERR_OK;
}

/* --- one token --- */

static bool silent(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->unseen != ERR_OK;
}

static bool rsa_only(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return !t->info.ecdsa;
}

static bool no_keys(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->info.ecdsa && t->unseen == ERR_OK && t->sight.count == 0;
}

static bool signs(const struct token_key_info *k)
{
    return k->ec && k->sign && k->curve != 0;
}

static bool wrong_keys(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    for (size_t i = 0; i < t->sight.count; i++) {
        if (signs(&t->sight.keys[i].key))
            return false;
    }
    return t->info.ecdsa && t->sight.count > 0;
}

static bool ends_by(const struct plugged_token *t, int64_t from_us, int64_t until_us)
{
    for (size_t i = 0; i < t->sight.count; i++) {
        const struct token_seen_key *k = &t->sight.keys[i];
        if (k->certificate && k->ends_us > from_us && k->ends_us <= until_us)
            return true;
    }
    return false;
}

static bool certificate_ended(const struct plugged_token *t, int64_t now_us)
{
    return ends_by(t, INT64_MIN, now_us);
}

static bool certificate_ends(const struct plugged_token *t, int64_t now_us)
{
    return ends_by(t, now_us, now_us + SOON_US);
}

static bool pin_unset(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->info.login_required && t->info.tries == TOKEN_TRIES_UNKNOWN;
}

static bool pin_low(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->info.tries == TOKEN_TRIES_LOW;
}

static bool pin_final(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->info.tries == TOKEN_TRIES_FINAL;
}

static bool pin_locked(const struct plugged_token *t, int64_t now_us)
{
    (void)now_us;
    return t->info.tries == TOKEN_TRIES_LOCKED;
}

static const struct {
    enum finding finding;
    bool (*has)(const struct plugged_token *t, int64_t now_us);
} checks[] = {
    {FINDING_TOKEN_SILENT, silent},
    {FINDING_RSA_ONLY, rsa_only},
    {FINDING_NO_KEYS, no_keys},
    {FINDING_WRONG_KEYS, wrong_keys},
    {FINDING_CERTIFICATE_ENDED, certificate_ended},
    {FINDING_CERTIFICATE_ENDS, certificate_ends},
    {FINDING_PIN_UNSET, pin_unset},
    {FINDING_PIN_LOW, pin_low},
    {FINDING_PIN_FINAL, pin_final},
    {FINDING_PIN_LOCKED, pin_locked},
};

static enum err check_token(struct doctor *d, const struct plugged_token *t)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof checks / sizeof *checks; i++) {
        if (checks[i].has(t, d->now_us))
            e = note(d, checks[i].finding, t->info.label, &t->info);
    }
    return e;
}

/* --- which tokens --- */

static enum err check_twins(struct doctor *d, bool *has)
{
    const struct plugged_token *t = d->plugged.tokens;
    enum err e = ERR_OK;
    *has = false;
    for (size_t i = 1; e == ERR_OK && i < d->plugged.token_count; i++) {
        for (size_t k = 0; e == ERR_OK && k < i; k++) {
            if (!plugged_twins(&t[k].info, &t[i].info))
                continue;
            *has = true;
            e = note(d, FINDING_TOKEN_TWINS, t[i].info.slot, &t[i].info);
        }
    }
    return e;
}

static enum err check_named(struct doctor *d)
{
    struct app *a = d->app;
    struct token_info own;
    bool twins = false;
    enum err e = app_find_token(a);
    if (e != ERR_OK && plugged_trouble(&d->plugged) != ERR_OK)
        return ERR_OK; /* a module that was told of may have it */
    if (e == ERR_TOKEN_NOT_FOUND)
        return note(d, FINDING_TOKEN_ABSENT, a->token_uri, NULL);
    if (e == ERR_TOKEN_AMBIGUOUS) {
        e = check_twins(d, &twins);
        return e != ERR_OK || twins ? e : note(d, FINDING_TOKEN_AMBIGUOUS, a->token_uri, NULL);
    }
    if (e == ERR_OK)
        e = token_info_of(a->token, &own);
    for (size_t i = 0; e == ERR_OK && i < d->plugged.token_count; i++) {
        const struct plugged_token *t = &d->plugged.tokens[i];
        if (strcmp(t->info.serial, own.serial) == 0 && strcmp(t->info.label, own.label) == 0 &&
            strcmp(t->info.slot, own.slot) == 0)
            return check_token(d, t);
    }
    return e;
}

/* Every token that is set up; a free slot is worth a word where there is nothing else. */
static enum err check_all(struct doctor *d)
{
    const struct plugged_token *blank = NULL;
    size_t count = 0;
    bool twins = false;
    enum err e = check_twins(d, &twins);
    for (size_t i = 0; e == ERR_OK && i < d->plugged.token_count; i++) {
        const struct plugged_token *t = &d->plugged.tokens[i];
        if (!t->info.initialized) {
            blank = t;
            continue;
        }
        count++;
        e = check_token(d, t);
    }
    if (e == ERR_OK && count == 0 && plugged_trouble(&d->plugged) == ERR_OK &&
        d->plugged.pcscd != ERR_TOKEN_PCSCD_HANGS)
        e = blank != NULL ? note(d, FINDING_TOKEN_BLANK, blank->info.slot, &blank->info)
                          : check_absence(d);
    return e;
}

static enum err check_tokens(struct doctor *d)
{
    struct app *a = d->app;
    enum err e = app_open_modules(a);
    a->message[0] = '\0';
    if (e == ERR_TOKEN_PCSCD_HANGS)
        return note(d, FINDING_PCSCD_HANGS, "", NULL);
    if (e == ERR_TOKEN_MODULE || e == ERR_TOKEN_CRASHED || e == ERR_TOKEN_HANGS)
        return note_module(d, a->module != NULL ? a->module : "");
    if (e == ERR_OK)
        e = plugged_read(&d->plugged);
    if (e == ERR_OK && a->module_count == 0)
        return note(d, FINDING_NO_MODULE, "", NULL);
    if (e == ERR_OK)
        e = check_modules(d);
    if (e == ERR_OK)
        e = check_readers(d);
    if (e == ERR_OK)
        e = a->token_uri != NULL && d->plugged.token_count > 0 ? check_named(d) : check_all(d);
    a->message[0] = '\0';
    return e;
}

/* --- the clock --- */

/* How far this clock is ahead of the bank's, at least; 0 where the second that the bank says leaves
 * it open. */
static int64_t ahead_of_bank(int64_t asked_us, int64_t answered_us, int64_t bank_us)
{
    if (asked_us > bank_us + TEXT_SECOND_US)
        return asked_us - bank_us - TEXT_SECOND_US;
    return answered_us < bank_us ? answered_us - bank_us : 0;
}

/* A session is not needed: the bank says its time to everybody. */
static enum err check_clock(struct doctor *d)
{
    struct client_call call = {.route = ROUTE_HEALTH};
    struct app *a = d->app;
    struct js *answer = NULL;
    int64_t bank_us = 0;
    char about[64];
    if (a->url == NULL || a->bank == NULL || a->bank_key == NULL)
        return ERR_OK;
    int64_t asked_us = clock_now_us();
    enum err e = app_call_open(a, &call, &answer);
    int64_t answered_us = clock_now_us();
    const char *time = e == ERR_OK ? js_member_text(answer, "time") : "";
    if (e == ERR_OK)
        e = text_parse_time(time, strlen(time), &bank_us);
    js_free(answer);
    a->message[0] = '\0';
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : note(d, FINDING_BANK_UNHEARD, a->bank, NULL);
    d->clock_compared = true;
    long long ahead_us = ahead_of_bank(asked_us, answered_us, bank_us);
    if (llabs(ahead_us) <= CLOCK_US)
        return ERR_OK;
    (void)snprintf(about, sizeof about, "%lld seconds %s the bank",
                   llabs(ahead_us) / TEXT_SECOND_US, ahead_us > 0 ? "ahead of" : "behind");
    return note(d, FINDING_CLOCK_OFF, about, NULL);
}

/* --- all of it --- */

enum err doctor_look(struct doctor *d)
{
    d->now_us = clock_now_us();
    d->plugged.app = d->app;
    enum err e = check_tokens(d);
    if (e == ERR_OK && !token_remote_fenced())
        e = note(d, FINDING_NO_FENCE, "", NULL);
    return e == ERR_OK ? check_clock(d) : e;
}

void doctor_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++)
        buf_free(&d->found[i].remedy);
    plugged_free(&d->plugged);
}
