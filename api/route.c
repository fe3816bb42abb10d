/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <string.h>

static const struct route_info routes[] = {
#define R(role) ROLE_BIT(ROLE_##role)
#define X(id, method, path, callers, roles, body_max) {method, path, callers, roles, body_max},
#include "api/route.def"
#undef X
#undef R
};

const struct route_info *route_info(enum route r)
{
    return &routes[r];
}

bool route_is_act(enum route r)
{
    return routes[r].roles && strcmp(routes[r].method, "POST") == 0;
}

static bool is_param_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool route_is_param(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && is_param_char(text[n]))
        n++;
    /* "." and ".." are steps in a path; URL libraries take them. */
    return n == len && n > 0 && n <= ROUTE_PARAM_MAX && !(text[0] == '.' && n == 1) &&
           !(text[0] == '.' && text[1] == '.' && n == 2);
}

/* Copies the parameter that PATH begins with and returns its length, 0 when there is none. */
static size_t take_param(const char *path, size_t len, struct route_match *out)
{
    size_t n = 0;

    while (n < len && is_param_char(path[n]))
        n++;
    if (!route_is_param(path, n) || out->count == ROUTE_PARAMS_MAX)
        return 0;
    memcpy(out->param[out->count], path, n);
    out->param[out->count][n] = 0;
    out->count++;
    return n;
}

/* PATTERN is ours; what stands between its braces is a name for people. */
static bool fits(const char *pattern, const char *path, size_t len, struct route_match *out)
{
    out->count = 0;
    while (*pattern && len) {
        size_t n = 1;
        if (*pattern == '{') {
            n = take_param(path, len, out);
            pattern = strchr(pattern, '}');
            if (!n || !pattern)
                return false;
        } else if (*pattern != *path) {
            return false;
        }
        pattern++;
        path += n;
        len -= n;
    }
    return !*pattern && !len;
}

enum err route_find(const char *method, const char *path, size_t path_len, struct route_match *out)
{
    enum err e = ERR_NOT_FOUND;

    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        struct route_match found = {.route = (enum route)i};
        if (!fits(routes[i].path, path, path_len, &found))
            continue;
        if (strcmp(method, routes[i].method) == 0) {
            *out = found;
            return ERR_OK;
        }
        e = ERR_METHOD_NOT_ALLOWED;
    }
    *out = (struct route_match){0};
    return e;
}
