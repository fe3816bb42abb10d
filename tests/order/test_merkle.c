/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/merkle.h"
#include "tests/base/unit.h"

#include <stdbool.h>
#include <string.h>

#define SIZE_MAX_TESTED 64u
#define LEVELS_TESTED 7u

/* A log as a bank keeps it: every perfect subtree's root, and the root at every size. */
struct log {
    struct merkle_hash node[LEVELS_TESTED][SIZE_MAX_TESTED];
    struct merkle_hash leaf[SIZE_MAX_TESTED];
    struct merkle_hash root[SIZE_MAX_TESTED + 1];
    struct merkle_frontier frontier;
    bool broken; /* loads and stores fail */
};

static struct log tree;

static enum err store(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    struct log *log = ctx;

    assert_true(level < LEVELS_TESTED && index < SIZE_MAX_TESTED >> level);
    log->node[level][index] = *hash;
    return log->broken ? ERR_IO : ERR_OK;
}

static enum err load(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out)
{
    struct log *log = ctx;

    assert_true(level < LEVELS_TESTED && index < SIZE_MAX_TESTED >> level);
    *out = log->node[level][index];
    return log->broken ? ERR_IO : ERR_OK;
}

static int grow(void **state)
{
    (void)state;
    for (size_t size = 0;; size++) {
        uint8_t byte = (uint8_t)size;

        assert_ok(merkle_frontier_root(&tree.frontier, &tree.root[size]));
        if (size == SIZE_MAX_TESTED)
            return 0;
        assert_ok(merkle_leaf(&byte, 1, &tree.leaf[size]));
        assert_ok(merkle_frontier_add(&tree.frontier, &tree.leaf[size], store, &tree));
    }
}

static void assert_hashes(const struct merkle_hash *hashes, size_t count, size_t want_count,
                          const char *want)
{
    uint8_t digest[DIGEST_LEN];
    char hex[2 * DIGEST_LEN + 1];

    assert_int_equal(count, want_count);
    assert_ok(key_digest(hashes, count * sizeof *hashes, digest));
    text_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, want);
}

static void test_golden_values(void **state)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    size_t count;

    (void)state;
#define ROOT(size, unused, n, hex) assert_hashes(&tree.root[size], 1, n, hex);
#define INCLUSION(index, size, n, hex)                                                             \
    assert_ok(merkle_inclusion_proof(index, size, load, &tree, proof, &count));                    \
    assert_hashes(proof, count, n, hex);
#define CONSISTENCY(size1, size2, n, hex)                                                          \
    assert_ok(merkle_consistency_proof(size1, size2, load, &tree, proof, &count));                 \
    assert_hashes(proof, count, n, hex);
#include "tests/order/golden_merkle.def"
}

/* The tree of certificate-transparency's reference tests, as its authors published it. */
static void test_published_tree(void **state)
{
    static const char *const leaves[] = {
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    };
    struct merkle_frontier f = {0};
    struct merkle_hash hash;
    char hex[2 * DIGEST_LEN + 1];
    uint8_t bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        size_t len = strlen(leaves[i]) / 2;

        assert_ok(text_unhex(leaves[i], 2 * len, bytes, len));
        assert_ok(merkle_leaf(bytes, len, &hash));
        assert_ok(merkle_frontier_add(&f, &hash, NULL, NULL));
    }
    assert_ok(merkle_frontier_root(&f, &hash));
    text_hex(hash.b, DIGEST_LEN, hex);
    assert_string_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void test_frontier_is_loaded_back(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        struct merkle_frontier f;
        struct merkle_hash root;

        assert_ok(merkle_frontier_load(size, load, &tree, &f));
        assert_int_equal(f.size, size);
        assert_ok(merkle_frontier_root(&f, &root));
        assert_memory_equal(&root, &tree.root[size], sizeof root);
    }
}

/* --- properties: every size, every index --- */

typedef enum err (*check_fn)(uint64_t a, uint64_t b, const struct merkle_hash *proof, size_t count);

static enum err check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *proof,
                                size_t count)
{
    return merkle_check_inclusion(index, size, &tree.leaf[index % SIZE_MAX_TESTED], proof, count,
                                  &tree.root[size]);
}

static enum err check_consistency(uint64_t size1, uint64_t size2, const struct merkle_hash *proof,
                                  size_t count)
{
    return merkle_check_consistency(size1, size2, &tree.root[size1], &tree.root[size2], proof,
                                    count);
}

