/* SPDX-License-Identifier: Apache-2.0
 *
 * remote: what only programs that link cs_token_remote can set (token/token.h).
 */
#ifndef TOKEN_REMOTE_H
#define TOKEN_REMOTE_H

#define TOKEN_DEADLINE_S 30 /* unless it is set */

/* How long a helper may take for one call into its module; four times that where somebody may have
 * to type at the reader, or a key is made. Before any module is loaded. */
void token_remote_deadline(unsigned seconds);

#endif
