/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The whole struct lies in the mapping, so the length is as hidden as the content. */
struct secret {
    size_t len;
    uint8_t bytes[SECRET_MAX];
};

void *secret_pages_new(size_t len)
{
    void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    /* mlock2 without flags is mlock, but sanitizers do not replace it by nothing. A fork does not
     * inherit the lock, therefore the child gets zeroes. */
    if (mlock2(pages, len, 0) != 0 || madvise(pages, len, MADV_DONTDUMP) != 0 ||
        madvise(pages, len, MADV_WIPEONFORK) != 0) {
        munmap(pages, len);
        return NULL;
    }
    return pages;
}

void secret_pages_free(void *pages, size_t len)
{
    secret_wipe(pages, len);
    munmap(pages, len); /* unlocks, too */
}

enum err secret_new(struct secret **out)
{
    *out = secret_pages_new(sizeof **out);
    return *out ? ERR_OK : ERR_NO_MEMORY;
}

enum err secret_add(struct secret *s, const void *bytes, size_t len)
{
    if (len > SECRET_MAX - s->len)
        return ERR_TOO_LARGE;
    if (len)
        memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
    return ERR_OK;
}

const uint8_t *secret_bytes(const struct secret *s)
{
    return s->bytes;
}

size_t secret_len(const struct secret *s)
{
    return s->len;
}

/* Reads one byte to its place in the locked page; 1, 0 at the end, -1 on error. */
static ssize_t read_byte(struct secret *s, size_t at, int fd)
{
    ssize_t n;

    do
        n = read(fd, s->bytes + at, 1);
    while (n < 0 && errno == EINTR);
    return n;
}

enum err secret_read_line(struct secret *s, int fd)
{
    enum err e = ERR_OK;
    size_t start = s->len;
    size_t at = start;
    ssize_t n;

    /* One byte a call, straight into the page: what follows the line stays in FD for others. */
    for (;;) {
        if (at == SECRET_MAX) {
            uint8_t next = 0;
            n = read(fd, &next, 1);
            if (n < 0 || (n == 1 && next != '\n'))
                e = n < 0 ? ERR_IO : ERR_TOO_LARGE;
            secret_wipe(&next, 1);
            break;
        }
        n = read_byte(s, at, fd);
        if (n <= 0 || s->bytes[at] == '\n')
            break;
        at++;
    }
    if (n < 0 || (n == 0 && at == start))
        e = ERR_IO;
    if (e) {
        secret_wipe(s->bytes + start, SECRET_MAX - start);
        return e;
    }
    s->len = at;
    return ERR_OK;
}

void secret_free(struct secret *s)
{
    if (s)
        secret_pages_free(s, sizeof *s);
}

void secret_wipe(void *p, size_t len)
{
    if (p)
        explicit_bzero(p, len);
}

int secret_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differs = 0;

    for (size_t i = 0; i < len; i++)
        differs = (uint8_t)(differs | (x[i] ^ y[i]));
    return differs == 0;
}

enum err secret_harden_process(void)
{
    static const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return ERR_INTERNAL;
    return ERR_OK;
}
