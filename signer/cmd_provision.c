/* SPDX-License-Identifier: Apache-2.0
 *
 * token provision: a fresh token becomes one that a holder can enrol with: keys to sign, to
 * authenticate and to derive, as its profile says. Keys that are there are never overwritten. A
 * card that is pulled in the middle is waited for, and what is not made yet is made then.
 */
#include "app/app.h"
#include "app/card.h"
#include "app/plugged.h"
#include "base/text.h"
#include "order/doc.h"
#include "signer/commands.h"
#include "signer/go_on.h"
#include "signer/profile.h"
#include "signer/token_view.h"
#include <stdlib.h>
#include <string.h>

#define KEY_LABEL "countersign"

static const char *opt_profile, *opt_label, *opt_curve, *opt_so_pin_fd;
static bool opt_resume;

const struct args_option cmd_token_provision_options[5] = {
    {"profile", 'p', ARGS_MUST, "NAME", "softhsm, openpgp, piv, schsm, tpm2, or a file",
     &opt_profile},
    {"label", 'l', ARGS_TEXT, "LABEL", "the token's name, where it is new and has none",
     &opt_label},
    {"curve", 0, ARGS_TEXT, "CURVE", "of the keys; default: the profile's first", &opt_curve},
    {"so-pin-fd", 0, ARGS_FD, "N", "read the officer's PIN, or the management key, from there",
     &opt_so_pin_fd},
    {"resume", 0, ARGS_FLAG, NULL, "make what is missing, beside keys that are there already",
     &opt_resume},
};

enum place { PLACE_EMPTY, PLACE_BEGUN, PLACE_MADE };

struct work {
    struct app *app;
    struct profile profile;
    enum token_curve curve;
    struct buf module;
    struct token_info info;     /* of the token on which keys are made */
    enum place place[KEY_USES]; /* BEGUN: its key is made, or not, since the card was pulled */
    bool begun;                 /* any of them */
    struct plugged plugged;
};

/* --- the token --- */

/* What its maker's tool does, where nothing here does. */
static void say_commands(const struct profile *p)
{
    if (p->command[0] == NULL)
        return;
    fputs("These commands do it, by the token maker's own tool:\n", stderr);
    for (size_t i = 0; i < PROFILE_LINES; i++) {
        if (p->command[i] != NULL)
            app_say(stderr, "  %s", p->command[i]);
    }
}

/* --module, where it is given, and not the module of the settings: other keys may be behind that.
 */
static enum err open_module(struct work *w)
{
    struct app *a = w->app;
    enum err e = ERR_OK;
    if (a->module == NULL || a->module == a->conf_module) {
        e = profile_module(a, &w->profile, &w->module);
        a->module = e == ERR_OK ? buf_str(&w->module) : NULL;
    }
    if (e == ERR_OK)
        e = app_open_modules(a);
    if (e == ERR_TOKEN_MODULE)
        say_commands(&w->profile);
    return e;
}

/* A slot without a token becomes one, with both PINs. */
static enum err make_token(struct work *w)
{
    struct app *a = w->app;
    struct token_module *m = a->modules[0];
    struct token_pin *so_pin = NULL, *pin = NULL;
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    const struct app_pin so_asked = {"New security officer PIN", opt_so_pin_fd, true, NULL};
    const struct app_pin asked = {"New PIN", a->pin_fd, true, NULL};
    enum err e = app_read_pin(a, m, &so_asked, &so_pin);
    if (e == ERR_OK)
        e = app_read_pin(a, m, &asked, &pin);
    if (e == ERR_OK)
        e = token_init(m, opt_label, so_pin, pin, &w->info);
    if (e == ERR_OK)
        e = token_info_uri(&w->info, "", &uri);
    if (e == ERR_OK) {
        a->token_uri = buf_str(&uri);
        e = app_find_token(a);
    }
    if (e == ERR_OK)
        e = token_login(a->token, pin, false);
    a->logged_in = e == ERR_OK;
    a->token_uri = NULL;
    token_pin_free(so_pin);
    token_pin_free(pin);
    buf_free(&uri);
    return e;
}

static enum err open_token(struct work *w)
{
    struct app *a = w->app;
    if (a->token_uri == NULL || a->token_uri == a->conf_token)
        a->token_uri = w->profile.token;
    if (opt_label != NULL && profile_blank_is_token(&w->profile))
        return make_token(w);
    if (opt_label != NULL)
        return app_fail(a, ERR_USAGE, "such a token has its name already; leave --label out");
    if (a->token_uri == NULL)
        return app_need_option(a, opt_label, "label", &opt_label);
    enum err e = app_open_token(a);
    if (e == ERR_TOKEN_NOT_FOUND)
        say_commands(&w->profile);
    return e == ERR_OK ? token_info_of(a->token, &w->info) : e;
}

