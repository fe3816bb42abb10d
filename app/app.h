/* SPDX-License-Identifier: Apache-2.0
 *
 * app: what the programs of people share, holders' and operators': settings, token and PIN,
 * session, the connection to the bank, output. Each part is opened when first needed and stays
 * open; app_close ends all of it.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "api/client.h"
#include "base/args.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "order/iban.h"
#include "order/key.h"
#include "order/statement.h"
#include "token/token.h"
#include <stdbool.h>
#include <stdio.h>

struct doc;
struct js;

struct app {
    /* options; what is NULL comes from the configuration file */
    const char *config, *url, *bank, *bank_key, *token_uri, *module, *account;
    const char *pin_fd, *pinentry, *session_dir, *wait;
    bool json, yes, last_try, debug;

    char *conf_url, *conf_bank, *conf_bank_key, *conf_token, *conf_module, *conf_account;
    char *conf_pinentry;
    uint64_t conf_deadline_s;
    char *name, *holder; /* who one is at the bank: enrol writes these */
    /* a request that waits, the key that it is for, and that key's thumbprint */
    char *enrolment, *enrolment_token, *enrolment_key;
    char iban[IBAN_MAX + 1]; /* ACCOUNT, however it was typed */

    struct token_module **modules;
    size_t module_count;
    struct token *token;
    struct token_key *key; /* the signing key */
    struct key *public_key;
    char rolled_key[KEY_THUMBPRINT_LEN + 1]; /* in place of bank_key, once rollovers led here */
    bool all_keys;  /* several that fit are what is asked for, and not told of */
    bool no_login;  /* a session that has ended stays so: nobody can be asked for the PIN */
    bool may_join;  /* a token that countersign session keeps will do */
    char *joined;   /* the socket of the one that A's token is; NULL: A's own */
    bool logged_in; /* the PIN was entered in this run */
    bool held;      /* TOKEN or KEY is used elsewhere, too, so a pulled token is not opened anew */
    bool told;      /* which modules did not start */
    bool pin_taken; /* a descriptor gave a PIN, which it has once */
    bool failed;    /* its driver did; that is mended once a run */
    bool gave_up;   /* it did not come in time, and is not waited for again */
    bool never_out; /* it was said to be pulled, was there all the same, and signed nothing since */
    char purpose[128]; /* what the PIN was asked for */
    struct buf opened; /* the URI of the token that asked: no other gets the PIN */
    struct client *client;
    bool unknown;      /* client_unknown, of the last app_call */
    int found;         /* the exit code of what was done, by what it found */
    char message[256]; /* what to add to an error, for people */
};

/* Options that every command has. */
extern const struct args_option *const app_options;
extern const size_t app_option_count;
extern struct app app_main; /* the options' values go here */

/* Reads the configuration file, once, before anything else. */
MUST_CHECK enum err app_configure(struct app *a);
/* Appends its path. */
MUST_CHECK enum err app_settings_path(const struct app *a, struct buf *out);
/* Writes the settings into that file, which is made where there is none. */
MUST_CHECK enum err app_write_settings(struct app *a, const struct conf_change *changes,
                                       size_t count);
void app_close(struct app *a);

/* A setting or SETTING_MISSING with its name in the message. */
MUST_CHECK enum err app_need(struct app *a, const char *value, const char *option,
                             const char **out);
/* The same of an option that no setting stands for: USAGE. */
MUST_CHECK enum err app_need_option(struct app *a, const char *value, const char *option,
                                    const char **out);

/* --- token --- */
/* Closes key, token and modules; they are opened again when next needed. */
void app_close_modules(struct app *a);
/* The module of --module or of the URI, else every one that p11-kit knows. */
MUST_CHECK enum err app_open_modules(struct app *a);
/* Says, once, which of them did not start, and what they did: they are no matter of the others'. */
void app_tell_modules(struct app *a);
/* Opens the token that is there now, does not log in. */
MUST_CHECK enum err app_find_token(struct app *a);
/* The same, and one that is not there is waited for, where somebody sees that (app/card.h). */
MUST_CHECK enum err app_open_token(struct app *a);
/* Asks for the PIN and logs the open token in. Once a run; again when the token was pulled. */
MUST_CHECK enum err app_log_in(struct app *a, const char *purpose);
/* Asks for the PIN (PURPOSE: "approve this order"), logs in, finds the signing key. Once a run. */
MUST_CHECK enum err app_open_key(struct app *a, const char *purpose);
/* The same before a signature: where the PIN was asked for earlier in the run, asks for a yes. */
MUST_CHECK enum err app_consent(struct app *a, const char *purpose);
/* jws_sign_fn with the app as its context. A token that was pulled is waited for, and must have the
 * same key then. */
enum err app_sign(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig, size_t sig_cap,
                  size_t *sig_len);
/* Appends the statement of KIND with PAYLOAD, signed by A's key, compact. */
MUST_CHECK enum err app_sign_statement(struct app *a, enum statement_kind kind,
                                       const struct buf *payload, struct buf *jws);
/* Finds A's signing key on the open token, where A is logged in; the same as before, if there was
 * one: KEY_MISMATCH. */
