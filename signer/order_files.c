/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/order_files.h"
#include "app/app.h"
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "verifier/verifier.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define SUFFIX ".json"

struct reading {
    struct app *app;
    const char *path;
    const struct policy *policy;
    struct waiting_list *list;
    int64_t now_us;
};

/* --- orders --- */

/* What people typed is canonicalised here, before anybody sees it. */
static enum err add_order(struct reading *r, const void *bytes, size_t len, const char *where)
{
    struct subject s = {.bytes = BUF_INIT(ORDER_MAX)};
    struct order_fault fault = {.member = ""};
    struct js *value = NULL;
    size_t policy_len = 0;
    const char *policy = policy_bytes(r->policy, &policy_len);
    if (r->list->count == WAITING_MAX)
        return app_fail(r->app, ERR_TOO_LARGE, "%s: more than %u orders", r->path, WAITING_MAX);
    enum err e = js_parse(bytes, len, &value);
    if (e == ERR_OK)
        e = order_read(value, &s.order, &s.bytes, &fault);
    bool over = e == ERR_OK && s.order.expires_us <= r->now_us;
    if (e == ERR_OK && !over)
        e = policy_parse(policy, policy_len, &s.policy);
    js_free(value);
    if (over)
        waiting_leave_out(&s);
    else if (e == ERR_OK)
        e = waiting_add(r->app, r->list, &s, 0);
    else
        subject_free(&s);
    return e == ERR_OK || r->app->message[0] != '\0' ? e : subject_blame(r->app, e, where, &fault);
}

static enum err read_lines(struct reading *r)
{
    struct buf file = BUF_INIT(FILE_BYTES_MAX);
    enum err e = file_read(r->path, FILE_BYTES_MAX, &file);
    if (e != ERR_OK)
        (void)app_fail(r->app, e, "%s", r->path);
    const char *at = buf_str(&file), *end = at + file.len;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        char where[4096 + 24];
        size_t len = text_line(at, end);
        (void)snprintf(where, sizeof where, "%s:%zu", r->path, number);
        if (len > 0)
            e = add_order(r, at, len, where);
        at += len + 1;
    }
    buf_free(&file);
    return e;
}

static int is_document(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);
    return entry->d_name[0] != '.' && len > suffix &&
           strcmp(entry->d_name + len - suffix, SUFFIX) == 0;
}

static enum err read_document(struct reading *r, const char *name)
{
    struct buf file = BUF_INIT(4 * ORDER_MAX);
    char where[4096];
    int len = snprintf(where, sizeof where, "%s/%s", r->path, name);
    if (len < 0 || (size_t)len >= sizeof where)
        return ERR_TOO_LARGE;
    struct stat st;
    if (stat(where, &st) == 0 && !S_ISREG(st.st_mode))
        return app_fail(r->app, ERR_DOC_TYPE, "%s is no file", where);
    enum err e = file_read(where, file.max, &file);
    if (e == ERR_OK)
        e = add_order(r, file.data, file.len, where);
    else
        (void)app_fail(r->app, e, "%s", where);
    buf_free(&file);
    return e;
}