/* --- its keys --- */

/* A card may be more than one token, and any of them have a key. */
static bool is_ours(const struct work *w, const struct plugged_token *t)
{
    return plugged_one_card(&w->info, &t->info) || (strcmp(t->info.serial, w->info.serial) == 0 &&
                                                    strcmp(t->info.label, w->info.label) == 0);
}

static const struct plugged_token *find_key(const struct work *w, const uint8_t *id, size_t len,
                                            const struct token_seen_key **key)
{
    for (size_t i = 0; i < w->plugged.token_count; i++) {
        const struct plugged_token *t = &w->plugged.tokens[i];
        if (!is_ours(w, t))
            continue;
        for (size_t k = 0; k < t->sight.count; k++) {
            *key = &t->sight.keys[k];
            if ((*key)->key.id_len == len && memcmp((*key)->key.id, id, len) == 0)
                return t;
        }
    }
    return NULL;
}

static enum err look(struct work *w)
{
    plugged_free(&w->plugged);
    w->plugged.app = w->app;
    enum err e = plugged_read(&w->plugged);
    return e == ERR_OK ? plugged_trouble(&w->plugged) : e;
}

static bool has_twin(const struct work *w)
{
    const struct plugged_token *t = w->plugged.tokens;
    for (size_t i = 1; i < w->plugged.token_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (is_ours(w, &t[i]) && plugged_twins(&t[k].info, &t[i].info))
                return true;
        }
    }
    return false;
}

/* A token of the card that does not say what is on it may have the key, and what another card of
 * the same name has is not on this one. */
static enum err check_seen(const struct work *w)
{
    bool is_there = false;
    if (has_twin(w))
        return app_fail(w->app, ERR_TOKEN_AMBIGUOUS, "two have its name; unplug the other one");
    for (size_t i = 0; i < w->plugged.token_count; i++) {
        const struct plugged_token *t = &w->plugged.tokens[i];
        if (t->unseen != ERR_OK && is_ours(w, t))
            return t->unseen;
        is_there = is_there || is_ours(w, t);
    }
    return is_there ? ERR_OK : ERR_TOKEN_REMOVED;
}

/* What is there is nobody's to make; nor is another card the one that was pulled. */
static enum err check_place(struct work *w, enum key_use use)
{
    struct app *a = w->app;
    const struct token_seen_key *key = NULL;
    const enum place before = w->place[use];
    uint8_t id[TOKEN_ID_MAX];
    size_t len = 0;
    enum err e = profile_id(&w->profile, use, id, &len);
    if (e != ERR_OK || len == 0)
        return e;
    const bool is_there = find_key(w, id, len, &key) != NULL;
    if (before == PLACE_MADE && !is_there)
        return app_fail(a, ERR_KEY_NOT_FOUND, "it has not the key to %s: it is another token",
                        key_use_name(use));
    w->place[use] = is_there ? PLACE_MADE : PLACE_EMPTY;
    if (!is_there || before == PLACE_MADE)
        return ERR_OK;
    if (before == PLACE_EMPTY && !opt_resume)
        return app_fail(a, ERR_KEY_EXISTS, "the token has a key in the place %s already",
                        w->profile.id[use]);
    if (key->key.curve != w->curve)
        return app_fail(a, ERR_KEY_EXISTS, "the token has a key of another kind in the place %s",
                        w->profile.id[use]);
    app_say(stderr, "The key to %s %s.", key_use_name(use),
            before == PLACE_BEGUN ? "was made before the token was pulled" : "is there");
    return ERR_OK;
}

/* Before anybody types a PIN, and of all tokens of the card: some overwrite without a word. */
static enum err check_places(struct work *w)
{
    enum err e = look(w);
    if (e == ERR_OK)
        e = check_seen(w);
    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++)
        e = check_place(w, (enum key_use)use);
    return e;
}

static enum err read_officer(struct work *w, struct token_pin **out)
{
    struct app *a = w->app;
    const char *name = w->profile.officer != NULL ? w->profile.officer : "Officer's PIN";
    char prompt[128];
    (void)snprintf(prompt, sizeof prompt, "%s of %s", name, w->info.label);
    const struct app_pin asked = {prompt, opt_so_pin_fd, false, NULL};
    return app_read_pin(a, token_module_of(a->token), &asked, out);
}

