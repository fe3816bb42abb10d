/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/configured.h"

#include "base/buf.h"
#include "base/file.h"
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 10)
#define SUFFIX ".module"
#define BLANKS " \t\r"

/* The system's, in the order in which p11-kit reads them; then the user's, but for root. */
static const char *const folders[] = {"/usr/share/p11-kit/modules", "/etc/pkcs11/modules"};

/* What NAME's line in TEXT says; false where it has none. */
static bool read_line(const char *text, const char *name, char *out, size_t size)
{
    const size_t len = strlen(name);
    bool found = false;
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        at += strspn(at, BLANKS);
        const char *colon = at + len;
        if (strncmp(at, name, len) != 0 || *(colon += strspn(colon, BLANKS)) != ':')
            continue;
        const char *value = colon + 1 + strspn(colon + 1, BLANKS);
        size_t n = strcspn(value, "\n");
        while (n > 0 && strchr(BLANKS, value[n - 1]) != NULL)
            n--;
        found = (size_t)snprintf(out, size, "%.*s", (int)n, value) < size;
    }
    return found;
}

static struct configured *find(struct configured *all, size_t *count, const char *file)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(all[i].file, file) == 0)
            return &all[i];
    }
    if (*count == CONFIGURED_MAX)
        return NULL;
    struct configured *new = &all[(*count)++];
    (void)snprintf(new->file, sizeof new->file, "%s", file);
    new->path[0] = '\0';
    return new;
}

static void read_file(const char *folder, const char *name, struct configured *all, size_t *count)
{
    char path[2 * CONFIGURED_PATH_MAX], value[CONFIGURED_PATH_MAX], trust[16];
    struct buf text = BUF_INIT(FILE_MAX);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    enum err e = file_read(path, FILE_MAX, &text);
    struct configured *one = e == ERR_OK ? find(all, count, name) : NULL;
    if (one != NULL && read_line(buf_str(&text), "module", value, sizeof value)) {
        bool whole = value[0] == '/' || value[0] == '\0';
        (void)snprintf(path, sizeof path, "%s%s", whole ? "" : P11_MODULES "/", value);
        (void)snprintf(one->path, sizeof one->path, "%.*s", CONFIGURED_PATH_MAX - 1, path);
    }
    if (one != NULL && read_line(buf_str(&text), "trust-policy", trust, sizeof trust) &&
        strcmp(trust, "yes") == 0)
        one->path[0] = '\0';
    buf_free(&text);
}

static void read_folder(const char *folder, struct configured *all, size_t *count)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name), suffix = strlen(SUFFIX);
        if (len > suffix && len < CONFIGURED_PATH_MAX && entry->d_name[0] != '.' &&
            strcmp(entry->d_name + len - suffix, SUFFIX) == 0)
            read_file(folder, entry->d_name, all, count);
    }
    if (dir != NULL)
        closedir(dir);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct configured *)a)->path, ((const struct configured *)b)->path);
}

size_t configured_read(struct configured out[static CONFIGURED_MAX])
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    char own[CONFIGURED_PATH_MAX];
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        read_folder(folders[i], out, &count);
    bool set = config != NULL && config[0] == '/';
    (void)snprintf(own, sizeof own, "%s%s/pkcs11/modules",
                   set            ? config
                   : home != NULL ? home
                                  : "",
                   set ? "" : "/.config");
    if (getuid() != 0)
        read_folder(own, out, &count);
    for (size_t i = 0; i < count; i++) {
        if (out[i].path[0] != '\0')
            out[kept++] = out[i];
    }
    qsort(out, kept, sizeof *out, by_path);
    return kept;
}
