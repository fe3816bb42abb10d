/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/post.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MAX ((size_t)64 << 10) /* bytes */

/* One thing on its way. */
struct parcel {
    size_t tag;
    bool web;
    CURL *handle;
    struct curl_slist *list; /* its recipient, or its header */
    struct buf bytes;
    size_t at;       /* what of it is gone */
    size_t answered; /* bytes */
    char words[CURL_ERROR_SIZE];
};

struct post {
    const struct settings *settings;
    const struct secret *password;
    CURLM *multi;
};

static size_t give(char *out, size_t size, size_t count, void *arg)
{
    struct parcel *p = arg;
    size_t left = p->bytes.len - p->at, n = size * count < left ? size * count : left;

    if (n > 0)
        memcpy(out, p->bytes.data + p->at, n);
    p->at += n;
    return n;
}

/* What a server says beside its status is nobody's business, and too much of it is the end. */
static size_t forget(char *bytes, size_t size, size_t count, void *arg)
{
    struct parcel *p = arg;

    (void)bytes;
    p->answered += size * count;
    return p->answered <= ANSWER_MAX ? size * count : 0;
}

enum err post_new(const struct settings *s, const struct secret *password, struct post **out)
{
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NO_MEMORY;
    struct post *p = calloc(1, sizeof *p);
    CURLM *multi = curl_multi_init();
    if (p == NULL || multi == NULL) {
        free(p);
        (void)curl_multi_cleanup(multi);
        return ERR_NO_MEMORY;
    }
    *p = (struct post){.settings = s, .password = password, .multi = multi};
    *out = p;
    return ERR_OK;
}

void post_free(struct post *p)
{
    if (p == NULL)
        return;
    (void)curl_multi_cleanup(p->multi);
    free(p);
}

/* --- where a webhook may be --------------------------------------------------------------------*/

static bool is_inside_4(uint32_t a)
{
    static const struct {
        uint32_t net, mask;
    } inside[] = {
        {0x00000000, 0xff000000}, {0x0a000000, 0xff000000}, {0x64400000, 0xffc00000},
        {0x7f000000, 0xff000000}, {0xa9fe0000, 0xffff0000}, {0xac100000, 0xfff00000},
        {0xc0000000, 0xffffff00}, {0xc0a80000, 0xffff0000}, {0xc6120000, 0xfffe0000},
        {0xe0000000, 0xe0000000},
    };

    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        if ((a & inside[i].mask) == inside[i].net)
            return true;
    }
    return false;
}

/* Global unicast is 2000::/3; 2002::/16 and 64:ff9b::/96 lead to IPv4. */
static bool is_inside_6(const struct in6_addr *a)
{
    return (a->s6_addr[0] & 0xe0) != 0x20 || (a->s6_addr[0] == 0x20 && a->s6_addr[1] == 0x02);
}

static bool is_inside(const struct sockaddr *at)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (at->sa_family == AF_INET) {
        memcpy(&four, at, sizeof four);
        return is_inside_4(ntohl(four.sin_addr.s_addr));
    }
    if (at->sa_family != AF_INET6)
        return true;
    memcpy(&six, at, sizeof six);
    return is_inside_6(&six.sin6_addr);
}

/* Asked for each address that a name leads to. */
static curl_socket_t open_outside(void *ctx, curlsocktype purpose, struct curl_sockaddr *at)
{
    (void)ctx;
    (void)purpose;
    if (is_inside(&at->addr))
        return CURL_SOCKET_BAD;
    return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

/* --- what became of it -------------------------------------------------------------------------*/

/* That the server refuses the courier says nothing about who would get the mail. */
static bool refused_for_ever(CURLcode code, long answer)
{
    return code != CURLE_OK && code != CURLE_LOGIN_DENIED && code != CURLE_USE_SSL_FAILED &&
           answer >= 500 && answer < 600;
}

static void conclude(CURL *h, CURLcode code, const char *words, bool web, struct post_result *out)
{
    long answer = 0;

    (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer);
    bool done = code == CURLE_OK && (!web || (answer >= 200 && answer < 300));
    bool never = web ? answer == 410 : refused_for_ever(code, answer);
    out->end = done ? POST_DONE : never ? POST_UNWANTED : POST_LATER;
    out->words[0] = '\0';
    if (code == CURLE_OK && !done)
        (void)snprintf(out->words, sizeof out->words, "answered %ld", answer);
    else if (code != CURLE_OK)
        (void)snprintf(out->words, sizeof out->words, "%.150s (%ld)",
                       words[0] != '\0' ? words : curl_easy_strerror(code), answer);
    for (char *at = out->words; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
}

static bool set_common(struct parcel *p, const struct settings *s)
{
    CURL *h = p->handle;

    return curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PRIVATE, p) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->send_ms) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_ERRORBUFFER, p->words) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEDATA, p) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, forget) == CURLE_OK;
}

