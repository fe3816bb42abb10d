/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/kept.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/enrolment.h"
#include "order/forms.h"
#include "order/iban.h"
#include "order/json.h"
#include "order/text.h"
#include "token/remote.h"
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define ITEMS 13u /* settings */

struct app app_main;

static const struct args_option options[] = {
    {"config", 'c', ARGS_TEXT, "FILE", "settings; default ~/.config/countersign/config",
     &app_main.config},
    {"bank", 0, ARGS_TEXT, "NAME", "the bank's name, such as demobank.example/demo",
     &app_main.bank},
    {"bank-key", 0, ARGS_TEXT, "PIN", "thumbprint of the bank's root key, from its letter",
     &app_main.bank_key},
    {"url", 0, ARGS_TEXT, "URL", "where the bank listens, https://HOST:PORT", &app_main.url},
    {"account", 'a', ARGS_TEXT, "IBAN", "the account", &app_main.account},
    {"token", 't', ARGS_TEXT, "URI", "the token or key, a pkcs11: URI", &app_main.token_uri},
    {"module", 'm', ARGS_TEXT, "PATH", "PKCS#11 module; default: all that p11-kit knows",
     &app_main.module},
    {"pin-fd", 0, ARGS_FD, "N", "read the PIN from descriptor N instead of the terminal",
     &app_main.pin_fd},
    {"pinentry", 0, ARGS_TEXT, "PROGRAM",
     "let this program ask for the PIN, such as pinentry-curses", &app_main.pinentry},
    {"last-try", 0, ARGS_FLAG, NULL, "enter the PIN even if a wrong one locks the token",
     &app_main.last_try},
    {"wait", 0, ARGS_TEXT, "SECONDS",
     "wait so long for a token that is not plugged in; default: 60 at a terminal, otherwise 0",
     &app_main.wait},
    {"session-dir", 0, ARGS_TEXT, "DIR", "a private directory on a tmpfs for the session key",
     &app_main.session_dir},
    {"json", 0, ARGS_FLAG, NULL, "results as JSON on standard output", &app_main.json},
    {"debug", 0, ARGS_FLAG, NULL, "say on standard error what token and bank answered",
     &app_main.debug},
    {"yes", 'y', ARGS_FLAG, NULL, "do not ask for confirmation", &app_main.yes},
};
const struct args_option *const app_options = options;
const size_t app_option_count = sizeof options / sizeof *options;

static enum err default_path(struct buf *out)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    if (base != NULL && base[0] == '/')
        return buf_addf(out, "%s/countersign/config", base);
    const char *home = getenv("HOME");
    return buf_addf(out, "%s/.config/countersign/config", home != NULL ? home : "");
}

enum err app_settings_path(const struct app *a, struct buf *out)
{
    return a->config != NULL ? buf_add_str(out, a->config) : default_path(out);
}

/* Of the default path the two last directories may be missing. Where making them fails, so does
 * writing the file. */
static void make_parents(char *path)
{
    char *last = strrchr(path, '/');
    *last = '\0';
    char *before = strrchr(path, '/');
    *before = '\0';
    (void)mkdir(path, 0700);
    *before = '/';
    (void)mkdir(path, 0700);
    *last = '/';
}

enum err app_write_settings(struct app *a, const struct conf_change *changes, size_t count)
{
    struct buf path = BUF_INIT(4096);
    enum err e = app_settings_path(a, &path);
    if (e == ERR_OK && a->config == NULL)
        make_parents((char *)path.data);
    if (e == ERR_OK)
        e = conf_write(buf_str(&path), changes, count);
    if (e != ERR_OK)
        (void)app_fail(a, e, "%s", buf_str(&path));
    buf_free(&path);
    return e;
}

static void prefer(const char **option, const char *from_file)
{
    if (*option == NULL)
        *option = from_file;
}

/* In groups, as it is printed, or without. A wrong one is no matter of the bank's. */
static enum err take_account(struct app *a)
{
    const char *typed = a->account;
    size_t len = 0;
    if (typed == NULL)
        return ERR_OK;
    for (const char *at = typed; *at != '\0' && len <= IBAN_MAX; at++) {
        if (*at != ' ')
            a->iban[len++] = *at;
    }
    enum err e = iban_check(a->iban, len);
    if (e != ERR_OK)
        return app_fail(
            a, e, "%s: %s",
            typed == a->conf_account ? "account in the configuration file" : "--account", typed);
    a->iban[len] = '\0';
    a->account = a->iban;
    return ERR_OK;
}