MUST_CHECK enum err app_find_key(struct app *a);
/* Waits for A's token, which was pulled (card_pulled), asks for the PIN again and finds the same
 * key there. WHY, which came of using it, is returned where nobody waits. */
MUST_CHECK enum err app_reopen_key(struct app *a, enum err why);

/* --- PINs --- */
struct app_pin {
    const char *prompt; /* "New PIN" */
    const char *fd;     /* the number of a descriptor that has it; NULL: somebody is asked */
    bool new;           /* then he is asked twice */
    const struct token_info *token; /* NULL: none yet */
};
/* A PIN from its descriptor, by pinentry or from the terminal, for tokens of M. It never is in this
 * process. */
MUST_CHECK enum err app_read_pin(struct app *a, struct token_module *m, const struct app_pin *pin,
                                 struct token_pin **out);
/* The PIN of the open token, to PURPOSE; on a reader's keypad *OUT is NULL, and it says that the
 * reader asks. A token that is locked, or on its last try without --last-try, is refused before
 * anybody types. */
MUST_CHECK enum err app_ask_pin(struct app *a, const struct token_info *info, const char *purpose,
                                struct token_pin **out);
/* E; where that is a wrong PIN of the open token, with the tries that are left: PIN_LOCKED when it
 * was the last. */
MUST_CHECK enum err app_tell_tries(struct app *a, enum err e);
/* The tries left in words. */
const char *app_tries_left(enum token_tries tries);

/* --- bank --- */
/* Another connection with the session on disk, beside the one of app_call. */
MUST_CHECK enum err app_connect_beside(struct app *a, struct client **out);
/* SESSION gets the bank's words about the new session, for js_free; NULL when nobody wants them. */
MUST_CHECK enum err app_login(struct app *a, struct js **session);
/* Appends the body that makes the key with thumbprint SESSION, of another program, a session. */
MUST_CHECK enum err app_login_for(struct app *a, const char *session, struct buf *body);
/* Destroys the session key and tells the bank. *HAD: there was one. *TOLD: ERR_OK when the bank
 * knows; otherwise it ends the session by itself, later. */
MUST_CHECK enum err app_logout(struct app *a, bool *had, enum err *told);
/* The bank's challenge that keeps statements of the key with THUMBPRINT fresh until it expires;
 * needs no session. The caller frees *ANSWER with js_free. */
MUST_CHECK enum err app_challenge(struct app *a, const char *thumbprint, struct js **answer);
/* Calls the bank with the session; without one logs in first, with the token's PIN. */
MUST_CHECK enum err app_call(struct app *a, const struct client_call *call, struct js **answer);
/* Calls the bank without a session, as somebody whom it does not know. */
MUST_CHECK enum err app_call_open(struct app *a, const struct client_call *call,
                                  struct js **answer);
/* As app_call, answer as bytes. */
MUST_CHECK enum err app_call_bytes(struct app *a, const struct client_call *call,
                                   struct buf *answer);

/* app_call, and the answer printed: as JSON where that is asked for, otherwise by VIEW. */
MUST_CHECK enum err app_call_view(struct app *a, const struct client_call *call,
                                  void (*view)(const struct js *answer));

MUST_CHECK enum err app_random(uint8_t *out, size_t len);
/* Issued now, good for a day, with a fresh nonce and the CHALLENGE, if any. */
MUST_CHECK enum err app_head(const char *challenge, struct statement *head);

/* --- people --- */
/* The end of a program whose context is the app (base/args.h): prints the error with cause and
 * remedy (JSON with --json), returns its exit code; for ERR_OK, the app's. */
int app_finish(void *ctx, enum err e, bool lost);
void app_usage_json(void *ctx, const char *detail); /* of a line that is wrong */
/* Notes words for app_finish and returns E. */
enum err app_fail(struct app *a, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Yes from the terminal, --yes, or a PIN by descriptor. */
MUST_CHECK enum err app_confirm(struct app *a, const char *question);
/* The JSON in the file PATH, of at most MAX bytes; *OUT is for js_free. */
MUST_CHECK enum err app_read_json(const char *path, size_t max, struct js **out);
/* Canonical JSON and a line end on standard output, of at most APP_PRINT_MAX bytes. */
#define APP_PRINT_MAX ((size_t)256 << 20) /* many pages of a statement or a list */
MUST_CHECK enum err app_print_json(const struct js *value);
MUST_CHECK enum err app_print_doc(const struct doc *d);
/* Anybody may read the file; an error names it. */
MUST_CHECK enum err app_write_file(struct app *a, const char *path, const void *bytes, size_t len);
/* Writes BYTES and one LF, which is not part of the document, to the file PATH, or to standard
 * output when that is NULL. BYTES has the LF afterwards. */
MUST_CHECK enum err app_write_document(struct app *a, const char *path, struct buf *bytes);
/* TEXT, tamed (text_tame), for what comes from tokens and the bank. */
void app_print_safe(FILE *f, const char *text);
/* The same as a member of D: such a text may be in any encoding, and JSON is UTF-8. */
void app_doc_safe(struct doc *d, const char *name, const char *text);
/* A line likewise, of at most APP_LINE_MAX bytes. */
#define APP_LINE_MAX 2048
void app_say(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
