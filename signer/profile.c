/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/profile.h"

#include "base/conf.h"
#include "base/file.h"
#include "base/text.h"
#include "signer/token_view.h"
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 512
#define SUFFIX ".conf"

/* --- where they are --- */

/* Those there are, for whoever named none of them. */
static enum err tell_names(struct app *a, const char *name, const char *path)
{
    char names[160] = "";
    size_t len = 0;
    DIR *dir = opendir(path);
    for (const struct dirent *d = dir != NULL ? readdir(dir) : NULL; d != NULL; d = readdir(dir)) {
        size_t n = strlen(d->d_name);
        if (n <= strlen(SUFFIX) || strcmp(d->d_name + n - strlen(SUFFIX), SUFFIX) != 0)
            continue;
        n -= strlen(SUFFIX);
        if (len + n + 2 < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, " %.*s", (int)n, d->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return app_fail(a, ERR_USAGE, "there is no profile %s; there are:%s", name, names);
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static enum err find(struct app *a, const char *name, struct buf *path)
{
    if (strchr(name, '/') != NULL)
        return buf_add_str(path, name);
    char folder[PATH_MAX];
    enum err e = file_from_program(PROFILES_FROM_BIN, folder);
    if (e == ERR_OK)
        e = buf_addf(path, "%s/%s" SUFFIX, folder, name);
    if (e == ERR_OK && (!is_name(name) || access(buf_str(path), R_OK) != 0))
        e = tell_names(a, name, folder);
    return e;
}

/* --- reading --- */

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

static enum err check(struct app *a, const struct profile *p, const char *path)
{
    uint8_t id[TOKEN_ID_MAX];
    size_t len = 0;
    enum err e = ERR_OK;
    if (!is_one_of(p->maker, "user", "officer"))
        return app_fail(a, ERR_CONFIG_INVALID, "%s: maker is user or officer", path);
    if (!is_one_of(p->certificates, "yes", "no"))
        return app_fail(a, ERR_CONFIG_INVALID, "%s: certificates is yes or no", path);
    if (p->blank != NULL && !is_one_of(p->blank, "token", "tool"))
        return app_fail(a, ERR_CONFIG_INVALID, "%s: blank is token or tool", path);
    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++)
        e = profile_id(p, (enum key_use)use, id, &len);
    return e == ERR_OK ? e : app_fail(a, e, "%s: a key's id is hexadecimal", path);
}

enum err profile_read(struct app *a, const char *name, struct profile *out)
{
    memset(out, 0, sizeof *out);
    struct conf_item items[] = {
        {"title", CONF_TEXT, true, NULL, 1, TEXT_MAX, &out->title},
        {"module", CONF_TEXT, true, NULL, 1, 255, &out->module},
        {"token", CONF_TEXT, false, NULL, 1, TOKEN_URI_MAX, &out->token},
        {"blank", CONF_TEXT, false, NULL, 1, 5, &out->blank},
        {"maker", CONF_TEXT, true, NULL, 4, 7, &out->maker},
        {"officer", CONF_TEXT, false, NULL, 1, 64, &out->officer},
        {"sign", CONF_TEXT, true, NULL, 2, 2 * TOKEN_ID_MAX, &out->id[KEY_USE_SIGN]},
        {"authenticate", CONF_TEXT, false, NULL, 2, 2 * TOKEN_ID_MAX,
         &out->id[KEY_USE_AUTHENTICATE]},
        {"derive", CONF_TEXT, false, NULL, 2, 2 * TOKEN_ID_MAX, &out->id[KEY_USE_DERIVE]},
        {"curves", CONF_TEXT, true, NULL, 5, 17, &out->curves},
        {"certificates", CONF_TEXT, true, NULL, 2, 3, &out->certificates},
        {"tried", CONF_TEXT, true, NULL, 1, TEXT_MAX, &out->tried},
        {"command_1", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->command[0]},
        {"command_2", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->command[1]},
        {"command_3", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->command[2]},
        {"command_4", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->command[3]},
        {"remark_1", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->remark[0]},
        {"remark_2", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->remark[1]},
        {"remark_3", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->remark[2]},
        {"remark_4", CONF_TEXT, false, NULL, 1, TEXT_MAX, &out->remark[3]},
    };
    struct buf path = BUF_INIT(PATH_MAX);
    enum err e = find(a, name, &path);
    if (e == ERR_OK)
        e = conf_load(buf_str(&path), items, sizeof items / sizeof *items, NULL, a->message,
                      sizeof a->message);
    if (e == ERR_OK)
        e = check(a, out, buf_str(&path));
    buf_free(&path);
    return e;
}

void profile_free(struct profile *p)
{
    char *const texts[] = {p->title,   p->module, p->token,        p->blank, p->maker,
                           p->officer, p->curves, p->certificates, p->tried};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < KEY_USES; i++)
        free(p->id[i]);
    for (size_t i = 0; i < PROFILE_LINES; i++) {
        free(p->command[i]);
        free(p->remark[i]);
    }
    memset(p, 0, sizeof *p);
}

/* --- what it says --- */

enum err profile_module(struct app *a, const struct profile *p, struct buf *out)
{
    static const char *const folders[] = {"/usr/lib/*", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
    if (p->module[0] == '/')
        return buf_add_str(out, p->module);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct buf pattern = BUF_INIT(PATH_MAX);
        glob_t found = {0};
        enum err e = buf_addf(&pattern, "%s/%s", folders[i], p->module);
        bool there = e == ERR_OK && glob(buf_str(&pattern), 0, NULL, &found) == 0;
        if (there)
            e = buf_add_str(out, found.gl_pathv[0]);
        globfree(&found);
        buf_free(&pattern);
        if (e != ERR_OK || there)
            return e;
    }
    return app_fail(a, ERR_TOKEN_MODULE, "there is no %s on this machine", p->module);
}

bool profile_blank_is_token(const struct profile *p)
{
    return p->blank != NULL && strcmp(p->blank, "token") == 0;
}

bool profile_blank_is_tools(const struct profile *p)
{
    return p->blank != NULL && strcmp(p->blank, "tool") == 0;
}

bool profile_takes_certificates(const struct profile *p)
{
    return strcmp(p->certificates, "yes") == 0;
}

bool profile_by_officer(const struct profile *p)
{
    return strcmp(p->maker, "officer") == 0;
}

enum err profile_curve(struct app *a, const struct profile *p, const char *word,
                       enum token_curve *out)
{
    char first[8] = "";
    (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(p->curves, " "), p->curves);
    enum err e = token_view_curve(a, word != NULL ? word : first, out);
    if (e == ERR_OK && word != NULL && strstr(p->curves, word) == NULL)
        e = app_fail(a, ERR_USAGE, "such a token has %s", p->curves);
    return e;
}

enum err profile_id(const struct profile *p, enum key_use use, uint8_t id[static TOKEN_ID_MAX],
                    size_t *len)
{
    *len = p->id[use] != NULL ? strlen(p->id[use]) / 2 : 0;
    if (*len == 0)
        return ERR_OK;
    return text_unhex(p->id[use], strlen(p->id[use]), id, *len) == ERR_OK ? ERR_OK
                                                                          : ERR_CONFIG_INVALID;
}
