/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "bankd/ctl/audit.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/keys.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/text.h"
#include "order/checkpoint.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define QUERY_MAX 64
#define PAGE_ENTRIES 200u

struct verification {
    struct keys keys;
    struct buf note;      /* the newest checkpoint, as the bank sent it */
    struct buf kept_note; /* --checkpoint */
    struct checkpoint newest, kept;
    struct audit audit;
    struct progress progress;
};

static enum err fetch_newest(struct ctl *ctl, struct verification *s)
{
    const struct client_call call = {.route = ROUTE_CHECKPOINT};
    struct js *answer = NULL;
    size_t len = 0;
    enum err e = ctl_call(ctl, &call, &answer);
    const char *note = js_text(js_get(answer, "checkpoint"), &len);
    if (e == ERR_OK && note == NULL)
        e = ctl_fail(ctl, ERR_DOC_MEMBER_MISSING, "the bank's answer has no \"checkpoint\"");
    if (e == ERR_OK)
        e = buf_add(&s->note, note, len);
    if (e == ERR_OK) {
        e = checkpoint_verify(note, len, s->keys.stated.head.bank, s->keys.log, &s->newest);
        if (e != ERR_OK)
            e = ctl_fail(ctl, e, "the bank's newest checkpoint");
    }
    js_free(answer);
    return e;
}

static enum err read_kept(struct ctl *ctl, struct verification *s)
{
    if (ctl->checkpoint == NULL)
        return ERR_OK;
    enum err e = file_read(ctl->checkpoint, CHECKPOINT_MAX, &s->kept_note);
    if (e == ERR_OK)
        e = checkpoint_verify(buf_str(&s->kept_note), s->kept_note.len, s->keys.stated.head.bank,
                              s->keys.log, &s->kept);
    return e == ERR_OK ? ERR_OK : ctl_fail(ctl, e, "%s", ctl->checkpoint);
}

static enum err audit_page(struct ctl *ctl, struct verification *s)
{
    struct client_call call = {.route = ROUTE_LOG_ENTRIES};
    struct js *page = NULL;
    char query[QUERY_MAX];
    uint64_t wanted = audit_wanted(&s->audit);
    (void)snprintf(query, sizeof query, "from=%" PRIu64 "&limit=%u", s->audit.tree.size,
                   PAGE_ENTRIES);
    call.query = query;
    enum err e = ctl_call(ctl, &call, &page);
    const struct js *entries = js_get(page, "entries");
    for (size_t i = 0; e == ERR_OK && i < js_count(entries) && i < wanted; i++)
        e = audit_entry(&s->audit, js_at(entries, i));
    if (e == ERR_OK && js_count(entries) == 0)
        e = audit_finish(&s->audit); /* says which entry is missing */
    js_free(page);
    return e;
}

static enum err audit_all(struct ctl *ctl, struct verification *s)
{
    enum err e = audit_start(&s->audit, &s->newest, ctl->checkpoint != NULL ? &s->kept : NULL);
    progress_start(&s->progress, "Verifying", s->newest.size);
    while (e == ERR_OK && audit_wanted(&s->audit) > 0) {
        e = audit_page(ctl, s);
        progress_set(&s->progress, s->audit.tree.size);
    }
    progress_end(&s->progress);
    if (e == ERR_OK)
        e = audit_finish(&s->audit);
    return e == ERR_OK || s->audit.where[0] == '\0' ? e : ctl_fail(ctl, e, "%s", s->audit.where);
}

static enum err print_json(const struct ctl *ctl, const struct verification *s)
{
    struct js *o = NULL;
    char root[DIGEST_TEXT_LEN + 1];
    text_hex(s->newest.root.b, sizeof s->newest.root.b, root);
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "bank", s->keys.stated.head.bank);
    if (e == ERR_OK)
        e = js_set_text(o, "bankKey", s->keys.pin);
    if (e == ERR_OK)
        e = js_set_bool(o, "bankKeyPinned", app_main.bank_key != NULL);
    if (e == ERR_OK)
        e = js_set_int(o, "clockPutBack", (int64_t)s->audit.put_back);
    if (e == ERR_OK)
        e = js_set_int(o, "entries", (int64_t)s->newest.size);
    if (e == ERR_OK && ctl->checkpoint != NULL)
        e = js_set_int(o, "keptEntries", (int64_t)s->kept.size);
    if (e == ERR_OK)
        e = js_set_text(o, "root", root);
    if (e == ERR_OK)
        e = js_set_bool(o, "valid", true);
    if (e == ERR_OK)
        e = app_print_json(o);
    js_free(o);
    return e;
}

static void print_plain(const struct ctl *ctl, const struct verification *s)
{
    char root[DIGEST_TEXT_LEN + 1];
    text_hex(s->newest.root.b, sizeof s->newest.root.b, root);
    printf("OK  %s: %" PRIu64 " entries, root %s", s->keys.stated.head.bank, s->newest.size, root);
    if (ctl->checkpoint != NULL)
        printf(", consistent with the kept checkpoint over %" PRIu64, s->kept.size);
    putchar('\n');
    if (s->audit.put_back > 0)
        printf("    The bank's clock was put back %" PRIu64
               " time%s, the last time by entry %" PRIu64
               ": that nothing was back-dated there is the bank's word.\n",
               s->audit.put_back, s->audit.put_back == 1 ? "" : "s", s->audit.put_back_at);
    if (app_main.bank_key == NULL)
        printf("    The bank's own word was taken for its root key %s.\n"
               "    --bank-key with the thumbprint from the bank's letter pins it.\n",
               s->keys.pin);
    if (ctl->checkpoint == NULL)
        puts("    No checkpoint from an earlier day was compared; --save FILE keeps this one.");
}

enum err cmd_log_verify(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct verification s = {.note = BUF_INIT(CHECKPOINT_MAX),
                             .kept_note = BUF_INIT(CHECKPOINT_MAX)};
    (void)words;
    enum err e = keys_fetch(ctl, &s.keys);
    if (e == ERR_OK)
        e = fetch_newest(ctl, &s);
    if (e == ERR_OK)
        e = read_kept(ctl, &s);
    if (e == ERR_OK)
        e = audit_all(ctl, &s);
    if (e == ERR_OK && ctl->save != NULL) {
        e = file_write(ctl->save, s.note.data, s.note.len, 0644);
        if (e != ERR_OK)
            e = ctl_fail(ctl, e, "%s", ctl->save);
    }
    if (e == ERR_OK && ctl->json)
        e = print_json(ctl, &s);
    else if (e == ERR_OK)
        print_plain(ctl, &s);
    audit_free(&s.audit);
    keys_free(&s.keys);
    buf_free(&s.note);
    buf_free(&s.kept_note);
    return e;
}