/* The other end would be said to be away. */
static enum err check_url(struct app *a)
{
    if (a->url == NULL || forms_url(a->url, strlen(a->url)) == ERR_OK)
        return ERR_OK;
    bool typed = a->url != a->conf_url;
    return app_fail(a, typed ? ERR_USAGE : ERR_CONFIG_INVALID, "%s is https://HOST:PORT, not %s",
                    typed ? "--url" : "url in the configuration file", a->url);
}

static void fill_items(struct app *a, struct conf_item items[static ITEMS])
{
    const struct conf_item table[ITEMS] = {
        {"url", CONF_TEXT, false, NULL, 1, URL_MAX, &a->conf_url},
        {"bank", CONF_TEXT, false, NULL, 1, BANK_MAX, &a->conf_bank},
        {"bank_key", CONF_TEXT, false, NULL, KEY_THUMBPRINT_LEN, KEY_THUMBPRINT_LEN,
         &a->conf_bank_key},
        {"token", CONF_TEXT, false, NULL, 1, TOKEN_URI_MAX, &a->conf_token},
        {"module", CONF_TEXT, false, NULL, 1, 255, &a->conf_module},
        {"token_deadline", CONF_U64, false, NULL, 1, 600, &a->conf_deadline_s},
        {"account", CONF_TEXT, false, NULL, 1, IBAN_GROUPED_MAX, &a->conf_account},
        {"pinentry", CONF_TEXT, false, NULL, 1, 255, &a->conf_pinentry},
        {"name", CONF_TEXT, false, NULL, 1, ENROLMENT_NAME_BYTES, &a->name},
        {"holder", CONF_TEXT, false, NULL, 1, HOLDER_MAX, &a->holder},
        {"enrolment", CONF_TEXT, false, NULL, ENROLMENT_ID_LEN, ENROLMENT_ID_LEN, &a->enrolment},
        {"enrolment_token", CONF_TEXT, false, NULL, 1, TOKEN_URI_MAX, &a->enrolment_token},
        {"enrolment_key", CONF_TEXT, false, NULL, 1, KEY_THUMBPRINT_LEN, &a->enrolment_key},
    };
    memcpy(items, table, sizeof table);
}

enum err app_configure(struct app *a)
{
    struct conf_item items[ITEMS];
    if (a->debug)
        log_init("countersign", LOG_DEBUG);
    fill_items(a, items);
    struct buf path = BUF_INIT(4096);
    enum err e = app_settings_path(a, &path);
    if (e == ERR_OK && (a->config != NULL || access(buf_str(&path), F_OK) == 0))
        e = conf_load(buf_str(&path), items, ITEMS, NULL, a->message, sizeof a->message);
    if (e == ERR_FILE_NOT_FOUND)
        (void)app_fail(a, e, "%s", buf_str(&path));
    buf_free(&path);
    if (a->conf_deadline_s > 0)
        token_remote_deadline((unsigned)a->conf_deadline_s);
    prefer(&a->url, a->conf_url);
    prefer(&a->bank, a->conf_bank);
    prefer(&a->bank_key, a->conf_bank_key);
    prefer(&a->token_uri, a->conf_token);
    prefer(&a->module, a->conf_module);
    prefer(&a->account, a->conf_account);
    prefer(&a->pinentry, a->conf_pinentry);
    if (e == ERR_OK)
        e = check_url(a);
    return e == ERR_OK ? take_account(a) : e;
}

void app_close(struct app *a)
{
    struct conf_item items[ITEMS];
    client_free(a->client);
    key_free(a->public_key);
    kept_leave(a);
    buf_free(&a->opened);
    fill_items(a, items);
    conf_free(items, ITEMS);
    memset(a, 0, sizeof *a);
}

enum err app_need(struct app *a, const char *value, const char *option, const char **out)
{
    *out = value;
    if (value != NULL)
        return ERR_OK;
    return app_fail(a, ERR_SETTING_MISSING, "give --%s or set it in the configuration file",
                    option);
}

enum err app_need_option(struct app *a, const char *value, const char *option, const char **out)
{
    *out = value;
    return value != NULL ? ERR_OK : app_fail(a, ERR_USAGE, "give --%s", option);
}

enum err app_random(uint8_t *out, size_t len)
{
    return RAND_bytes(out, (int)len) == 1 ? ERR_OK : ERR_INTERNAL;
}

enum err app_fail(struct app *a, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->message, sizeof a->message, format, args);
    va_end(args);
    return e;
}

