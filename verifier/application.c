/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

static enum err check_display(const struct application_word *said,
                              const struct application *application)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = application_display_digest(application, said->verb, digest);

    return verified_shown(e, digest, said->display_digest);
}

/* docs/FORMAT.md section 8.8: what the statement says, against what it must be about. */
static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_application_input *in = input;
    struct application_word *said = &v->body.application;
    enum err e = application_word_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    if (strcmp(said->head.bank, in->application->bank) != 0 ||
        strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (memcmp(said->application, in->application->digest, DIGEST_LEN) != 0)
        return ERR_APPLICATION_MISMATCH;
    e = application_check_time(in->application, &said->head);
    return e == ERR_OK ? check_display(said, in->application) : e;
}

enum err verify_application(const struct verify_application_input *in, struct verified **out)
{
    return verified_make(STATEMENT_APPLICATION, in->jws, in->jws_len, &in->keys, check, in, out);
}
