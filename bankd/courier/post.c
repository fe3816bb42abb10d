/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/post.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct upload {
    const struct buf *bytes;
    size_t at;
};

static size_t give(char *out, size_t size, size_t count, void *arg)
{
    struct upload *u = arg;
    size_t left = u->bytes->len - u->at, n = size * count < left ? size * count : left;

    if (n > 0)
        memcpy(out, u->bytes->data + u->at, n);
    u->at += n;
    return n;
}

static size_t forget(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * count;
}

enum err post_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? ERR_OK : ERR_NO_MEMORY;
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

static void conclude(CURL *h, CURLcode code, const char *words, bool web, struct post_result *out)
{
    long answer = 0;

    (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer);
    bool done = code == CURLE_OK && (!web || (answer >= 200 && answer < 300));
    bool never = web ? answer == 410 : code != CURLE_OK && answer >= 500 && answer < 600;
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

static bool set_common(CURL *h, const struct settings *s, char *words)
{
    return curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->send_ms) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_ERRORBUFFER, words) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, forget) == CURLE_OK;
}

static bool set_mail(CURL *h, const struct settings *s, struct curl_slist *to, struct upload *u)
{
    long tls = strcmp(s->tls, "off") == 0     ? CURLUSESSL_NONE
               : strcmp(s->tls, "tried") == 0 ? CURLUSESSL_TRY
                                              : CURLUSESSL_ALL;

    return curl_easy_setopt(h, CURLOPT_URL, s->smtp) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_USE_SSL, tls) == CURLE_OK &&
           (!s->smtp_ca[0] || curl_easy_setopt(h, CURLOPT_CAINFO, s->smtp_ca) == CURLE_OK) &&
           curl_easy_setopt(h, CURLOPT_MAIL_FROM, s->from) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_READFUNCTION, give) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_READDATA, u) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_UPLOAD, 1L) == CURLE_OK;
}

static bool set_web(CURL *h, const struct settings *s, const char *url, struct curl_slist *head,
                    const struct buf *body)
{
    bool inside = strcmp(s->inside, "yes") == 0;

    return curl_easy_setopt(h, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, inside ? "http,https" : "https") ==
               CURLE_OK &&
           (inside || curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_outside) == CURLE_OK) &&
           curl_easy_setopt(h, CURLOPT_HTTPHEADER, head) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)body->len) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_POSTFIELDS, (const char *)body->data) == CURLE_OK;
}

static void run(CURL *h, bool set, const char *words, bool web, struct post_result *out)
{
    if (set)
        conclude(h, curl_easy_perform(h), words, web, out);
    else
        *out = (struct post_result){POST_LATER, "not enough memory"};
}

void post_mail(const struct settings *s, const char *to, const struct buf *message,
               struct post_result *out)
{
    char words[CURL_ERROR_SIZE] = "";
    struct upload upload = {.bytes = message};
    struct curl_slist *list = curl_slist_append(NULL, to);
    CURL *h = curl_easy_init();

    run(h, h && list && set_common(h, s, words) && set_mail(h, s, list, &upload), words, false,
        out);
    curl_easy_cleanup(h);
    curl_slist_free_all(list);
}

void post_web(const struct settings *s, const char *url, const char *type, const struct buf *body,
              struct post_result *out)
{
    char words[CURL_ERROR_SIZE] = "", header[128];
    (void)snprintf(header, sizeof header, "Content-Type: %s", type);
    struct curl_slist *head = curl_slist_append(NULL, header);
    CURL *h = curl_easy_init();

    run(h, h && head && set_common(h, s, words) && set_web(h, s, url, head, body), words, true,
        out);
    curl_easy_cleanup(h);
    curl_slist_free_all(head);
}
