/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/plugged_watch.h"

#include "app/app.h"
#include "app/screen.h"
#include "app/signals.h"
#include "order/doc.h"
#include "signer/token_view.h"
#include "token/remote.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 1000   /* until modules without readers are asked again */
#define GLANCE_MS 200  /* until the keyboard is */
#define LINES_MAX 1024 /* of the page */

/* --- a line an event --- */

/* What it was before; the names are enough to say what went. */
struct before {
    bool begun;
    enum err pcscd;
    struct token_reader readers[TOKEN_READERS_MAX];
    size_t reader_count;
    struct token_info *tokens;
    size_t token_count;
};

static enum err tell_json(const char *event, const char *name, const struct token_info *token)
{
    struct doc d = {0};
    doc_object(&d);
    doc_text(&d, "event", event);
    if (name != NULL)
        app_doc_safe(&d, token != NULL ? "token" : "reader", name);
    if (token != NULL) {
        app_doc_safe(&d, "serial", token->serial);
        app_doc_safe(&d, "slot", token->slot);
    }
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

static enum err tell(const struct plugged *p, const char *event, const char *name,
                     const struct token_info *token)
{
    enum err e = ERR_OK;
    if (p->app->json)
        e = tell_json(event, name, token);
    else if (token != NULL)
        app_say(stdout, "%-13s %s, serial %s, in %s", event, name, token->serial, token->slot);
    else
        app_say(stdout, "%-13s %s", event, name != NULL ? name : "");
    return e == ERR_OK && fflush(stdout) != 0 ? ERR_IO : e;
}

static const struct token_reader *reader_named(const struct token_reader *all, size_t count,
                                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    }
    return NULL;
}

/* A card that was changed between two looks went and came. */
static enum err tell_reader(const struct plugged *p, const struct token_reader *was,
                            const struct token_reader *is)
{
    enum err e = was == NULL ? tell(p, "reader-here", is->name, NULL) : ERR_OK;
    bool other = was != NULL && was->changes != is->changes;
    if (e == ERR_OK && was != NULL && was->card && (!is->card || other))
        e = tell(p, "card-gone", is->name, NULL);
    if (e == ERR_OK && is->card && (was == NULL || !was->card || other))
        e = tell(p, is->mute ? "card-mute" : "card-here", is->name, NULL);
    return e;
}

static enum err tell_readers(const struct plugged *p, const struct before *b)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < b->reader_count; i++) {
        if (reader_named(p->readers, p->reader_count, b->readers[i].name) == NULL)
            e = tell(p, "reader-gone", b->readers[i].name, NULL);
    }
    for (size_t i = 0; e == ERR_OK && i < p->reader_count; i++)
        e = tell_reader(p, reader_named(b->readers, b->reader_count, p->readers[i].name),
                        &p->readers[i]);
    return e;
}

static bool same_token(const struct token_info *a, const struct token_info *b)
{
    return strcmp(a->serial, b->serial) == 0 && strcmp(a->label, b->label) == 0 &&
           strcmp(a->slot, b->slot) == 0 && strcmp(a->module, b->module) == 0;
}

static bool was_there(const struct before *b, const struct token_info *token)
{
    for (size_t i = 0; i < b->token_count; i++) {
        if (same_token(&b->tokens[i], token))
            return true;
    }
    return false;
}

static bool is_there(const struct plugged *p, const struct token_info *token)
{
    for (size_t i = 0; i < p->token_count; i++) {
        if (same_token(&p->tokens[i].info, token))
            return true;
    }
    return false;
}

/* A free slot is no token. */
static enum err tell_tokens(const struct plugged *p, const struct before *b)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < b->token_count; i++) {
        if (b->tokens[i].initialized && !is_there(p, &b->tokens[i]))
            e = tell(p, "token-gone", b->tokens[i].label, &b->tokens[i]);
    }
    for (size_t i = 0; e == ERR_OK && i < p->token_count; i++) {
        const struct token_info *t = &p->tokens[i].info;
        if (t->initialized && !was_there(b, t))
            e = tell(p, "token-here", t->label, t);
    }
    return e;
}