static void finish_json(const struct app *a, const struct err_info *info)
{
    struct doc d = {0};
    doc_object(&d);
    doc_text(&d, "error", info->name);
    doc_text(&d, "cause", info->cause);
    doc_text(&d, "remedy", info->remedy);
    if (a->message[0] != '\0')
        app_doc_safe(&d, "detail", a->message);
    if (app_print_doc(&d) != ERR_OK)
        printf("{\"error\":\"%s\"}\n", info->name);
    doc_free(&d);
}

void app_usage_json(void *ctx, const char *detail)
{
    (void)app_fail(ctx, ERR_USAGE, "%s", detail);
    finish_json(ctx, err_info(ERR_USAGE));
}

int app_finish(void *ctx, enum err e, bool lost)
{
    struct app *a = ctx;
    if (e == ERR_OK)
        return a->found;
    if (lost || (e == ERR_IO && ferror(stdout) && a->message[0] == '\0'))
        (void)app_fail(a, e, "what was to be done is done, but not all of the answer was written");
    const struct err_info *info = err_info(e);
    if (a->json)
        finish_json(a, info);
    fflush(stdout); /* results before the error, where both go to one place */
    fprintf(stderr, "countersign: %s: %s\n", info->name, info->cause);
    if (a->message[0] != '\0') {
        fputs("  ", stderr);
        app_print_safe(stderr, a->message);
        fputc('\n', stderr);
    }
    fprintf(stderr, "  %s\n", info->remedy);
    return info->exit;
}

enum err app_confirm(struct app *a, const char *question)
{
    char line[16];
    if (a->yes || a->pin_fd != NULL)
        return ERR_OK;
    FILE *tty = fopen("/dev/tty", "r+e");
    if (tty == NULL)
        return app_fail(a, ERR_NOT_CONFIRMED, "there is no terminal to ask; --yes answers yes");
    tcflush(fileno(tty), TCIFLUSH); /* an answer typed before the question is none */
    fprintf(tty, "%s [y/N] ", question);
    fflush(tty);
    bool yes = fgets(line, sizeof line, tty) != NULL && (line[0] == 'y' || line[0] == 'Y');
    fclose(tty);
    return yes ? ERR_OK : ERR_NOT_CONFIRMED;
}

enum err app_read_json(const char *path, size_t max, struct js **out)
{
    struct buf file = BUF_INIT(max);
    enum err e = file_read(path, max, &file);
    *out = NULL;
    if (e == ERR_OK)
        e = js_parse(file.data, file.len, out);
    buf_free(&file);
    return e;
}

/* Frees LINE. E: whether it was made. */
static enum err print_line(enum err e, struct buf *line)
{
    if (e == ERR_OK)
        e = buf_add_byte(line, '\n');
    if (e == ERR_OK && fwrite(line->data, 1, line->len, stdout) != line->len)
        e = ERR_IO;
    buf_free(line);
    return e;
}

enum err app_print_json(const struct js *value)
{
    struct buf out = BUF_INIT(APP_PRINT_MAX);
    return print_line(js_canon(value, &out), &out);
}

enum err app_print_doc(const struct doc *d)
{
    struct buf out = BUF_INIT(APP_PRINT_MAX);
    return print_line(doc_canon(d, &out), &out);
}

enum err app_write_file(struct app *a, const char *path, const void *bytes, size_t len)
{
    enum err e = file_write(path, bytes, len, 0644);
    return e == ERR_OK ? e : app_fail(a, e, "%s could not be written", path);
}

enum err app_write_document(struct app *a, const char *path, struct buf *bytes)
{
    enum err e = buf_add_byte(bytes, '\n');
    if (e == ERR_OK && path != NULL)
        return app_write_file(a, path, bytes->data, bytes->len);
    if (e == ERR_OK && fwrite(bytes->data, 1, bytes->len, stdout) != bytes->len)
        e = app_fail(a, ERR_IO, "standard output");
    return e;
}

void app_print_safe(FILE *f, const char *text)
{
    char *tame = strdup(text);
    if (tame == NULL)
        return;
    text_tame(tame);
    fputs(tame, f);
    free(tame);
}

void app_doc_safe(struct doc *d, const char *name, const char *text)
{
    char *tame = strdup(text);
    if (tame == NULL) {
        doc_fail(d, ERR_NO_MEMORY);
        return;
    }
    text_tame(tame);
    doc_text(d, name, tame);
    free(tame);
}

void app_say(FILE *f, const char *format, ...)
{
    char line[APP_LINE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    app_print_safe(f, line);
    fputc('\n', f);
}
