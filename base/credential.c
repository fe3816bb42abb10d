/* SPDX-License-Identifier: Apache-2.0 */
#include "base/credential.h"

#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err credential_open(const char *name, int *out)
{
    const char *path = getenv("CREDENTIALS_DIRECTORY");

    *out = -1;
    if (!path)
        return ERR_OK;
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return log_fail(ERR_IO, "credential.open", "$CREDENTIALS_DIRECTORY %s: %s", path,
                        strerror(errno));
    *out = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    close(directory);
    if (*out >= 0 || error == ENOENT)
        return ERR_OK;
    return log_fail(ERR_IO, "credential.open", "%s in %s: %s", name, path, strerror(error));
}
