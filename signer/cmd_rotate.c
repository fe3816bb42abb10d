/* SPDX-License-Identifier: Apache-2.0
 *
 * rotate: a key gives its place to a new one, on the same token or another. Both sign: the new one
 * what the old one is going to say, the old one all of it.
 */
#include "api/request.h"
#include "app/app.h"
#include "app/card.h"
#include "app/outcome.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/rotation.h"
#include "signer/commands.h"
#include "signer/go_on.h"
#include "signer/subject.h"
#include "signer/token_view.h"
#include <stdlib.h>
#include <string.h>

static const char *opt_new_token, *opt_new_pin_fd, *opt_curve, *opt_label, *opt_output;
static bool opt_make;

const struct args_option cmd_rotate_options[6] = {
    {"new-token", 0, ARGS_TEXT, "URI", "the new key or its token; default: the same token",
     &opt_new_token},
    {"new-pin-fd", 0, ARGS_FD, "N", "read the PIN of another token from descriptor N",
     &opt_new_pin_fd},
    {"make", 0, ARGS_FLAG, NULL, "make the new key there", &opt_make},
    {"curve", 0, ARGS_TEXT, "CURVE", "of a key that is made: P-256 (default), P-384 or P-521",
     &opt_curve},
    {"label", 'l', ARGS_TEXT, "LABEL", "name of a key that is made; default countersign",
     &opt_label},
    {"output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",
     &opt_output},
};

/* --- the new key --- */

/* Where the new key is, beside the old one's app: what NEXT opened itself, or A's when the token is
 * the same, which has one PIN. */
struct next {
    struct app app;
    bool shared;
    uint8_t id;     /* of one that is made; 0: none yet */
    bool begun;     /* and is there, or not, since the token went */
    bool asked;     /* whether it shall be made */
    bool made;      /* and is there, now or since before */
    bool placed;    /* and the bank took it in place of the old one */
    struct buf uri; /* of the new key */
};

/* By its reader, too: two cards may have the same name. */
static bool same_token(const struct token_info *x, const struct token_info *y)
{
    return strcmp(x->slot, y->slot) == 0 && strcmp(x->serial, y->serial) == 0 &&
           strcmp(x->label, y->label) == 0 && strcmp(x->manufacturer, y->manufacturer) == 0 &&
           strcmp(x->model, y->model) == 0;
}

/* Neither waits for the token that both have. */
static void share(struct app *a, struct next *n)
{
    n->app.token = a->token;
    n->app.logged_in = true;
    a->held = n->app.held = true;
    n->shared = true;
}

static enum err open_token(struct app *a, struct next *n)
{
    struct token_info old, fresh;
    n->app = (struct app){.token_uri = opt_new_token,
                          .module = a->module,
                          .pin_fd = opt_new_pin_fd,
                          .pinentry = a->pinentry,
                          .json = a->json,
                          .yes = a->yes,
                          .wait = a->wait,
                          .last_try = a->last_try};
    if (opt_new_token == NULL) {
        share(a, n);
        return ERR_OK;
    }
    enum err e = app_open_token(&n->app);
    if (e == ERR_OK)
        e = token_info_of(a->token, &old);
    if (e == ERR_OK)
        e = token_info_of(n->app.token, &fresh);
    if (e == ERR_OK && same_token(&old, &fresh)) {
        token_close(n->app.token);
        share(a, n);
    }
    return e;
}

/* A has its token to itself again. */
static void part(struct app *a, struct next *n)
{
    token_key_free(n->app.key);
    n->app.key = NULL;
    if (n->shared)
        n->app.token = NULL;
    a->held = false;
}

static void close_next(struct app *a, struct next *n)
{
    part(a, n);
    app_close(&n->app);
    buf_free(&n->uri);
}

/* The first that no key has, behind the places of PIV (9A, 9C, 9D, 9E are 1 to 4). */
static enum err free_id(struct token *t, uint8_t *out)
{
    struct token_key_info *keys = NULL;
    size_t count = 0;
    bool taken[256] = {[0] = true};
    enum err e = token_key_list(t, &keys, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (keys[i].id_len == 1)
            taken[keys[i].id[0]] = true;
    }
    free(keys);
    for (*out = 5; taken[*out] && *out != 0; (*out)++)
        ;
    return e == ERR_OK && *out == 0 ? ERR_TOKEN_FULL : e;
}

