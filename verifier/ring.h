/* SPDX-License-Identifier: Apache-2.0
 *
 * ring: the keys and policies that the command line named, parsed once, then only read, by all
 * threads. Failures are told, in the style of the verdicts, with file and line.
 */
#ifndef VERIFIER_RING_H
#define VERIFIER_RING_H

#include "base/err.h"
#include "verifier/verdict.h"
#include "verifier/verifier.h"

struct ring;

MUST_CHECK enum err ring_new(struct verdict_style style, struct ring **out);
/* Lines of {"spki":"base64url of DER"} or of a public JWK. */
MUST_CHECK enum err ring_add_keys(struct ring *r, const char *path);
/* One policy document. */
MUST_CHECK enum err ring_add_policy(struct ring *r, const char *path);
/* After the last one was added. */
void ring_sort(struct ring *r);
struct verify_keys ring_keys(const struct ring *r);
struct verify_policies ring_policies(const struct ring *r);
void ring_free(struct ring *r); /* NULL-safe */

#endif