static enum err keep(const struct plugged *p, struct before *b)
{
    struct token_info *tokens = calloc(p->token_count + 1, sizeof *tokens);
    if (tokens == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < p->token_count; i++)
        tokens[i] = p->tokens[i].info;
    free(b->tokens);
    b->tokens = tokens;
    b->token_count = p->token_count;
    memcpy(b->readers, p->readers, sizeof b->readers);
    b->reader_count = p->reader_count;
    b->pcscd = p->pcscd;
    b->begun = true;
    return ERR_OK;
}

static enum err tell_all(const struct plugged *p, struct before *b)
{
    const char *event = p->pcscd == ERR_OK                  ? "pcscd-here"
                        : p->pcscd == ERR_TOKEN_PCSCD_HANGS ? "pcscd-hangs"
                                                            : "pcscd-gone";
    enum err e = ERR_OK;
    if (!b->begun || b->pcscd != p->pcscd)
        e = tell(p, event, NULL, NULL);
    if (e == ERR_OK)
        e = tell_readers(p, b);
    if (e == ERR_OK)
        e = tell_tokens(p, b);
    return e == ERR_OK ? keep(p, b) : e;
}

static enum err watch_lines(struct plugged *p)
{
    struct before b = {.begun = false};
    enum err e = ERR_OK;
    signals_catch();
    token_remote_give_up(signals_seen);
    for (;;) {
        e = tell_all(p, &b);
        if (e != ERR_OK || signals_seen())
            break;
        e = plugged_next(p, WAIT_MS);
        if (e != ERR_OK || signals_seen())
            break;
    }
    token_remote_give_up(NULL);
    signals_release();
    free(b.tokens);
    return e;
}

/* --- the page --- */

struct page {
    char *text;
    size_t len, top;
    bool quit;
};

static enum err render(const struct plugged *p, struct page *page)
{
    free(page->text);
    page->text = NULL;
    FILE *f = open_memstream(&page->text, &page->len);
    if (f == NULL)
        return ERR_NO_MEMORY;
    enum err e = token_view_plugged(f, p);
    if (fclose(f) != 0 && e == ERR_OK)
        e = ERR_NO_MEMORY;
    return e;
}

static void draw(struct page *page)
{
    struct screen_line lines[LINES_MAX];
    size_t count = 0;
    for (const char *at = page->text; *at != '\0' && count < LINES_MAX; count++) {
        size_t len = strcspn(at, "\n");
        lines[count] = (struct screen_line){.text = at, .len = len};
        at += len + (at[len] == '\n');
    }
    if (page->top + screen_rows() > count)
        page->top = count > screen_rows() ? count - screen_rows() : 0;
    screen_draw(&(struct screen_page){.title = "Readers and tokens",
                                      .state = "live",
                                      .heads = "",
                                      .lines = lines,
                                      .count = count,
                                      .selected = count,
                                      .top = page->top,
                                      .foot = "q: quit  arrows: move"});
}

static struct page *shown; /* somebody may press a key while a module is waited for, too */

static bool quits(void)
{
    for (int key = screen_key(); key != SCREEN_NONE; key = screen_key()) {
        if (key == SCREEN_QUIT || key == SCREEN_ESCAPE || key == 'q')
            shown->quit = true;
        else if (key == SCREEN_DOWN)
            shown->top++;
        else if (key == SCREEN_UP && shown->top > 0)
            shown->top--;
        if (shown->quit)
            break;
    }
    return shown->quit;
}

static enum err watch_page(struct plugged *p)
{
    struct page page = {.text = NULL};
    enum err e = screen_open();
    shown = &page;
    token_remote_give_up(quits);
    while (e == ERR_OK && !quits()) {
        e = render(p, &page);
        if (e == ERR_OK)
            draw(&page);
        if (e == ERR_OK)
            e = plugged_next(p, GLANCE_MS);
    }
    token_remote_give_up(NULL);
    screen_close();
    free(page.text);
    return e;
}

enum err plugged_watch(struct plugged *p)
{
    bool page = !p->app->json && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    return page ? watch_page(p) : watch_lines(p);
}