/* The first place from *USE on that has no key; *LEN 0: none. */
static enum err next_empty(const struct work *w, size_t *use, uint8_t id[static TOKEN_ID_MAX],
                           size_t *len)
{
    enum err e = ERR_OK;
    for (*len = 0; e == ERR_OK && *use < KEY_USES; (*use)++) {
        const enum key_use at = (enum key_use)(*use);
        e = profile_id(&w->profile, at, id, len);
        if (*len > 0 && w->place[*use] != PLACE_MADE)
            break;
        *len = 0;
    }
    return e;
}

/* OFFICER NULL: by whoever is logged in. */
static enum err make_key(struct work *w, struct token_pin *officer, enum key_use use,
                         const uint8_t *id, size_t len)
{
    struct app *a = w->app;
    const enum token_use to = use == KEY_USE_DERIVE ? TOKEN_USE_DERIVE : TOKEN_USE_SIGN;
    enum err e = officer != NULL ? token_officer_generate(a->token, officer, a->last_try, to,
                                                          w->curve, KEY_LABEL, id, len)
                                 : token_generate(a->token, to, w->curve, KEY_LABEL, id, len);
    if (e == ERR_OK)
        w->place[use] = PLACE_MADE;
    else if (card_gone(e) || e == ERR_TOKEN_FAILED)
        w->place[use] = PLACE_BEGUN;
    w->begun = w->begun || w->place[use] != PLACE_EMPTY;
    if (e == ERR_OK)
        fprintf(stderr, "Made the key to %s.\n", key_use_name(use));
    return e;
}

static enum err log_in(struct work *w)
{
    enum err e = app_log_in(w->app, "make the keys on this token");
    if (e == ERR_TOKEN_FAILED && profile_blank_is_tools(&w->profile)) {
        fputs("A new one has no PIN yet and must be set up, which erases what is on it.\n", stderr);
        say_commands(&w->profile);
    }
    return e;
}

/* Again when the card was pulled: nobody's PIN is entered a second time by itself. */
static enum err make_all(struct app *a, void *ctx)
{
    struct work *w = ctx;
    struct token_pin *officer = NULL;
    uint8_t id[TOKEN_ID_MAX];
    size_t len = 0, use = 0;
    enum err e = card_keep_to(a, &w->info);
    if (e == ERR_OK)
        e = check_places(w);
    if (e == ERR_OK)
        e = next_empty(w, &use, id, &len);
    if (e != ERR_OK || len == 0)
        return e;
    e = profile_by_officer(&w->profile) ? read_officer(w, &officer) : log_in(w);
    while (e == ERR_OK && len > 0) {
        e = make_key(w, officer, (enum key_use)use, id, len);
        if (e == ERR_OK)
            e = next_empty(w, &use, id, &len);
    }
    token_pin_free(officer);
    return e;
}

/* --- where it does not go on --- */

static enum err say_next(const struct work *w)
{
    const struct app *a = w->app;
    struct buf uri = BUF_INIT(TOKEN_URI_MAX), command = BUF_INIT(GO_ON_MAX);
    enum err e = token_info_uri(&w->info, "", &uri);
    if (e == ERR_OK)
        e = buf_add_str(&command, "countersign token provision --resume");
    const char *const options[][2] = {
        {"profile", opt_profile},
        {"token", buf_str(&uri)},
        {"curve", opt_curve},
        {"module", a->module != buf_str(&w->module) ? a->module : NULL}};
    for (size_t i = 0; e == ERR_OK && i < sizeof options / sizeof *options; i++)
        e = go_on_option(&command, options[i][0], options[i][1]);
    if (e == ERR_OK)
        e = go_on_settings(&command, a);
    if (e == ERR_OK)
        go_on_say(&command);
    buf_free(&uri);
    buf_free(&command);
    return e;
}

static enum err say_made(const struct work *w, enum err why)
{
    static const char *const words[] = {
        [PLACE_EMPTY] = "is not made", [PLACE_BEGUN] = "may be made", [PLACE_MADE] = "is made"};
    for (size_t use = 0; use < KEY_USES; use++) {
        if (w->profile.id[use] != NULL)
            app_say(stderr, "The key to %s %s.", key_use_name((enum key_use)use),
                    words[w->place[use]]);
    }
    return say_next(w) == ERR_OK ? why : ERR_NO_MEMORY;
}

