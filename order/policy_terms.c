/* SPDX-License-Identifier: Apache-2.0
 *
 * What a policy is made of, as people write it: holders with their classes on a command line,
 * rules, limits and deputies in a file.
 */
#include "order/policy.h"

#include "order/json.h"
#include "order/member.h"
#include <stdlib.h>
#include <string.h>

enum err policy_person_read(const char *text, struct policy_person *out)
{
    size_t len = strcspn(text, ":");

    *out = (struct policy_person){.class = 'A'};
    if (text[len] && strlen(text + len) != 2)
        return ERR_USAGE;
    if (len >= sizeof out->id || forms_holder(text, len) != ERR_OK)
        return ERR_USAGE;
    memcpy(out->id, text, len);
    if (text[len])
        out->class = text[len + 1];
    return ERR_OK;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct policy_person *)a)->id, ((const struct policy_person *)b)->id);
}

void policy_people_sort(struct policy_person *people, size_t count)
{
    qsort(people, count, sizeof *people, by_id);
}

enum err policy_signatures_read(const struct js *value, bool *single)
{
    const char *word = value ? js_text(value, NULL) : NULL;

    *single = word && strcmp(word, POLICY_SINGLE) == 0;
    return !value || *single ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

enum err policy_terms_read(const struct js *value, struct buf *rules, struct buf *limits,
                           struct buf *deputies, bool *single)
{
    const struct js *d, *l, *r, *s;
    const struct js_member table[] = {{"deputies", JS_ARRAY, false, 1, JS_INT_MAX, &d},
                                      {"limits", JS_ARRAY, false, 1, JS_INT_MAX, &l},
                                      {"rules", JS_ARRAY, false, 1, JS_INT_MAX, &r},
                                      MEMBER_TEXT("signatures", false, &s)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && r)
        e = js_canon(r, rules);
    if (e == ERR_OK && l)
        e = js_canon(l, limits);
    if (e == ERR_OK && d)
        e = js_canon(d, deputies);
    return e == ERR_OK ? policy_signatures_read(s, single) : e;
}
