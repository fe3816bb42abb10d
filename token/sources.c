/* SPDX-License-Identifier: Apache-2.0
 * The modules that p11-kit is configured to use, by its own files (pkcs11.conf(5)) and rules. Its
 * library would load them all into one process to say which there are: one that crashes or hangs
 * there would take the others along. */
#include "token/both.h"

#include "base/file.h"
#include "token/remote.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 10)
#define SUFFIX ".module"
#define BLANKS " \t\r"
#define SYSTEM_CONFIG "/etc/pkcs11"
#define PROGRAM "countersign-token" /* whom enable-in and disable-in mean */

/* What one file says, or several of the same name: what was said first holds. */
enum word { MODULE, RESERVED, TRUST, PRIORITY, ENABLE, DISABLE, WORDS };
static const char *const words[WORDS] = {
    [MODULE] = "module",     [RESERVED] = "x-init-reserved", [TRUST] = "trust-policy",
    [PRIORITY] = "priority", [ENABLE] = "enable-in",         [DISABLE] = "disable-in",
};

struct entry {
    char file[256], value[WORDS][1024];
    bool said[WORDS];
};

struct entries {
    struct entry *all; /* TOKEN_MODULES_MAX */
    size_t count;
};

/* What the last of NAME's lines in TEXT says; false where it has none, or a longer one. */
static bool find_line(const char *text, const char *name, char *out, size_t size)
{
    const size_t len = strlen(name);
    bool found = false;

    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        at += strspn(at, BLANKS);
        const char *colon = strncmp(at, name, len) == 0 ? at + len + strspn(at + len, BLANKS) : "";
        if (*colon != ':')
            continue;
        const char *value = colon + 1 + strspn(colon + 1, BLANKS);
        size_t n = strcspn(value, "\n");
        while (n && strchr(BLANKS, value[n - 1]))
            n--;
        found = n < size;
        (void)snprintf(out, size, "%.*s", (int)n, value);
    }
    return found;
}

/* --- whose files --- */

/* Root has none: that is p11-kit's rule. */
static bool user_path(const char *name, char out[static PATH_MAX])
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    bool set = config && config[0] == '/';

    if (getuid() == 0 || (!set && !home))
        return false;
    int n =
        snprintf(out, PATH_MAX, "%s%s/pkcs11/%s", set ? config : home, set ? "" : "/.config", name);
    return n > 0 && n < PATH_MAX;
}

static void read_mode(const char *path, char mode[static 16])
{
    struct buf text = BUF_INIT(FILE_MAX);
    char said[16];

    if (access(path, R_OK) == 0 && !file_read(path, FILE_MAX, &text) &&
        find_line(buf_str(&text), "user-config", said, sizeof said))
        memcpy(mode, said, sizeof said);
    buf_free(&text);
}

/* --- the files --- */

static struct entry *find_entry(struct entries *e, const char *file)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->all[i].file, file) == 0)
            return &e->all[i];
    if (e->count == TOKEN_MODULES_MAX)
        return NULL;
    struct entry *one = &e->all[e->count++];
    (void)snprintf(one->file, sizeof one->file, "%s", file);
    return one;
}

static void read_file(const char *folder, const char *file, struct entries *e)
{
    struct buf text = BUF_INIT(FILE_MAX);
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    struct entry *one = file_read(path, FILE_MAX, &text) ? NULL : find_entry(e, file);
    for (size_t i = 0; one && i < WORDS; i++)
        if (!one->said[i])
            one->said[i] = find_line(buf_str(&text), words[i], one->value[i], sizeof one->value[i]);
    buf_free(&text);
}

static void read_folder(const char *folder, struct entries *e)
{
    DIR *dir = opendir(folder);
    const struct dirent *one;

    while (dir && (one = readdir(dir)) != NULL) {
        size_t len = strlen(one->d_name), suffix = strlen(SUFFIX);
        if (len > suffix && one->d_name[0] != '.' &&
            strcmp(one->d_name + len - suffix, SUFFIX) == 0)
            read_file(folder, one->d_name, e);
    }
    if (dir)
        closedir(dir);
}

static void read_modes(char mode[static 16])
{
    char path[PATH_MAX];

    (void)snprintf(mode, 16, "merge");
    read_mode(SYSTEM_CONFIG "/pkcs11.conf", mode);
    if (strcmp(mode, "none") != 0 && user_path("pkcs11.conf", path))
        read_mode(path, mode);
}

void token_module_own_folder(char out[static PATH_MAX])
{
    char mode[16];

    read_modes(mode);
    if (strcmp(mode, "none") == 0 || !user_path("modules", out))
        (void)snprintf(out, PATH_MAX, SYSTEM_CONFIG "/modules");
}

static void read_all(struct entries *e)
{
    char path[PATH_MAX], mode[16];

    read_modes(mode);
    if (strcmp(mode, "none") != 0 && user_path("modules", path))
        read_folder(path, e);
    if (strcmp(mode, "only") != 0 || getuid() == 0) {
        read_folder(SYSTEM_CONFIG "/modules", e);
        read_folder(P11_PACKAGE_CONFIG, e);
    }
}

/* --- what counts --- */

static bool is_in_list(const char *list)
{
    const size_t len = strlen(PROGRAM);

    for (const char *at = list; *at; at += strcspn(at, ", \t")) {
        at += strspn(at, ", \t");
        if (strncmp(at, PROGRAM, len) == 0 && strcspn(at, ", \t") == len)
            return true;
    }
    return false;
}

/* A store of other people's certificates has no key in it. */
static bool counts(const struct entry *one)
{
    if (!one->said[MODULE] || !one->value[MODULE][0] || strcmp(one->value[TRUST], "yes") == 0)
        return false;
    if (one->said[ENABLE])
        return is_in_list(one->value[ENABLE]);
    return !one->said[DISABLE] || !is_in_list(one->value[DISABLE]);
}

/* False where it does not fit. */
static bool get_source(const struct entry *one, struct token_source *out)
{
    const char *module = one->value[MODULE];

    int n = snprintf(out->path, sizeof out->path, "%s%s", module[0] == '/' ? "" : P11_MODULES "/",
                     module);
    memcpy(out->reserved, one->value[RESERVED], sizeof out->reserved);
    memcpy(out->file, one->file, sizeof out->file);
    return n > 0 && (size_t)n < sizeof out->path;
}

static bool is_among(const struct token_source *all, size_t count, const char *path)
{
    char own[PATH_MAX], other[PATH_MAX];

    if (!realpath(path, own))
        return false;
    for (size_t i = 0; i < count; i++)
        if (realpath(all[i].path, other) && strcmp(own, other) == 0)
            return true;
    return false;
}

/* As p11-kit goes through them. */
static int by_priority(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    long p = strtol(x->value[PRIORITY], NULL, 10), q = strtol(y->value[PRIORITY], NULL, 10);

    return p != q ? (p < q ? 1 : -1) : strcmp(x->file, y->file);
}

enum err token_module_sources(struct token_source out[static TOKEN_MODULES_MAX], size_t *count)
{
    struct entries e = {.all = calloc(TOKEN_MODULES_MAX, sizeof *e.all)};

    *count = 0;
    if (!e.all)
        return ERR_NO_MEMORY;
    read_all(&e);
    qsort(e.all, e.count, sizeof *e.all, by_priority);
    for (size_t i = 0; i < e.count; i++)
        if (counts(&e.all[i]) && get_source(&e.all[i], &out[*count]) &&
            !is_among(out, *count, out[*count].path))
            ++*count;
    free(e.all);
    return ERR_OK;
}
