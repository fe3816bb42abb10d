/* SPDX-License-Identifier: Apache-2.0
 * The memory that a helper and who asks it share: each end against one that does not keep to it. */
#include "tests/base/unit.h"
#include "token/page.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct ends {
    struct page *asking, *helper;
    int fd;
};

static int begin(void **state)
{
    static struct ends all;

    all = (struct ends){.fd = -1};
    assert_ok(page_make(&all.asking, &all.fd));
    assert_ok(page_map(all.fd, &all.helper));
    *state = &all;
    return 0;
}

static int end(void **state)
{
    struct ends *all = *state;

    page_unmap(all->asking);
    page_unmap(all->helper);
    close(all->fd);
    return 0;
}

static void one_end_sees_what_the_other_made(void **state)
{
    const struct ends *all = *state;
    uint8_t sig[TOKEN_SIG_MAX], made[TOKEN_SIG_MAX];
    size_t len = 0;

    assert_false(page_get(all->asking, 0, sig, &len));
    for (size_t i = 0; i < TOKEN_AT_ONCE; i++) {
        memset(made, (int)i + 1, sizeof made);
        page_add(all->helper, made, 64 + i % 2);
        assert_true(page_get(all->asking, i, sig, &len));
        assert_int_equal(len, 64 + i % 2);
        assert_memory_equal(sig, made, len);
        assert_false(page_get(all->asking, i + 1, sig, &len));
    }
    memset(made, 0xee, sizeof made);
    page_add(all->helper, made, 64); /* there is no room */
    assert_true(page_get(all->asking, TOKEN_AT_ONCE - 1, sig, &len));
    assert_int_equal(sig[0], TOKEN_AT_ONCE);
    page_clear(all->asking);
    assert_false(page_get(all->asking, 0, sig, &len));
    page_add(all->helper, made, sizeof made);
    assert_true(page_get(all->asking, 0, sig, &len));
    assert_int_equal(sig[0], 0xee);
}

/* Who would read behind the end of a file dies of it. */
static void it_keeps_its_size(void **state)
{
    const struct ends *all = *state;
    struct stat st;

    assert_int_equal(fstat(all->fd, &st), 0);
    assert_true(st.st_size >= TOKEN_AT_ONCE * TOKEN_SIG_MAX);
    assert_int_equal(ftruncate(all->fd, 0), -1);
    assert_int_equal(ftruncate(all->fd, st.st_size + 1), -1);
    assert_int_equal(fcntl(all->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

/* Nothing in it is believed, whatever is written there by whom. */
static void scribbling_gives_nothing_away(void **state)
{
    const struct ends *all = *state;
    struct {
        uint8_t sig[TOKEN_SIG_MAX], behind[16];
    } room;
    size_t len = 0;
    struct stat st;

    memset(&room, 0x55, sizeof room);
    assert_int_equal(fstat(all->fd, &st), 0);
    memset(all->helper, 0xff, (size_t)st.st_size);
    for (size_t i = 0; i < 2 * TOKEN_AT_ONCE; i++)
        assert_false(page_get(all->asking, i, room.sig, &len));
    for (size_t i = 0; i < sizeof room.behind; i++)
        assert_int_equal(room.behind[i], 0x55);
    page_add(all->helper, room.sig, 64); /* nor does the helper write where the count says */
    memset(all->helper, 0x7f, (size_t)st.st_size);
    assert_true(page_get(all->asking, TOKEN_AT_ONCE - 1, room.sig, &len));
    assert_int_equal(len, 0x7f);
    assert_false(page_get(all->asking, TOKEN_AT_ONCE, room.sig, &len));
}

static void only_a_page_is_mapped(void **state)
{
    const struct ends *all = *state;
    struct page *p = NULL;
    struct stat st;
    int ends[2];

    assert_int_equal(fstat(all->fd, &st), 0);
    assert_err(page_map(-1, &p), ERR_USAGE);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_err(page_map(ends[0], &p), ERR_USAGE);
    close(ends[0]);
    close(ends[1]);
    int soft = memfd_create("soft", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(soft >= 0);
    assert_int_equal(ftruncate(soft, st.st_size), 0);
    assert_err(page_map(soft, &p), ERR_USAGE); /* it could become smaller */
    assert_int_equal(ftruncate(soft, st.st_size - 1), 0);
    assert_int_equal(fcntl(soft, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW), 0);
    assert_err(page_map(soft, &p), ERR_USAGE);
    close(soft);
    assert_null(p);
    p = all->asking;
    assert_err(page_map(all->fd, &p), ERR_USAGE); /* it has one */
    assert_ptr_equal(p, all->asking);
}

static void none_is_no_page(void **state)
{
    uint8_t sig[TOKEN_SIG_MAX] = {0};
    size_t len = 0;

    (void)state;
    page_clear(NULL);
    page_add(NULL, sig, 64);
    assert_false(page_get(NULL, 0, sig, &len));
    page_unmap(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_end_sees_what_the_other_made, begin, end),
        cmocka_unit_test_setup_teardown(it_keeps_its_size, begin, end),
        cmocka_unit_test_setup_teardown(scribbling_gives_nothing_away, begin, end),
        cmocka_unit_test_setup_teardown(only_a_page_is_mapped, begin, end),
        cmocka_unit_test(none_is_no_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
