/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/fence.h"

#include "base/log.h"
#include "token/landlock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPENING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define REFER_SINCE 2 /* version; before, no file moves to another directory */

/* In /dev, what begins so: terminals, what is shown there, keyboards. */
static const char *const outside[] = {"console", "hvc", "input", "pts", "tty", "uinput", "vcs"};
/* Readers that hang on a serial line: nobody sits there. */
static const char *const inside[] = {"ttyACM", "ttyUSB"};

struct fence {
    int rules;
    __u64 rights; /* of all that happens in a directory */
};

static bool is_among(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(name, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

static bool is_outside(const char *name)
{
    return is_among(outside, sizeof outside / sizeof outside[0], name) &&
           !is_among(inside, sizeof inside / sizeof inside[0], name);
}

/* What cannot be opened, or has no place that a rule could be about, stays closed. */
static void allow(const struct fence *f, int dir, const char *name)
{
    struct landlock_path_beneath_attr beneath = {.parent_fd =
                                                     openat(dir, name, O_PATH | O_CLOEXEC)};
    struct stat st;

    if (beneath.parent_fd < 0)
        return;
    if (fstat(beneath.parent_fd, &st) == 0) {
        beneath.allowed_access = S_ISDIR(st.st_mode) ? f->rights : OPENING;
        (void)syscall(SYS_landlock_add_rule, f->rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    }
    close(beneath.parent_fd);
}

/* All in the directory AT, but what is IS_SHUT there. */
static bool allow_all(const struct fence *f, const char *at, bool (*is_shut)(const char *name))
{
    DIR *dir = opendir(at);
    const struct dirent *one;

    if (!dir)
        return false;
    while ((one = readdir(dir)) != NULL)
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0 &&
            !is_shut(one->d_name))
            allow(f, dirfd(dir), one->d_name);
    closedir(dir);
    return true;
}

static bool is_dev(const char *name)
{
    return strcmp(name, "dev") == 0;
}

enum err fence_enter(void)
{
    const long version = landlock_version();
    struct fence f = {.rights = OPENING};

    if (version < 1) {
        log_event(LOG_WARN, "helper.fence", "this kernel has no Landlock");
        return ERR_OK;
    }
    if (version >= REFER_SINCE)
        f.rights |= LANDLOCK_ACCESS_FS_REFER;
    const struct landlock_ruleset_attr attr = {.handled_access_fs = f.rights};
    f.rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    bool shut = f.rules >= 0 && allow_all(&f, "/", is_dev) && allow_all(&f, "/dev", is_outside) &&
                syscall(SYS_landlock_restrict_self, f.rules, 0) == 0;
    enum err e = shut ? ERR_OK : log_fail(ERR_INTERNAL, "helper.fence", "%s", strerror(errno));
    if (f.rules >= 0)
        close(f.rules);
    return e;
}
