/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verified.h"

#include <string.h>

static enum err check_display(const struct sponsorship *said)
{
    uint8_t digest[DIGEST_LEN];
    enum err e = sponsorship_display_digest(said, digest);

    return verified_shown(e, digest, said->display_digest);
}

/* docs/FORMAT.md section 8.10: what the statement says, against what it must be about. */
static enum err check(const void *input, const struct buf *payload, struct verified *v)
{
    const struct verify_sponsorship_input *in = input;
    struct sponsorship *said = &v->body.sponsorship;
    enum err e = sponsorship_parse(payload->data, payload->len, said);

    if (e != ERR_OK)
        return e;
    if (strcmp(said->head.bank, in->bank) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(said->enrolment, in->enrolment) != 0)
        return ERR_SPONSORSHIP_MISMATCH;
    return check_display(said);
}

enum err verify_sponsorship(const struct verify_sponsorship_input *in, struct verified **out)
{
    return verified_make(STATEMENT_SPONSORSHIP, in->jws, in->jws_len, &in->keys, check, in, out);
}