/* --- what came of it --- */

/* As it is for whoever comes next: OpenSC has new keys on the token where they were asked for, and
 * only its next start has them where they are. */
static enum err start_anew(struct app *a)
{
    app_close_modules(a);
    return app_open_modules(a);
}

static enum err print_key(const struct work *w, enum key_use use, struct doc *array)
{
    const struct token_seen_key *k = NULL;
    uint8_t id[TOKEN_ID_MAX];
    size_t len = 0;
    struct doc one = {0};
    enum err e = profile_id(&w->profile, use, id, &len);
    if (e != ERR_OK || len == 0)
        return e;
    const struct plugged_token *t = find_key(w, id, len, &k);
    if (t == NULL)
        return app_fail(w->app, ERR_KEY_NO_PUBLIC, "the key to %s, which was made, is not seen",
                        key_use_name(use));
    struct token_key_info key = k->key;
    key.label[0] = '\0'; /* of the public half, it may be; the id names both */
    if (!k->private) {   /* and that of a SmartCard-HSM says of each that it signs */
        key.derive = use == KEY_USE_DERIVE;
        key.sign = !key.derive;
    }
    if (!w->app->json) {
        printf("To %s", key_use_name(use));
        return token_view_key_print(&t->info, &key, NULL);
    }
    token_view_key_doc(&t->info, &key, NULL, &one);
    doc_text(&one, "use", key_use_name(use));
    doc_push(array, &one);
    return ERR_OK;
}

/* The token of the key to sign, as whoever has more than one must name it. */
static enum err print_next(const struct work *w)
{
    const struct token_seen_key *k = NULL;
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    uint8_t id[TOKEN_ID_MAX];
    size_t len = 0;
    enum err e = profile_id(&w->profile, KEY_USE_SIGN, id, &len);
    const struct plugged_token *t = e == ERR_OK ? find_key(w, id, len, &k) : NULL;
    if (t != NULL)
        e = token_info_uri(&t->info, "", &uri);
    if (e == ERR_OK)
        app_say(stdout, "Next: countersign enrol --token '%s'", buf_str(&uri));
    buf_free(&uri);
    return e;
}

static void print_remarks(const struct profile *p)
{
    for (size_t i = 0; i < PROFILE_LINES; i++) {
        if (p->remark[i] != NULL)
            app_say(stdout, "%s", p->remark[i]);
    }
    if (!profile_takes_certificates(p))
        app_say(stdout,
                "It stores no certificates: countersign enrol --finish leaves them in files.");
    app_say(stdout, "This profile was tried with: %s.", p->tried);
}

/* Takes KEYS over. */
static enum err print_json(const struct work *w, struct doc *keys)
{
    struct doc d = {0}, token = {0};
    token_view_doc(&w->info, NULL, &token);
    doc_object(&d);
    doc_text(&d, "profile", opt_profile);
    doc_put(&d, "token", &token);
    doc_put(&d, "keys", keys);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

static enum err print(struct work *w)
{
    struct doc keys = {0};
    enum err e = start_anew(w->app);
    if (e == ERR_OK)
        e = look(w);
    doc_array(&keys);
    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++)
        e = print_key(w, (enum key_use)use, &keys);
    if (e == ERR_OK && w->app->json)
        return print_json(w, &keys);
    if (e == ERR_OK) {
        print_remarks(&w->profile);
        e = print_next(w);
    }
    doc_free(&keys);
    return e;
}

static enum err provision(struct work *w)
{
    struct app *a = w->app;
    enum err e = profile_read(a, opt_profile, &w->profile);
    if (e == ERR_OK)
        app_say(stderr, "Profile %s: %s.", opt_profile, w->profile.title);
    if (e == ERR_OK)
        e = profile_curve(a, &w->profile, opt_curve, &w->curve);
    if (e == ERR_OK)
        e = open_module(w);
    if (e == ERR_OK)
        e = open_token(w);
    if (e == ERR_OK)
        e = card_attend(a, make_all, w);
    if (e == ERR_OK)
        e = print(w);
    return e != ERR_OK && w->begun ? say_made(w, e) : e;
}

enum err cmd_token_provision(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    struct work w = {.app = a, .module = BUF_INIT(256)};
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = provision(&w);
    plugged_free(&w.plugged);
    if (a->module == buf_str(&w.module))
        a->module = NULL;
    if (a->token_uri == w.profile.token)
        a->token_uri = NULL;
    profile_free(&w.profile);
    buf_free(&w.module);
    return e;
}
