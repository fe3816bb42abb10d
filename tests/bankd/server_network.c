/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose neighbour a client is: an IPv4 address alone, an IPv6 one with its network.
 */
#include "bankd/server/listen.h"
#include "tests/base/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *network(const char *address)
{
    static char out[LISTEN_NETWORK_MAX + 1];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        listen_network_of((const struct sockaddr *)&v4, out);
    } else {
        assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
        listen_network_of((const struct sockaddr *)&v6, out);
    }
    return out;
}

static void test_networks(void **state)
{
    (void)state;
    assert_string_equal(network("192.0.2.7"), "192.0.2.7");
    assert_string_equal(network("255.255.255.255"), "255.255.255.255");
    assert_string_equal(network("::ffff:192.0.2.7"), "192.0.2.7"); /* the same client */
    assert_string_equal(network("2001:db8:0:7:1::2"), "2001:0db8:0000:0007::/64");
    assert_string_equal(network("2001:db8:0:7:ffff:ffff:ffff:ffff"), "2001:0db8:0000:0007::/64");
    assert_string_equal(network("2001:db8:0:8::1"), "2001:0db8:0000:0008::/64");
    assert_string_equal(network("ffff:ffff:ffff:ffff:1:2:3:4"), "ffff:ffff:ffff:ffff::/64");
    assert_string_equal(network("::1"), "0000:0000:0000:0000::/64");
}

static void test_sockets(void **state)
{
    char out[LISTEN_NETWORK_MAX + 1] = "x";
    uint16_t port = 0;
    int pair[2], door = -1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    listen_network(pair[0], out);
    assert_string_equal(out, "");
    close(pair[0]);
    close(pair[1]);
    assert_ok(listen_tcp("127.0.0.1:0", &door, 1, &port));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_port = htons(port);
    assert_int_equal(connect(client, (const struct sockaddr *)&at, sizeof at), 0);
    listen_network(client, out);
    assert_string_equal(out, "127.0.0.1");
    close(client);
    close(door);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks),
                                       cmocka_unit_test(test_sockets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
