/* SPDX-License-Identifier: Apache-2.0 */
#include "token/page.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)

struct page {
    atomic_uint count; /* written after the signature that it counts */
    struct {
        uint8_t len, sig[TOKEN_SIG_MAX];
    } made[TOKEN_AT_ONCE];
};

static enum err map(int fd, struct page **out)
{
    void *at = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    *out = at == MAP_FAILED ? NULL : at;
    return *out ? ERR_OK : ERR_NO_MEMORY;
}

enum err page_make(struct page **out, int *fd)
{
    enum err e = ERR_NO_MEMORY;

    *out = NULL;
    *fd = memfd_create("signatures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return e;
    if (ftruncate(*fd, sizeof **out) == 0 && fcntl(*fd, F_ADD_SEALS, SEALS) == 0)
        e = map(*fd, out);
    if (e) {
        close(*fd);
        *fd = -1;
    }
    return e;
}

enum err page_map(int fd, struct page **out)
{
    const int seals = fcntl(fd, F_GET_SEALS);

    if (*out || seals < 0 || (seals & SEALS) != SEALS ||
        lseek(fd, 0, SEEK_END) != (off_t)sizeof **out)
        return ERR_USAGE;
    return map(fd, out);
}

void page_unmap(struct page *p)
{
    if (p)
        munmap(p, sizeof *p);
}

void page_clear(struct page *p)
{
    if (p)
        atomic_store(&p->count, 0);
}

void page_add(struct page *p, const uint8_t *sig, size_t len)
{
    const unsigned count = p ? atomic_load(&p->count) : TOKEN_AT_ONCE;

    if (count >= TOKEN_AT_ONCE || len > TOKEN_SIG_MAX)
        return;
    p->made[count].len = (uint8_t)len;
    memcpy(p->made[count].sig, sig, len);
    atomic_store(&p->count, count + 1);
}

bool page_get(const struct page *p, size_t i, uint8_t sig[static TOKEN_SIG_MAX], size_t *len)
{
    if (!p || i >= TOKEN_AT_ONCE || i >= atomic_load(&p->count))
        return false;
    *len = *(const volatile uint8_t *)&p->made[i].len; /* once: the helper may change it */
    if (*len > TOKEN_SIG_MAX)
        return false;
    memcpy(sig, p->made[i].sig, *len);
    return true;
}
