/* SPDX-License-Identifier: Apache-2.0 */
#include "app/plugged.h"

#include "app/app.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- readers --- */

/* Those that there are once that changes, or WAIT_MS are over. True when they are not what they
 * were. */
static bool read_readers(struct plugged *p, unsigned wait_ms)
{
    struct token_reader now[TOKEN_READERS_MAX] = {0};
    size_t count = 0;

    enum err e = p->connection == NULL ? token_readers_open(&p->connection) : ERR_OK;
    if (e == ERR_OK)
        e = token_readers_next(p->connection, wait_ms, now, &count);
    if (e != ERR_OK && e != ERR_TOKEN_NO_PCSCD && e != ERR_TOKEN_PCSCD_HANGS) {
        token_readers_close(p->connection);
        p->connection = NULL;
    }
    bool same = e == p->pcscd && count == p->reader_count &&
                memcmp(now, p->readers, count * sizeof *now) == 0;
    memcpy(p->readers, now, count * sizeof *now);
    p->reader_count = count;
    p->pcscd = e;
    return !same;
}

static bool named_alike(const struct token_reader *reader, const struct token_info *token)
{
    /* A slot has the first 64 bytes of the name, without blanks at its end. */
    size_t len = strlen(token->slot);
    return len > 0 && strncmp(reader->name, token->slot, len) == 0 &&
           (reader->name[len] == '\0' || len == sizeof token->slot - 1);
}

/* Whether one that pcscd knows holds the token. */
static bool has_reader(const struct plugged *p, const struct token_info *token)
{
    for (size_t i = 0; i < p->reader_count; i++) {
        if (named_alike(&p->readers[i], token))
            return true;
    }
    return false;
}

bool plugged_known(const struct plugged *p, const struct token_reader *reader)
{
    for (size_t i = 0; i < p->token_count; i++) {
        if (named_alike(reader, &p->tokens[i].info))
            return true;
    }
    return false;
}

/* --- tokens --- */

bool plugged_one_card(const struct token_info *a, const struct token_info *b)
{
    return strspn(a->serial, "0") < strlen(a->serial) && strcmp(a->serial, b->serial) == 0 &&
           strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->module, b->module) == 0;
}

bool plugged_twins(const struct token_info *a, const struct token_info *b)
{
    return a->initialized && b->initialized && strcmp(a->slot, b->slot) != 0 &&
           strcmp(a->label, b->label) == 0 && strcmp(a->serial, b->serial) == 0 &&
           strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->module, b->module) == 0;
}

enum err plugged_reader_uri(const struct token_info *token, struct buf *out)
{
    const struct token_uri_part parts[] = {
        {TOKEN_URI_TOKEN, token->label, strlen(token->label)},
        {TOKEN_URI_SLOT, token->slot, strlen(token->slot)},
    };
    return token_uri_write(parts, sizeof parts / sizeof *parts, out);
}

static enum err look(struct app *a, struct plugged_token *t)
{
    struct buf text = BUF_INIT(TOKEN_URI_MAX);
    struct token_uri *uri = NULL;
    struct token *token = NULL;

    if (!t->info.initialized)
        return ERR_OK;
    enum err e = token_info_uri(&t->info, t->info.slot, &text);
    if (e == ERR_OK)
        e = token_uri_parse(buf_str(&text), &uri);
    if (e == ERR_OK)
        e = token_open(a->modules[t->module], uri, &token);
    if (e == ERR_OK)
        e = token_look(token, &t->sight);
    token_close(token);
    token_uri_free(uri);
    buf_free(&text);
    return e;
}

/* One that was there before was looked at before. */
static const struct plugged_token *find(const struct plugged_token *tokens, size_t count,
                                        const struct plugged_token *like)
{
    for (size_t i = 0; i < count; i++) {
        const struct plugged_token *t = &tokens[i];
        if (t->module == like->module && strcmp(t->info.serial, like->info.serial) == 0 &&
            strcmp(t->info.label, like->info.label) == 0 &&
            strcmp(t->info.slot, like->info.slot) == 0)
            return t;
    }
    return NULL;
}