static enum err name_made(struct next *n)
{
    struct token_key_info *keys = NULL;
    struct token_info info;
    size_t count = 0;
    enum err e = token_info_of(n->app.token, &info);
    if (e == ERR_OK)
        e = token_key_list(n->app.token, &keys, &count);
    if (e == ERR_OK)
        e = ERR_KEY_NOT_FOUND;
    for (size_t i = 0; i < count && e == ERR_KEY_NOT_FOUND; i++) {
        if (keys[i].id_len == 1 && keys[i].id[0] == n->id && keys[i].sign)
            e = token_key_info_uri(&info, &keys[i], &n->uri);
    }
    free(keys);
    n->app.token_uri = e == ERR_OK ? buf_str(&n->uri) : NULL;
    return e;
}

/* The place that --new-token names, where it does; 0: none. */
static enum err named_id(uint8_t *out)
{
    struct token_uri *uri = NULL;
    size_t len = 0;
    *out = 0;
    if (opt_new_token == NULL)
        return ERR_OK;
    enum err e = token_uri_parse(opt_new_token, &uri);
    const char *id = e == ERR_OK ? token_uri_get(uri, TOKEN_URI_ID, &len) : NULL;
    if (id != NULL && len == 1)
        *out = (uint8_t)id[0];
    token_uri_free(uri);
    return e;
}

/* Once: what is on the token stays there, whatever is said afterwards. */
static enum err ask_to_make(struct app *a, struct next *n)
{
    if (n->asked)
        return ERR_OK;
    n->asked = true;
    return app_confirm(a, "Make a new key on the token, to take the place of yours?");
}

/* One that was begun before is there, or it is made now. */
static enum err make_once(struct app *a, struct next *n, enum token_curve curve)
{
    const char *label = opt_label != NULL ? opt_label : "countersign";
    uint8_t id = n->id;
    enum err e = id != 0 ? name_made(n) : free_id(n->app.token, &id);
    if (e == ERR_OK && n->id != 0)
        fputs("The new key was made before.\n", stderr);
    if (n->id != 0 ? e != ERR_KEY_NOT_FOUND : e != ERR_OK)
        return e;
    e = ask_to_make(a, n);
    if (e != ERR_OK)
        return e;
    n->id = id;
    e = token_generate(n->app.token, TOKEN_USE_SIGN, curve, label, &id, 1);
    n->begun = e == ERR_OK || card_gone(e) || e == ERR_TOKEN_FAILED;
    return e == ERR_OK ? name_made(n) : e;
}

/* ERR_OK: the token of the new key was pulled, which is WHY, and is there again. */
static enum err come_back(struct app *a, struct next *n, enum err why)
{
    enum err e = why;
    if (n->shared) {
        part(a, n);
        e = app_reopen_key(a, e);
        share(a, n);
        return e;
    }
    while (card_pulled(&n->app, e)) {
        e = card_await(&n->app, e);
        if (e == ERR_OK)
            e = app_log_in(&n->app, n->app.purpose);
    }
    return e;
}

/* The command that goes on, whether it was made or not. */
static enum err say_next(const struct app *a, const struct next *n, const struct token_info *info)
{
    const struct token_key_info key = {.id = {n->id}, .id_len = 1};
    struct buf uri = BUF_INIT(TOKEN_URI_MAX), command = BUF_INIT(GO_ON_MAX);
    enum err e = token_key_info_uri(info, &key, &uri);
    if (e == ERR_OK)
        e = buf_add_str(&command, "countersign rotate --make");
    const char *const options[][2] = {{"new-token", buf_str(&uri)},
                                      {"token", a->token_uri},
                                      {"curve", opt_curve},
                                      {"label", opt_label},
                                      {"output", opt_output}};
    for (size_t i = 0; e == ERR_OK && i < sizeof options / sizeof *options; i++)
        e = go_on_option(&command, options[i][0], options[i][1]);
    if (e == ERR_OK)
        e = go_on_settings(&command, a);
    if (e == ERR_OK) {
        fputs("The new key may be made, or not. ", stderr);
        go_on_say(&command);
    }
    buf_free(&uri);
    buf_free(&command);
    return e;
}