/* Every hash with a bit flipped - all 256 bits in small trees, one in the others -, the proof one
 * hash shorter, longer, or with two neighbours swapped. PROOF has room for one more. */
static void refuse_forgeries(check_fn check, uint64_t a, uint64_t b, struct merkle_hash *proof,
                             size_t count)
{
    size_t step = b <= 9 ? 1 : 256;

    for (size_t i = 0; i < count; i++) {
        for (size_t bit = b <= 9 ? 0 : (37 * a + i) % 256; bit < 256; bit += step) {
            proof[i].b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_err(check(a, b, proof, count), ERR_PROOF_INVALID);
            proof[i].b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    for (size_t i = 0; i + 1 < count; i++) {
        struct merkle_hash kept = proof[i];

        proof[i] = proof[i + 1];
        proof[i + 1] = kept;
        assert_err(check(a, b, proof, count), ERR_PROOF_INVALID);
        proof[i + 1] = proof[i];
        proof[i] = kept;
    }
    if (count > 0) {
        assert_err(check(a, b, proof, count - 1), ERR_PROOF_INVALID);
        assert_err(check(a, b, proof + 1, count - 1), ERR_PROOF_INVALID);
    }
    proof[count] = tree.root[b];
    assert_err(check(a, b, proof, count + 1), ERR_PROOF_INVALID);
}

static void test_inclusion(void **state)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX + 1];
    size_t count;

    (void)state;
    for (uint64_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        for (uint64_t index = 0; index < size; index++) {
            assert_ok(merkle_inclusion_proof(index, size, load, &tree, proof, &count));
            assert_ok(check_inclusion(index, size, proof, count));
            refuse_forgeries(check_inclusion, index, size, proof, count);
            if (size > 1) /* another leaf's place */
                assert_err(merkle_check_inclusion((index + 1) % size, size, &tree.leaf[index],
                                                  proof, count, &tree.root[size]),
                           ERR_PROOF_INVALID);
            assert_err(merkle_check_inclusion(index, size, &tree.leaf[index], proof, count,
                                              &tree.root[size - 1]),
                       ERR_PROOF_INVALID);
        }
        assert_err(check_inclusion(size, size, proof, count), ERR_PROOF_INVALID);
        assert_err(merkle_inclusion_proof(size, size, load, &tree, proof, &count),
                   ERR_PROOF_INVALID);
    }
    assert_err(check_inclusion(0, 0, NULL, 0), ERR_PROOF_INVALID);
}

static void test_consistency(void **state)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX + 1];
    size_t count;

    (void)state;
    for (uint64_t size2 = 1; size2 <= SIZE_MAX_TESTED; size2++) {
        for (uint64_t size1 = 1; size1 <= size2; size1++) {
            assert_ok(merkle_consistency_proof(size1, size2, load, &tree, proof, &count));
            assert_ok(check_consistency(size1, size2, proof, count));
            refuse_forgeries(check_consistency, size1, size2, proof, count);
            /* A history that was written anew up to the same size. */
            assert_err(merkle_check_consistency(size1, size2, &tree.root[size1 - 1],
                                                &tree.root[size2], proof, count),
                       ERR_PROOF_INVALID);
            assert_err(merkle_check_consistency(size1, size2, &tree.root[size1],
                                                &tree.root[size2 - 1], proof, count),
                       ERR_PROOF_INVALID);
        }
        assert_err(merkle_check_consistency(size2, size2 - 1, &tree.root[size2],
                                            &tree.root[size2 - 1], proof, 0),
                   ERR_PROOF_INVALID);
        assert_err(check_consistency(0, size2, proof, 0), ERR_PROOF_INVALID);
        assert_err(merkle_consistency_proof(0, size2, load, &tree, proof, &count),
                   ERR_PROOF_INVALID);
    }
    assert_err(check_consistency(0, 0, proof, 0), ERR_PROOF_INVALID);
}

