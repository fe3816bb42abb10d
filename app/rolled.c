/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rolled.h"

#include "base/clock.h"
#include "base/file.h"
#include "order/json.h"
#include "verifier/verifier.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_MAX ((size_t)64 << 10)
#define SETTING "bank_key"

/* --- which root key holds --- */

/* The rollovers need no trust in who sends them: they are signed. So they are asked for over a
 * connection that pins the key which is in question, without a session. */
static enum err fetch(struct app *a, const char *other_root, struct js **answer)
{
    const struct client_options o = {.url = a->url, .bank = a->bank, .bank_key = other_root};
    const struct client_call call = {.route = ROUTE_ROLLOVERS};
    struct buf bytes = BUF_INIT(CLIENT_ANSWER_MAX);
    struct client *client = NULL;
    enum err e = client_new(&o, &client);
    if (e == ERR_OK)
        e = client_call(client, &call, &bytes);
    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, answer);
    client_free(client);
    buf_free(&bytes);
    return e;
}

static enum err refuse(struct app *a, enum err e, const char *other_root)
{
    bool rollover = strncmp(err_name(e), "ROLLOVER_", strlen("ROLLOVER_")) == 0;
    return app_fail(a, rollover ? e : ERR_TLS_REFUSED, "its root key is %s, the pinned one %s%s%s",
                    other_root, a->bank_key,
                    rollover ? "" : "; no rollover leads there: ", rollover ? "" : err_name(e));
}

static enum err judge(struct app *a, const struct js *answer, const char *other_root)
{
    struct verify_rollovers *chain = NULL;
    const char *root = NULL;
    enum err e = verify_rollovers(js_get(answer, "rollovers"), a->bank, &chain);
    if (e == ERR_OK)
        e = verify_rolled(chain, a->bank_key, clock_now_us(), &root);
    if (e == ERR_OK && strcmp(root, other_root) != 0)
        e = ERR_KEY_MISMATCH;
    verify_rollovers_free(chain);
    return e;
}

/* --- the new pin --- */

bool rolled_rewrite(struct buf *text, const char *old_key, const char *new_key)
{
    char *at = text->len > 0 ? (char *)text->data : NULL, *end = at + text->len;
    (void)buf_str(text); /* ends it with a NUL */
    while (at != NULL && at < end) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        size_t blank = strspn(at, " \t");
        char *found = strncmp(at + blank, SETTING, strlen(SETTING)) == 0
                          ? memmem(at, len, old_key, KEY_THUMBPRINT_LEN)
                          : NULL;
        if (found != NULL) {
            memcpy(found, new_key, KEY_THUMBPRINT_LEN);
            return true;
        }
        at = stop != NULL ? stop + 1 : NULL;
    }
    return false;
}

/* The file behind a link is the one to write. NOT_FOUND: OLD does not stand there. */
static enum err rewrite_file(const char *path, const char *old_key, const char *new_key)
{
    char real[PATH_MAX];
    struct stat st;
    struct buf text = BUF_INIT(CONFIG_MAX);
    if (path == NULL)
        return ERR_NOT_FOUND;
    if (realpath(path, real) == NULL || stat(real, &st) != 0)
        return ERR_IO;
    enum err e = file_read(real, CONFIG_MAX, &text);
    if (e == ERR_OK && !rolled_rewrite(&text, old_key, new_key))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        e = file_write(real, text.data, text.len, (unsigned)st.st_mode & 0777u);
    buf_free(&text);
    return e;
}

static void tell(struct app *a, const char *old_key)
{
    enum err e = rewrite_file(a->conf_path, old_key, a->rolled_key);
    fprintf(stderr,
            "The root key of %s was replaced, and the old one signed that:\n"
            "  old  %s\n  new  %s\n",
            a->bank, old_key, a->rolled_key);
    if (e == ERR_OK)
        fprintf(stderr, "The new one is pinned in %s\n", a->conf_path);
    else if (e == ERR_NOT_FOUND)
        fprintf(stderr, "From now on give --bank-key %s\n", a->rolled_key);
    else
        fprintf(stderr, "Write this line into %s, which could not be changed:\n  bank_key = %s\n",
                a->conf_path, a->rolled_key);
}

static enum err follow(struct app *a, struct client *client)
{
    char root[KEY_THUMBPRINT_LEN + 1], old_key[KEY_THUMBPRINT_LEN + 1];
    struct js *answer = NULL;
    (void)snprintf(root, sizeof root, "%s", client_other_root(client));
    (void)snprintf(old_key, sizeof old_key, "%s", a->bank_key);
    enum err e = fetch(a, root, &answer);
    if (e == ERR_OK)
        e = judge(a, answer, root);
    js_free(answer);
    if (e != ERR_OK)
        return refuse(a, e, root);
    e = client_set_pin(client, root);
    if (e != ERR_OK)
        return e;
    memcpy(a->rolled_key, root, sizeof a->rolled_key);
    a->bank_key = a->rolled_key;
    tell(a, old_key);
    return ERR_OK;
}

enum err rolled_call(struct app *a, struct client *client, const struct client_call *call,
                     struct buf *answer)
{
    a->message[0] = '\0';
    enum err e = client_call(client, call, answer);
    if (e != ERR_TLS_REFUSED || client_other_root(client)[0] == '\0')
        return e;
    e = follow(a, client);
    return e == ERR_OK ? client_call(client, call, answer) : e;
}
