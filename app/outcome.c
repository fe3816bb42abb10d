/* SPDX-License-Identifier: Apache-2.0 */
#include "app/outcome.h"

#include "order/enrolment.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/key_status.h"
#include <stdio.h>
#include <string.h>

static const char *purpose(const struct js *one)
{
    for (size_t use = 0; use < KEY_USES; use++) {
        if (strcmp(js_member_text(one, "use"), key_use_name((enum key_use)use)) == 0)
            return key_use_name((enum key_use)use);
    }
    return "?";
}

void outcome_print_keeper(const struct js *answer)
{
    const char *name = js_member_text(answer, "keeper");
    const struct js *missing = js_get(answer, "keeperMissing");
    enum err why = err_from_name(name, strlen(name));
    if (name[0] != '\0')
        printf("The bank's keeper did not take this, %s: it goes by what was before.\n",
               err_name(why));
    if (missing != NULL)
        printf("The bank's keeper goes by this once %lld more of its operators ask for the same.\n",
               (long long)js_int(missing));
}

/* HOW they belong to it. */
static void print_keys(const struct js *keys, const char *how)
{
    for (size_t i = 0; i < js_count(keys); i++) {
        const struct js *one = js_at(keys, i);
        const char *thumbprint = js_member_text(one, "thumbprint");
        enum key_status status = key_status_from_name(js_member_text(one, "status"));
        if (forms_thumbprint(thumbprint, strlen(thumbprint)) == ERR_OK &&
            status != KEY_STATUS_COUNT)
            printf("%s: %s, to %s, is %s\n", how, thumbprint, purpose(one),
                   key_status_name(status));
    }
}

void outcome_print(const struct js *answer)
{
    print_keys(js_get(answer, "keys"), "With it");
    print_keys(js_get(answer, "vouchedFor"), "Let in by its word");
    outcome_print_keeper(answer);
}
