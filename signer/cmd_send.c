/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files, or all of a bundle, where the last word
 * of a key on an order is the one that its holder wants (spread.c). Whatever file a no stands in,
 * it is heard once the order is there, and before an approval can pay.
 */
#include "app/app.h"
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "order/order.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include "signer/order_files.h"
#include "signer/sending.h"
#include "signer/spread.h"
#include <stdlib.h>
#include <string.h>

struct source {
    const char *path;
    struct buf file;
    struct spread spread;
};

/* A line of a file, and all of them in the order of the files. */
struct line {
    const struct source *of;
    struct spread_line *l;
    size_t place;       /* among all */
    struct line *group; /* what is said of its order, if that goes in turns for a no; COUNT of it */
    size_t count;
};
struct lines {
    struct line *all; /* as they come */
    struct line *by_order;
    size_t count;
};

/* --- a line --- */

static enum err name_line(const struct line *one, char *where, size_t size)
{
    const char *line = buf_str(&one->of->spread.text) + one->l->at;
    struct js *signed_one = NULL;
    if (one->l->number > 0) {
        (void)snprintf(where, size, "%s:%zu", one->of->path, one->l->number);
        return ERR_OK;
    }
    enum err e = js_parse(line, sending_first(line, one->l->len), &signed_one);
    (void)snprintf(where, size, "%s: %s", one->of->path,
                   js_member_text(js_get(signed_one, "order"), "id"));
    js_free(signed_one);
    return e;
}

static enum err send_line(struct sending *s, const struct line *one, bool *absent)
{
    char where[4096 + 40];
    const char *line = buf_str(&one->of->spread.text) + one->l->at;
    enum err e = name_line(one, where, sizeof where);
    one->l->handled = true;
    return e == ERR_OK ? sending_one(s, line, one->l->len, where, absent) : e;
}

static enum err hold_line(struct sending *s, const struct line *one, const struct spread_line *no)
{
    char where[4096 + 40];
    enum err e = name_line(one, where, sizeof where);
    one->l->handled = true;
    if (e != ERR_OK)
        return e;
    e = app_fail(s->app, ERR_BUNDLE_NO_UNHEARD, "the key %s says no", no->signer);
    sending_hold(s, e, where);
    return ERR_OK;
}

/* --- what is said of one order --- */

/* The no, of COUNT lines, that must be heard before the approval ONE: it waits for an order that
 * ONE may pay, or is of the same key. NULL: none. */
static const struct spread_line *find_no(const struct line *lines, size_t count,
                                         const struct line *one)
{
    for (size_t i = 0; one->l->turn == TURN_APPROVE && i < count; i++) {
        const struct spread_line *no = lines[i].l;
        if (no->waits && (no->one_pays || strcmp(no->signer, one->l->signer) == 0))
            return no;
    }
    return NULL;
}

static enum err send_waiting(struct sending *s, const struct line *lines, size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (lines[i].l->waits)
            e = send_line(s, &lines[i], NULL);
        lines[i].l->waits = false;
    }
    return e;
}

/* Who says no to what the bank does not have yet is heard as soon as it has it, and before anybody
 * can pay it. */
static enum err send_order(struct sending *s, const struct line *lines, size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct spread_line *l = lines[i].l;
        size_t accepted = s->accepted;
        const struct spread_line *no = find_no(lines, i, &lines[i]);
        if (no != NULL)
            e = hold_line(s, &lines[i], no);
        else
            e = send_line(s, &lines[i], l->turn == TURN_NO ? &l->waits : NULL);
        if (e == ERR_OK && l->turn == TURN_APPROVE && s->accepted > accepted)
            e = send_waiting(s, lines, i);
    }
    return e == ERR_OK ? send_waiting(s, lines, count) : e;
}

/* --- of all files --- */

static int in_turn(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = memcmp(x->l->order, y->l->order, DIGEST_LEN);
    if (order != 0)
        return order;
    int turn = spread_in_turn(x->l, y->l);
    return turn != 0 ? turn : x->place < y->place ? -1 : x->place > y->place;
}

/* COUNT lines about one order. */
static void mark(struct lines *all, struct line *lines, size_t count)
{
    bool no = false, other = false;
    for (size_t i = 0; i < count; i++) {
        no |= lines[i].l->turn == TURN_NO;
        other |= lines[i].l->turn == TURN_SUBMIT || lines[i].l->turn == TURN_APPROVE;
    }
    for (size_t i = 0; no && other && i < count; i++) {
        all->all[lines[i].place].group = lines;
        all->all[lines[i].place].count = count;
    }
}