static enum err make_key(struct app *a, struct next *n)
{
    struct token_info info;
    enum token_curve curve = 0;
    enum err e = token_view_curve(a, opt_curve, &curve);
    if (e == ERR_OK)
        e = app_log_in(&n->app, "make the new key");
    if (e == ERR_OK)
        e = token_info_of(n->app.token, &info);
    if (e == ERR_OK)
        e = named_id(&n->id);
    if (e != ERR_OK)
        return e;
    enum err again = ERR_OK;
    for (e = make_once(a, n, curve); e != ERR_OK && again == ERR_OK;) {
        again = come_back(a, n, e);
        e = again == ERR_OK ? make_once(a, n, curve) : again;
    }
    if (e != ERR_OK && n->begun && say_next(a, n, &info) != ERR_OK)
        e = ERR_NO_MEMORY;
    n->made = e == ERR_OK;
    if (n->made && !a->json)
        fprintf(stderr, "Made the key %s\n", n->app.token_uri);
    return e;
}

/* For whoever names it when the token may be gone, or has another. */
static enum err name_key(struct app *a, struct buf *uri)
{
    struct token_info info;
    struct token_key_info key = *token_key_about(a->key);
    key.label[0] = '\0'; /* the id says which */
    buf_clear(uri);
    enum err e = token_info_of(a->token, &info);
    return e == ERR_OK ? token_key_info_uri(&info, &key, uri) : e;
}

/* The old key is the one that it is, whatever comes beside it. */
static enum err keep_to_old(struct app *a, struct buf *uri)
{
    enum err e = name_key(a, uri);
    while (card_pulled(a, e)) {
        e = app_reopen_key(a, e);
        if (e == ERR_OK)
            e = name_key(a, uri);
    }
    a->token_uri = e == ERR_OK ? buf_str(uri) : a->token_uri;
    return e;
}

static enum err name_new(struct next *n)
{
    enum err e = name_key(&n->app, &n->uri);
    n->app.token_uri = e == ERR_OK ? buf_str(&n->uri) : NULL;
    return e;
}

static enum err find_new(struct app *a, struct next *n)
{
    if (opt_new_token == NULL && !opt_make)
        return app_fail(a, ERR_USAGE, "name the new key by --new-token, or let it --make one");
    enum err e = open_token(a, n);
    if (e == ERR_OK && opt_make)
        e = make_key(a, n);
    if (e == ERR_OK)
        e = app_open_key(&n->app, "prove the new key");
    if (e == ERR_OK)
        e = name_new(n);
    if (e != ERR_OK && n->app.message[0] != '\0')
        e = app_fail(a, e, "the new key: %s", n->app.message);
    return e;
}

/* --- saying it --- */

static enum err read_rotation(struct app *a, const struct next *n, struct rotation *r)
{
    const char *bank = NULL;
    size_t len = 0;
    const uint8_t *spki = key_spki(n->app.public_key, &len);
    enum err e = app_need(a, a->bank, "bank", &bank);
    if (e == ERR_OK)
        e = app_head(NULL, &r->head);
    if (e != ERR_OK)
        return e;
    (void)snprintf(r->head.bank, sizeof r->head.bank, "%s", bank);
    memcpy(r->replaces, key_thumbprint(a->public_key), sizeof r->replaces);
    return rotation_name(r, spki, len);
}

static enum err show(const struct rotation *r)
{
    struct buf text = BUF_INIT(ROTATION_DISPLAY_MAX);
    return subject_print(rotation_display_render(r, &text), &text, stderr);
}