/* libcurl keeps a copy of its own for as long as the mail is on its way. */
static bool set_login(CURL *h, const struct post *post)
{
    char text[SECRET_MAX + 1] = "";

    if (!post->settings->smtp_user[0])
        return true;
    memcpy(text, secret_bytes(post->password), secret_len(post->password));
    bool done = curl_easy_setopt(h, CURLOPT_USERNAME, post->settings->smtp_user) == CURLE_OK &&
                curl_easy_setopt(h, CURLOPT_PASSWORD, text) == CURLE_OK;
    secret_wipe(text, sizeof text);
    return done;
}

static bool set_mail(struct parcel *p, const struct settings *s)
{
    CURL *h = p->handle;
    long tls = strcmp(s->tls, "off") == 0     ? CURLUSESSL_NONE
               : strcmp(s->tls, "tried") == 0 ? CURLUSESSL_TRY
                                              : CURLUSESSL_ALL;

    return curl_easy_setopt(h, CURLOPT_URL, s->smtp) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_USE_SSL, tls) == CURLE_OK &&
           (!s->smtp_ca[0] || curl_easy_setopt(h, CURLOPT_CAINFO, s->smtp_ca) == CURLE_OK) &&
           curl_easy_setopt(h, CURLOPT_MAIL_FROM, s->from) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_MAIL_RCPT, p->list) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_READFUNCTION, give) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_READDATA, p) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_UPLOAD, 1L) == CURLE_OK;
}

static bool set_web(struct parcel *p, const struct settings *s, const char *url)
{
    CURL *h = p->handle;
    bool inside = strcmp(s->inside, "yes") == 0;

    return curl_easy_setopt(h, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, inside ? "http,https" : "https") ==
               CURLE_OK &&
           (inside || curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_outside) == CURLE_OK) &&
           curl_easy_setopt(h, CURLOPT_HTTPHEADER, p->list) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)p->bytes.len) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDS, (const char *)p->bytes.data) == CURLE_OK;
}

/* --- on the way --------------------------------------------------------------------------------*/

static void parcel_free(struct parcel *p)
{
    curl_easy_cleanup(p->handle);
    curl_slist_free_all(p->list);
    buf_free(&p->bytes);
    free(p);
}

/* Takes BYTES over. NULL: no memory. */
static struct parcel *parcel_new(size_t tag, bool web, const char *line, struct buf *bytes)
{
    struct parcel *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    *p = (struct parcel){.tag = tag, .web = web, .bytes = *bytes};
    *bytes = (struct buf){0};
    p->list = curl_slist_append(NULL, line);
    p->handle = curl_easy_init();
    if (p->list != NULL && p->handle != NULL)
        return p;
    parcel_free(p);
    return NULL;
}

static enum err begin(struct post *post, struct parcel *p, bool set)
{
    if (set && curl_multi_add_handle(post->multi, p->handle) == CURLM_OK)
        return ERR_OK;
    parcel_free(p);
    return ERR_NO_MEMORY;
}

enum err post_mail(struct post *post, size_t tag, const char *to, struct buf *message)
{
    struct parcel *p = parcel_new(tag, false, to, message);

    if (p == NULL)
        return ERR_NO_MEMORY;
    return begin(post, p,
                 set_common(p, post->settings) && set_mail(p, post->settings) &&
                     set_login(p->handle, post));
}

enum err post_web(struct post *post, size_t tag, const char *url, const char *type,
                  struct buf *body)
{
    char header[128];
    (void)snprintf(header, sizeof header, "Content-Type: %s", type);
    struct parcel *p = parcel_new(tag, true, header, body);

    if (p == NULL)
        return ERR_NO_MEMORY;
    return begin(post, p, set_common(p, post->settings) && set_web(p, post->settings, url));
}

void post_wait(struct post *post, int wait_ms)
{
    int running = 0;

    (void)curl_multi_poll(post->multi, NULL, 0, wait_ms, NULL);
    (void)curl_multi_perform(post->multi, &running);
}

bool post_next(struct post *post, size_t *tag, struct post_result *out)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(post->multi, &left);
    struct parcel *p = NULL;

    if (message == NULL || message->msg != CURLMSG_DONE ||
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&p) != CURLE_OK)
        return false;
    conclude(p->handle, message->data.result, p->words, p->web, out);
    *tag = p->tag;
    (void)curl_multi_remove_handle(post->multi, p->handle);
    parcel_free(p);
    return true;
}