static enum err gather(const struct source *files, size_t count, struct lines *out)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += files[i].spread.count;
    out->all = calloc(total + 1, sizeof *out->all);
    out->by_order = calloc(total + 1, sizeof *out->by_order);
    if (out->all == NULL || out->by_order == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < files[i].spread.count; k++, out->count++)
            out->all[out->count] =
                (struct line){.of = &files[i], .l = &files[i].spread.line[k], .place = out->count};
    }
    memcpy(out->by_order, out->all, out->count * sizeof *out->all);
    qsort(out->by_order, out->count, sizeof *out->by_order, in_turn);
    for (size_t i = 0, n = 0; i < out->count; i += n) {
        const struct spread_line *first = out->by_order[i].l;
        for (n = 1; i + n < out->count &&
                    memcmp(out->by_order[i + n].l->order, first->order, DIGEST_LEN) == 0;)
            n++;
        mark(out, &out->by_order[i], n);
    }
    return ERR_OK;
}

static enum err send_all(struct sending *s, const struct lines *lines)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < lines->count; i++) {
        const struct line *one = &lines->all[i];
        if (!one->l->handled)
            e = one->group != NULL ? send_order(s, one->group, one->count)
                                   : send_line(s, one, NULL);
    }
    return e;
}

/* --- files --- */

static enum err spread(struct app *a, struct source *f)
{
    struct bundle b;
    enum err e = bundle_file_parse(a, f->path, &f->file, &b);
    if (e == ERR_OK)
        e = spread_bundle(&b, &f->spread);
    if (e == ERR_OK && f->spread.count == 0)
        e = app_fail(a, ERR_NOT_FOUND, "%s has no decision yet", f->path);
    bundle_free(&b);
    return e;
}

static bool is_order(const char *text, size_t len)
{
    struct js *value = NULL;
    struct order order;
    enum err e = len <= 4 * ORDER_MAX ? js_parse(text, len, &value) : ERR_TOO_LARGE;
    if (e == ERR_OK)
        e = order_from_js(value, &order, NULL);
    js_free(value);
    return e == ERR_OK;
}

/* An order alone, in its line or over all of them: the bank has no better word for it. */
static enum err refuse_unsigned(struct app *a, const struct source *f)
{
    static const char what[] = "an order that nobody signed: countersign sign or approve";
    const char *text = buf_str(&f->spread.text);
    if (f->spread.count > 1 && f->spread.line[0].turn == TURN_NONE &&
        is_order(text, f->spread.text.len))
        return app_fail(a, ERR_DOC_TYPE, "%s: %s", f->path, what);
    for (size_t i = 0; i < f->spread.count; i++) {
        const struct spread_line *l = &f->spread.line[i];
        if (l->turn == TURN_NONE && is_order(text + l->at, l->len))
            return app_fail(a, ERR_DOC_TYPE, "%s:%zu: %s", f->path, l->number, what);
    }
    return ERR_OK;
}

/* Reads all before anything is sent, so that a wrong path stops nothing half way. */
static enum err read_file(struct sending *s, const char *path, struct source *f)
{
    *f = (struct source){.path = path, .file = BUF_INIT(ORDER_FILES_SIGNED_MAX)};
    enum err e = file_read(path, ORDER_FILES_SIGNED_MAX, &f->file);
    if (e == ERR_OK)
        e = bundle_file_is(&f->file) ? spread(s->app, f) : spread_lines(&f->file, &f->spread);
    s->total += f->spread.count;
    if (e == ERR_OK)
        e = refuse_unsigned(s->app, f);
    if (e == ERR_OK && f->spread.count == 0)
        e = ERR_DOC_TYPE;
    if (e != ERR_OK && s->app->message[0] == '\0')
        (void)app_fail(s->app, e, "%s", path);
    return e;
}

static enum err send_files(struct sending *s, const struct args_list *words, struct source *files)
{
    struct lines lines = {.count = 0};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = read_file(s, words->item[i], &files[i]);
    if (e == ERR_OK)
        e = gather(files, words->count, &lines);
    if (e == ERR_OK) {
        sending_start(s, "Sending");
        e = sending_end(s, send_all(s, &lines));
    }
    free(lines.all);
    free(lines.by_order);
    return e;
}

enum err cmd_send(void *ctx, const struct args_list *words)
{
    struct sending s = {.app = ctx};
    struct source *files = calloc(words->count, sizeof *files);
    enum err e = files != NULL ? app_configure(s.app) : ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = send_files(&s, words, files);
    for (size_t i = 0; files != NULL && i < words->count; i++) {
        buf_free(&files[i].file);
        spread_free(&files[i].spread);
    }
    free(files);
    return e;
}