/* A proof that ends at a root half way up a larger tree is not used up. */
static void test_larger_size_claimed(void **state)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    size_t count;

    (void)state;
    for (uint64_t size = 1; size < SIZE_MAX_TESTED; size *= 2) {
        for (uint64_t index = 0; index < size; index++) {
            assert_ok(merkle_inclusion_proof(index, size, load, &tree, proof, &count));
            assert_err(merkle_check_inclusion(index, 2 * size, &tree.leaf[index], proof, count,
                                              &tree.root[size]),
                       ERR_PROOF_INVALID);
        }
        for (uint64_t size1 = 1; size1 < size; size1++) {
            assert_ok(merkle_consistency_proof(size1, size, load, &tree, proof, &count));
            assert_err(merkle_check_consistency(size1, 2 * size, &tree.root[size1],
                                                &tree.root[size], proof, count),
                       ERR_PROOF_INVALID);
        }
    }
}

/* The second of two leaves passed off as the only one: the climb is over before the proof. */
static void test_smaller_size_claimed(void **state)
{
    (void)state;
    assert_ok(merkle_check_inclusion(1, 2, &tree.leaf[1], &tree.leaf[0], 1, &tree.root[2]));
    assert_err(merkle_check_inclusion(0, 1, &tree.leaf[1], &tree.leaf[0], 1, &tree.root[2]),
               ERR_PROOF_INVALID);
}

static void test_a_leaf_is_no_node(void **state)
{
    struct merkle_hash leaf, node;
    uint8_t both[2 * DIGEST_LEN];

    (void)state;
    memcpy(both, tree.leaf[0].b, DIGEST_LEN);
    memcpy(both + DIGEST_LEN, tree.leaf[1].b, DIGEST_LEN);
    assert_ok(merkle_leaf(both, sizeof both, &leaf));
    assert_ok(merkle_node(&tree.leaf[0], &tree.leaf[1], &node));
    assert_memory_equal(&node, &tree.root[2], sizeof node);
    assert_memory_not_equal(&leaf, &node, sizeof node);
}

static void test_failed_storage(void **state)
{
    struct merkle_frontier before, f;
    struct merkle_hash proof[MERKLE_PROOF_MAX], kept = tree.node[0][0];
    size_t count;

    (void)state;
    assert_ok(merkle_frontier_load(1, load, &tree, &f));
    tree.broken = true;
    before = f;
    assert_err(merkle_frontier_add(&f, &tree.leaf[1], store, &tree), ERR_IO);
    assert_memory_equal(&f, &before, sizeof f);
    assert_err(merkle_inclusion_proof(0, 2, load, &tree, proof, &count), ERR_IO);
    assert_int_equal(count, 0);
    assert_err(merkle_consistency_proof(1, 2, load, &tree, proof, &count), ERR_IO);
    assert_err(merkle_frontier_load(1, load, &tree, &f), ERR_IO);
    tree.broken = false;
    assert_memory_equal(&tree.node[0][0], &kept, sizeof kept);
}

static void test_the_largest_size(void **state)
{
    struct merkle_frontier f = {.size = (UINT64_C(1) << MERKLE_LEVELS) - 1};
    struct merkle_hash proof[1] = {{{0}}};

    (void)state;
    assert_err(merkle_frontier_add(&f, &tree.leaf[0], NULL, NULL), ERR_TOO_LARGE);
    assert_err(merkle_frontier_load(UINT64_MAX, load, &tree, &f), ERR_TOO_LARGE);
    /* No shift or loop runs away on sizes that no log has. */
    assert_err(
        merkle_check_inclusion(UINT64_MAX - 1, UINT64_MAX, &tree.leaf[0], proof, 1, &tree.root[1]),
        ERR_PROOF_INVALID);
    assert_err(merkle_check_consistency(UINT64_MAX - 1, UINT64_MAX, &tree.root[1], &tree.root[2],
                                        proof, 1),
               ERR_PROOF_INVALID);
    assert_err(merkle_check_consistency(UINT64_C(1) << 63, UINT64_MAX, &tree.root[1], &tree.root[2],
                                        proof, 1),
               ERR_PROOF_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_values),
        cmocka_unit_test(test_published_tree),
        cmocka_unit_test(test_frontier_is_loaded_back),
        cmocka_unit_test(test_inclusion),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_larger_size_claimed),
        cmocka_unit_test(test_smaller_size_claimed),
        cmocka_unit_test(test_a_leaf_is_no_node),
        cmocka_unit_test(test_failed_storage),
        cmocka_unit_test(test_the_largest_size),
    };

    return cmocka_run_group_tests(tests, grow, NULL);
}