static enum err read_directory(struct reading *r)
{
    struct dirent **names = NULL;
    int count = scandir(r->path, &names, is_document, alphasort);
    enum err e = count >= 0 ? ERR_OK : app_fail(r->app, ERR_IO, "%s", r->path);
    for (int i = 0; i < count; i++) {
        if (e == ERR_OK)
            e = read_document(r, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return e;
}

static int by_id(const void *a, const void *b)
{
    const struct waiting_order *const *x = a, *const *y = b;
    return strcmp((*x)->subject.order.id, (*y)->subject.order.id);
}

/* One account, so an id is one order: the same one twice would be two leaves that are one. */
static enum err check_ids(struct app *a, const struct waiting_list *l)
{
    const struct waiting_order **sorted = calloc(l->count + 1, sizeof *sorted);
    enum err e = sorted != NULL ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < l->count; i++)
        sorted[i] = &l->orders[i];
    if (e == ERR_OK)
        qsort(sorted, l->count, sizeof *sorted, by_id);
    for (size_t i = 1; e == ERR_OK && i < l->count; i++) {
        if (by_id(&sorted[i - 1], &sorted[i]) == 0)
            e = app_fail(a, ERR_ORDER_ID_TAKEN, "two have the id %s", sorted[i]->subject.order.id);
    }
    free(sorted);
    return e;
}

enum err order_files_read(struct app *a, const char *path, const struct policy *policy,
                          int64_t now_us, struct waiting_list *out)
{
    struct reading r = {a, path, policy, out, now_us};
    struct stat st;
    if (stat(path, &st) != 0)
        return app_fail(a, errno == ENOENT ? ERR_FILE_NOT_FOUND : ERR_IO, "%s", path);
    enum err e = S_ISDIR(st.st_mode) ? read_directory(&r) : read_lines(&r);
    if (e == ERR_OK && out->count == 0)
        e = app_fail(a, ERR_NOT_FOUND, "there is no order in %s", path);
    return e == ERR_OK ? check_ids(a, out) : e;
}

/* --- what was signed before --- */

/* A line of signed decisions; VALUE is for js_free. */
struct signed_line {
    struct js *value;
    const struct js *inclusion;
    struct order order;
    struct batch_inclusion place;
    const char *jws;
    size_t jws_len;
};

static enum err read_line(const char *text, size_t len, struct signed_line *out)
{
    const struct js *decision, *order;
    *out = (struct signed_line){.value = NULL};
    const struct js_member table[] = {MEMBER_TEXT("decision", true, &decision),
                                      MEMBER_OBJECT("inclusion", false, &out->inclusion),
                                      MEMBER_OBJECT("order", true, &order)};
    enum err e = js_parse(text, len, &out->value);
    if (e == ERR_OK)
        e = js_members(out->value, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK)
        e = order_from_js(order, &out->order, NULL);
    if (e == ERR_OK && out->inclusion != NULL)
        e = batch_inclusion_read(out->inclusion, &out->place);
    if (e == ERR_OK)
        out->jws = js_text(decision, &out->jws_len);
    return e;
}

/* An order that is signed. */
struct done {
    char id[ORDER_ID_LEN + 1];
    uint8_t digest[DIGEST_LEN];
};

static int by_done_id(const void *a, const void *b)
{
    const struct done *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static int by_done(const void *a, const void *b)
{
    const struct done *x = a, *y = b;
    int order = by_done_id(x, y);
    return order != 0 ? order : memcmp(x->digest, y->digest, DIGEST_LEN);
}

/* An order that was changed after it was signed would go to the bank beside what it was before, and
 * that comes first. *IS_THERE: it is there as it is. */
static enum err look_up(struct app *a, const struct order *o, const struct buf *done,
                        bool *is_there)
{
    const size_t count = done->len / sizeof(struct done);
    struct done like;
    memcpy(like.id, o->id, sizeof like.id);
    memcpy(like.digest, o->digest, DIGEST_LEN);
    *is_there = bsearch(&like, done->data, count, sizeof like, by_done) != NULL;
    if (*is_there || bsearch(&like, done->data, count, sizeof like, by_done_id) == NULL)
        return ERR_OK;
    return app_fail(a, ERR_ORDER_ID_TAKEN, "what is signed already has another order %s", o->id);
}

/* Those that are signed leave, the others close up. */
static enum err keep_unsigned(struct app *a, struct waiting_list *l, struct buf *done)
{
    size_t kept = 0;
    enum err e = ERR_OK;
    if (done->len == 0)
        return ERR_OK;
    qsort(done->data, done->len / sizeof(struct done), sizeof(struct done), by_done);
    for (size_t i = 0; i < l->count; i++) {
        struct waiting_order *w = &l->orders[i];
        bool is_there = false;
        if (e == ERR_OK)
            e = look_up(a, &w->subject.order, done, &is_there);
        if (is_there)
            buf_free(&w->subject.bytes);
        else
            l->orders[kept++] = *w;
    }
    l->count = kept;
    return e;
}

typedef enum err (*line_fn)(void *ctx, const struct signed_line *line);

/* EACH of the whole lines. */
static enum err walk(struct app *a, const char *path, const struct buf *text, line_fn each,
                     void *ctx)
{
    const char *at = buf_str(text), *end = at + text->len;
    enum err e = ERR_OK;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        size_t len = text_line(at, end);
        struct signed_line line;
        e = read_line(at, len, &line);
        if (e == ERR_OK)
            e = each(ctx, &line);
        if (e != ERR_OK)
            (void)app_fail(a, e, "%s:%zu", path, number);
        js_free(line.value);
        at += len + 1;
    }
    return e;
}

static enum err note_done(void *ctx, const struct signed_line *line)
{
    struct done done;
    memcpy(done.id, line->order.id, sizeof done.id);
    memcpy(done.digest, line->order.digest, DIGEST_LEN);
    return buf_add(ctx, &done, sizeof done);
}

size_t order_files_whole(const struct buf *text)
{
    const uint8_t *stop = text->len > 0 ? memrchr(text->data, '\n', text->len) : NULL;
    return stop != NULL ? (size_t)(stop - text->data) + 1 : 0;
}

enum err order_files_resume(struct app *a, const char *path, struct waiting_list *l,
                            struct buf *text)
{
    struct buf done = BUF_INIT(0);
    enum err e = file_read(path, text->max, text);
    if (e == ERR_FILE_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK)
        return app_fail(a, e, "%s", path);
    bool empty = text->len == 0;
    text->len = order_files_whole(text);
    if (!empty && text->len == 0)
        return app_fail(a, ERR_DOC_TYPE, "%s is no file of signed decisions", path);
    e = walk(a, path, text, note_done, &done);
    if (e == ERR_OK)
        e = keep_unsigned(a, l, &done);
    buf_free(&done);
    return e;
}

struct checking {
    struct app *app;
    const struct policy *policy;
    int64_t now_us;
    size_t old;
};

static const struct key *own_key(void *ctx, const char *thumbprint)
{
    const struct app *a = ctx;
    return strcmp(thumbprint, key_thumbprint(a->public_key)) == 0 ? a->public_key : NULL;
}

static enum err check_line(void *ctx, const struct signed_line *line)
{
    struct checking *c = ctx;
    const struct verify_decision_input in = {.jws = line->jws,
                                             .jws_len = line->jws_len,
                                             .order = &line->order,
                                             .inclusion =
                                                 line->inclusion != NULL ? &line->place : NULL,
                                             .policy = c->policy,
                                             .keys = {own_key, c->app}};
    struct verified *v = NULL;
    enum err e = verify_decision(&in, &v);
    if (e == ERR_OK && verified_decision(v)->verb != VERB_APPROVE)
        e = ERR_ALREADY_DECIDED;
    const struct statement *head = e == ERR_OK ? verified_head(v) : NULL;
    if (head != NULL && head->expires_us <= c->now_us)
        e = ERR_STATEMENT_EXPIRED;
    c->old += head != NULL && waiting_too_old(head, c->now_us);
    verified_free(v);
    return e;
}

enum err order_files_verify(struct app *a, const char *path, const struct buf *text,
                            const struct policy *policy, int64_t now_us, size_t *old)
{
    struct checking c = {.app = a, .policy = policy, .now_us = now_us};
    enum err e = walk(a, path, text, check_line, &c);
    *old = c.old;
    return e;
}
