/* SPDX-License-Identifier: Apache-2.0
 *
 * Many orders of a world's account by one signature.
 */
#include "order/jws.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdlib.h>
#include <string.h>

static void take_lie(const struct batch *lie, struct batch *b)
{
    if (!lie)
        return;
    if (lie->count)
        b->count = lie->count;
    if (lie->total_count) {
        memcpy(b->totals, lie->totals, sizeof b->totals);
        b->total_count = lie->total_count;
    }
}

void world_sign_many(struct world *w, const struct person *signer, const struct world_order *orders,
                     size_t count, const struct batch *lie, const struct world_says *says,
                     struct buf *jws, struct batch_inclusion *places)
{
    const struct policy *p =
        says && says->policy ? says->policy : world_policy_of(w, orders[0].order.account);
    struct merkle_hash *leaves = calloc(count, sizeof *leaves);
    struct batch b = {.count = 0};
    struct batch_tree *tree = NULL;
    struct person key = *signer;
    struct buf payload = {0};

    assert_non_null(leaves);
    world_head(w, says, &b.head);
    memcpy(b.account, orders[0].order.account, sizeof b.account);
    for (size_t i = 0; i < count; i++) {
        assert_ok(batch_add(&b, &orders[i].order));
        assert_ok(batch_leaf(&orders[i].order, p, &leaves[i]));
    }
    assert_ok(batch_tree_make(leaves, count, &tree));
    assert_ok(batch_tree_root(tree, b.root));
    for (size_t i = 0; i < count; i++)
        assert_ok(batch_tree_place(tree, i, &places[i]));
    take_lie(lie, &b);
    assert_ok(batch_make(&b, p, &payload));
    world_sign_statement(&key, STATEMENT_BATCH_DECISION, &payload, jws);
    buf_free(&payload);
    batch_tree_free(tree);
    free(leaves);
}