static enum err prove(struct next *n, struct rotation *r)
{
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(ROTATION_PROOF_MAX);
    enum err e = rotation_offer(r, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(&n->app, STATEMENT_ROTATION_PROOF, &payload, &jws);
    if (e == ERR_OK)
        (void)snprintf(r->proof, sizeof r->proof, "%s", buf_str(&jws));
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err sign(struct app *a, const struct rotation *r, struct buf *body)
{
    struct buf payload = BUF_INIT(8192), jws = BUF_INIT(JWS_MAX);
    enum err e = rotation_make(r, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_ROTATION, &payload, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_ROTATION, buf_str(&jws), body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err say_once(struct app *a, struct next *n, struct rotation *r, struct buf *body)
{
    buf_clear(body);
    enum err e = prove(n, r);
    return e == ERR_OK ? sign(a, r, body) : e;
}

/* Again when one token has both keys and was pulled: its PIN is asked for once, and what was signed
 * before is thrown away. */
static enum err say(struct app *a, struct next *n, struct rotation *r, struct buf *body)
{
    enum err e = say_once(a, n, r, body);
    while (n->shared) {
        part(a, n);
        if (!card_pulled(a, e))
            break;
        e = app_reopen_key(a, e);
        if (e != ERR_OK)
            break;
        share(a, n);
        e = app_find_key(&n->app);
        if (e == ERR_OK)
            e = say_once(a, n, r, body);
    }
    return e;
}

static enum err print_done(const struct app *a, const struct next *n, const struct js *answer)
{
    struct buf file = BUF_INIT(4096);
    if (a->json)
        return app_print_json(answer);
    enum err e = app_settings_path(a, &file);
    printf("The new key signs for you; the old one signs no more.\n"
           "Put this into %s:\ntoken = %s\n",
           e == ERR_OK ? buf_str(&file) : "the configuration file", buf_str(&n->uri));
    outcome_print(answer);
    buf_free(&file);
    return ERR_OK;
}

static enum err send(struct app *a, struct next *n, const struct buf *body)
{
    struct client_call call = {.route = ROUTE_ROTATE,
                               .param = {key_thumbprint(a->public_key)},
                               .body = body->data,
                               .body_len = body->len};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    n->placed = e == ERR_OK;
    if (e == ERR_OK)
        e = print_done(a, n, answer);
    js_free(answer);
    return e;
}

/* --- where it is not done --- */

static bool names_key(const char *text)
{
    struct token_uri *uri = NULL;
    size_t len = 0;
    bool names = text != NULL && token_uri_parse(text, &uri) == ERR_OK &&
                 token_uri_get(uri, TOKEN_URI_ID, &len) != NULL;
    token_uri_free(uri);
    return names;
}

/* No key is taken from a token; of two, the settings must name the one that signs. */
static enum err say_stays(const struct app *a, const struct next *n, const char *old)
{
    struct buf file = BUF_INIT(4096);
    enum err e = app_settings_path(a, &file);
    app_say(stderr, "The new key stays on the token: %s", buf_str(&n->uri));
    if (e == ERR_OK && n->shared && !a->unknown && !names_key(a->token_uri)) {
        app_say(stderr,
                "The old one still signs for you, and must be named beside it. Put this into %s:",
                buf_str(&file));
        app_say(stderr, "token = %s", old);
    }
    buf_free(&file);
    return e;
}

/* The command that takes the key that is there. */
static enum err say_again(const struct app *a, const struct next *n, const char *old)
{
    struct buf command = BUF_INIT(GO_ON_MAX);
    enum err e = buf_add_str(&command, "countersign rotate");
    if (e == ERR_OK)
        e = go_on_option(&command, "new-token", buf_str(&n->uri));
    if (e == ERR_OK)
        e = go_on_option(&command, "token", old);
    if (e == ERR_OK)
        e = go_on_option(&command, "output", opt_output);
    if (e == ERR_OK)
        e = go_on_settings(&command, a);
    if (e == ERR_OK)
        go_on_say(&command);
    buf_free(&command);
    return e;
}

/* After E, where a key was made that has no place yet. */
static enum err say_made(const struct app *a, const struct next *n, const char *old, enum err e)
{
    if (!n->made || n->uri.len == 0 || n->placed)
        return e;
    enum err said = say_stays(a, n, old);
    if (said == ERR_OK && e != ERR_OK)
        said = say_again(a, n, old);
    return e == ERR_OK ? said : e;
}

static enum err make_statement(struct app *a, struct next *n, struct buf *body)
{
    struct rotation r = {.spki_len = 0};
    enum err e = find_new(a, n);
    if (e == ERR_OK)
        e = read_rotation(a, n, &r);
    if (e == ERR_OK)
        e = show(&r);
    if (e == ERR_OK)
        e = app_confirm(a, "Sign this?");
    return e == ERR_OK ? say(a, n, &r, body) : e;
}

static enum err rotate(struct app *a)
{
    struct next n = {.uri = BUF_INIT(TOKEN_URI_MAX)};
    struct buf body = BUF_INIT(JWS_MAX + 256u), old = BUF_INIT(TOKEN_URI_MAX);
    const char *const said = a->token_uri; /* by which its session is found, too */
    a->may_join = false;                   /* a token that is kept makes no keys */
    enum err e = app_open_key(a, "replace your key");
    if (e == ERR_OK)
        e = keep_to_old(a, &old);
    if (e == ERR_OK)
        e = make_statement(a, &n, &body);
    a->token_uri = said;
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : send(a, &n, &body);
    e = say_made(a, &n, buf_str(&old), e);
    buf_free(&body);
    buf_free(&old);
    close_next(a, &n);
    return e;
}

enum err cmd_rotate(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? rotate(a) : e;
}
