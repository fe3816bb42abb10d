/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/payee_check.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/member.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX 1024
#define PAUSE_SECONDS 5 /* after an answer that did not come */

struct checker {
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    int64_t wait_us;
    int64_t quiet_until_us;
};

struct payee_check {
    pthread_mutex_t lock; /* of NOW */
    struct checker now;
};

enum err payee_check_new(const char *path, int64_t wait_ms, struct payee_check **out)
{
    struct payee_check *p = calloc(1, sizeof *p);

    *out = p;
    if (!p)
        return ERR_NO_MEMORY;
    pthread_mutex_init(&p->lock, NULL);
    payee_check_set(p, path, wait_ms);
    return ERR_OK;
}

void payee_check_set(struct payee_check *p, const char *path, int64_t wait_ms)
{
    struct checker fresh = {.wait_us = wait_ms * 1000};

    memccpy(fresh.path, path, 0, sizeof fresh.path - 1);
    pthread_mutex_lock(&p->lock);
    p->now = fresh;
    pthread_mutex_unlock(&p->lock);
}

static struct checker checker_of(struct payee_check *p)
{
    pthread_mutex_lock(&p->lock);
    struct checker now = p->now;
    pthread_mutex_unlock(&p->lock);
    return now;
}

/* The one that did not answer; not another that took its place. */
static void let_rest(struct payee_check *p, const struct checker *asked)
{
    pthread_mutex_lock(&p->lock);
    if (strcmp(p->now.path, asked->path) == 0)
        p->now.quiet_until_us = clock_mono_us() + PAUSE_SECONDS * INT64_C(1000000);
    pthread_mutex_unlock(&p->lock);
    log_event(LOG_WARN, "bankd.payee_check", "%s does not answer; nobody is asked for %d s",
              asked->path, PAUSE_SECONDS);
}

void payee_check_free(struct payee_check *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* --- one question ------------------------------------------------------------------------------*/

static enum err write_question(const struct order *order, struct buf *out)
{
    struct doc question = {0};

    doc_object(&question);
    doc_text(&question, "account", order->creditor_account);
    doc_text_optional(&question, "bic", order->bic);
    doc_text(&question, "name", order->creditor_name);
    enum err e = doc_canon(&question, out);
    doc_free(&question);
    return e ? e : buf_add_str(out, "\n");
}

/* Never waits: a checker with no room for one more is none. */
static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static enum err wait_for(int fd, int64_t deadline_us)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;
    int n = left_ms > 0 ? poll(&one, 1, (int)left_ms) : 0;

    if (n < 0)
        return errno == EINTR ? ERR_OK : ERR_UNAVAILABLE;
    return n == 0 ? ERR_TIMEOUT : ERR_OK;
}

/* One line, without its end. */
static enum err read_line(int fd, int64_t deadline_us, struct buf *out)
{
    char part[ANSWER_MAX];
    enum err e = ERR_OK;

    while (!e && (out->len == 0 || out->data[out->len - 1] != '\n')) {
        e = wait_for(fd, deadline_us);
        ssize_t n = e ? 0 : read(fd, part, sizeof part);
        if (!e && n > 0)
            e = buf_add(out, part, (size_t)n);
        else if (!e && (n == 0 || (errno != EAGAIN && errno != EINTR)))
            e = ERR_UNAVAILABLE;
    }
    if (!e)
        out->len--;
    return e;
}

/* {"result":"RMVC"} */
static enum err read_answer(const struct buf *line, char out[static PAYEE_CHECK_LEN + 1])
{
    const struct js *result;
    const struct js_member table[] = {MEMBER_TEXT("result", true, &result)};
    struct js *value = NULL;
    size_t len = 0;

    enum err e = js_parse(line->data, line->len, &value);
    if (!e)
        e = js_members(value, table, MEMBER_ROWS(table), NULL);
    const char *code = e ? "" : js_text(result, &len);
    if (!e && !flag_is_payee_check(code, len))
        e = ERR_DOC_MEMBER_INVALID;
    if (!e)
        memcpy(out, code, PAYEE_CHECK_LEN + 1);
    js_free(value);
    return e;
}

static enum err ask(const struct checker *p, const struct order *order,
                    char out[static PAYEE_CHECK_LEN + 1])
{
    int64_t deadline_us = clock_mono_us() + p->wait_us;
    struct buf question = BUF_INIT(ORDER_MAX), answer = BUF_INIT(ANSWER_MAX);
    int fd = dial(p->path);

    enum err e = fd < 0 ? ERR_UNAVAILABLE : write_question(order, &question);
    if (!e && send(fd, question.data, question.len, MSG_NOSIGNAL) != (ssize_t)question.len)
        e = ERR_UNAVAILABLE;
    if (!e)
        e = read_line(fd, deadline_us, &answer);
    if (!e)
        e = read_answer(&answer, out);
    if (fd >= 0)
        close(fd);
    buf_free(&question);
    buf_free(&answer);
    return e;
}

enum err payee_check_ask(struct payee_check *p, const struct order *order,
                         char out[static PAYEE_CHECK_LEN + 1])
{
    out[0] = 0;
    if (!p)
        return ERR_OK;
    const struct checker now = checker_of(p);
    if (!now.path[0])
        return ERR_OK;
    enum err e = clock_mono_us() < now.quiet_until_us ? ERR_UNAVAILABLE : ask(&now, order, out);
    if (!e || e == ERR_NO_MEMORY)
        return e;
    memcpy(out, "RVNA", PAYEE_CHECK_LEN + 1);
    if (e == ERR_TIMEOUT)
        let_rest(p, &now);
    return ERR_OK;
}