static enum err add(struct plugged_token **all, size_t *count, const struct plugged_token *one)
{
    struct plugged_token *more = realloc(*all, (*count + 1) * sizeof **all);
    if (more == NULL)
        return ERR_NO_MEMORY;
    *all = more;
    more[(*count)++] = *one;
    return ERR_OK;
}

/* Those of one module. One that fails now has none now, and the others have theirs. */
static enum err read_module(struct plugged *p, size_t module, struct plugged_token **all,
                            size_t *count)
{
    struct token_info *infos = NULL;
    size_t n = 0;
    enum err e = token_list(p->app->modules[module], &infos, &n);
    p->troubles[module] = e;
    if (e != ERR_OK)
        n = 0;
    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        struct plugged_token one = {.info = infos[i], .module = module};
        const struct plugged_token *before = find(p->tokens, p->token_count, &one);
        p->changes += before == NULL;
        if (before != NULL && before->unseen == ERR_OK)
            one.sight = before->sight;
        else if (!p->glances)
            one.unseen = look(p->app, &one);
        e = add(all, count, &one);
    }
    free(infos);
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

static bool in_reader(const struct plugged *p, size_t module)
{
    for (size_t i = 0; i < p->token_count; i++) {
        if (p->tokens[i].module == module && has_reader(p, &p->tokens[i].info))
            return true;
    }
    return false;
}

/* One that hangs for pcscd's sake is asked again when that answers. */
static bool waits_for_pcscd(const struct plugged *p, size_t module)
{
    enum err e = p->troubles[module];
    return p->pcscd == ERR_TOKEN_PCSCD_HANGS &&
           (e == ERR_TOKEN_PCSCD_HANGS || e == ERR_TOKEN_HANGS);
}

static enum err keep_module(const struct plugged *p, size_t module, struct plugged_token **all,
                            size_t *count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < p->token_count; i++) {
        if (p->tokens[i].module == module)
            e = add(all, count, &p->tokens[i]);
    }
    return e;
}

static enum err read_tokens(struct plugged *p, bool readers_changed)
{
    struct plugged_token *all = NULL;
    size_t count = 0;
    enum err e = ERR_OK;
    for (size_t m = 0; e == ERR_OK && m < p->app->module_count; m++) {
        bool again = readers_changed || !(in_reader(p, m) || waits_for_pcscd(p, m));
        e = again ? read_module(p, m, &all, &count) : keep_module(p, m, &all, &count);
    }
    if (e != ERR_OK) {
        free(all);
        return e;
    }
    p->changes += readers_changed || count != p->token_count;
    free(p->tokens);
    p->tokens = all;
    p->token_count = count;
    return ERR_OK;
}

/* --- both --- */

enum err plugged_read(struct plugged *p)
{
    enum err e = app_open_modules(p->app);
    if (e != ERR_OK)
        return e;
    p->troubles = calloc(p->app->module_count + 1, sizeof *p->troubles);
    if (p->troubles == NULL)
        return ERR_NO_MEMORY;
    (void)read_readers(p, 0);
    return read_tokens(p, true);
}

enum err plugged_why(const struct plugged *p, size_t module)
{
    enum err why = token_module_refusal(p->app->modules[module]);
    return p->troubles[module] == ERR_TOKEN_MODULE && why != ERR_OK ? why : p->troubles[module];
}

enum err plugged_trouble(const struct plugged *p)
{
    enum err e = ERR_OK;
    for (size_t m = 0; e == ERR_OK && m < p->app->module_count; m++)
        e = plugged_why(p, m);
    return e;
}

void plugged_free(struct plugged *p)
{
    token_readers_close(p->connection);
    free(p->tokens);
    free(p->troubles);
    memset(p, 0, sizeof *p);
}

static void pause_ms(unsigned wait_ms)
{
    const struct timespec t = {wait_ms / 1000, (long)(wait_ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL); /* a signal ends it, and whoever waits looks for that */
}

enum err plugged_next(struct plugged *p, unsigned wait_ms)
{
    if (p->pcscd != ERR_OK && p->pcscd != ERR_TOKEN_PCSCD_HANGS)
        pause_ms(wait_ms);
    return read_tokens(p, read_readers(p, wait_ms));
}
