/* Net guard (T1, T2): the tables are the specification of what may be connected to. */
#include "base/net_guard.h"

#include "base/ctx.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1 << 20)

static const struct app APP = { .clock = &system_clock, .component = "test" };

struct bench {
	struct ctx cx;
	struct arena *arena;
};

static struct bench the_bench;

static int setup(void **state)
{
	the_bench.arena = arena_new(ARENA_MAX);
	ctx_begin(&the_bench.cx, &APP, the_bench.arena, NULL);
	*state = &the_bench.cx;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(the_bench.arena);
	return 0;
}

static struct sockaddr_storage socket_address(const char *text, int port)
{
	struct sockaddr_storage ret = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(&ret, &in, sizeof(in));
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
		memcpy(&ret, &in6, sizeof(in6));
	}
	return ret;
}

/* Addresses under the strictest policy: the rule that decides; allowed means public. */
static const struct {
	const char *address, *rule;
} STRICT[] = {
	{ "93.184.216.34", "public" },
	{ "1.1.1.1", "public" },
	{ "172.15.255.255", "public" },
	{ "172.32.0.0", "public" },
	{ "100.128.0.0", "public" },
	{ "192.0.1.0", "public" },
	{ "223.255.255.255", "public" },
	{ "2606:4700::1111", "public" },
	{ "2a00:1450:4001::200e", "public" },
	{ "::ffff:93.184.216.34", "public" },
	{ "64:ff9b::5db8:d822", "public" },
	{ "0.0.0.0", "this network" },
	{ "0.1.2.3", "this network" },
	{ "10.0.0.1", "private network" },
	{ "10.255.255.255", "private network" },
	{ "100.64.0.1", "shared address space" },
	{ "100.127.255.255", "shared address space" },
	{ "100.100.100.200", "cloud metadata" },
	{ "127.0.0.1", "loopback" },
	{ "127.255.255.254", "loopback" },
	{ "169.254.1.1", "link-local" },
	{ "169.254.169.254", "cloud metadata" },
	{ "169.254.170.2", "cloud metadata" },
	{ "168.63.129.16", "cloud metadata" },
	{ "172.16.0.1", "private network" },
	{ "172.31.255.255", "private network" },
	{ "192.0.0.8", "protocol assignments" },
	{ "192.0.0.192", "cloud metadata" },
	{ "192.0.2.1", "documentation" },
	{ "192.31.196.1", "AS112" },
	{ "192.52.193.1", "multicast tunnels" },
	{ "192.88.99.1", "6to4 relay" },
	{ "192.168.1.1", "private network" },
	{ "192.175.48.1", "AS112" },
	{ "198.18.0.1", "benchmarking" },
	{ "198.19.255.255", "benchmarking" },
	{ "198.51.100.1", "documentation" },
	{ "203.0.113.1", "documentation" },
	{ "224.0.0.1", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.1", "reserved" },
	{ "255.255.255.255", "broadcast" },
	{ "::", "unspecified" },
	{ "::1", "loopback" },
	{ "::7f00:1", "IPv4-compatible" },
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:10.0.0.1", "private network" },
	{ "::ffff:169.254.169.254", "cloud metadata" },
	{ "::ffff:0:127.0.0.1", "IPv4-translated" },
	{ "64:ff9b::7f00:1", "loopback" },
	{ "64:ff9b::a9fe:a9fe", "cloud metadata" },
	{ "64:ff9b:1::7f00:1", "local NAT64" },
	{ "100::1", "discard-only" },
	{ "2001::7f00:1", "Teredo tunnel" },
	{ "2001:2::1", "protocol assignments" },
	{ "2001:20::1", "protocol assignments" },
	{ "2001:db8::1", "documentation" },
	{ "2002:7f00:1::", "6to4 tunnel" },
	{ "2620:4f:8000::1", "AS112" },
	{ "3fff::1", "documentation" },
	{ "5f00::1", "segment routing" },
	{ "fc00::1", "unique local network" },
	{ "fd12:3456::1", "unique local network" },
	{ "fd00:ec2::254", "cloud metadata" },
	{ "fd20:ce::254", "cloud metadata" },
	{ "fe80::1", "link-local" },
	{ "fec0::1", "site-local" },
	{ "ff02::1", "multicast" },
	{ "4000::1", "reserved" },
	{ "e000::1", "reserved" },
};

static void test_net_judge__strict(void **state)
{
	const struct net_policy strict = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(STRICT); i++) {
		struct sockaddr_storage sa = socket_address(STRICT[i].address, 443);
		struct net_verdict v = net_judge(&strict, "h", (struct sockaddr *)&sa);

		print_message("# %s\n", STRICT[i].address);
		assert_string_equal(v.rule, STRICT[i].rule);
		assert_int_equal(v.allowed, strcmp(v.rule, "public") == 0);
		assert_int_equal(v.port, 443);
	}
}

/* What settings change, and what no setting does. */
static void test_net_judge__settings(void **state)
{
	static const struct {
		const char *why;
		const char *entry; /* of the allow-list */
		bool allow_private;
		const char *host, *address;
		int port;
		bool allowed;
	} CASES[] = {
		{ "private when allowed", NULL, true, "h", "10.0.0.1", 443, true },
		{ "loopback when private is allowed", NULL, true, "h", "127.0.0.1", 80, true },
		{ "unique local when private is allowed", NULL, true, "h", "fd12::1", 443, true },
		{ "link-local needs an entry", NULL, true, "h", "169.254.1.1", 443, false },
		{ "unspecified needs an entry", NULL, true, "h", "0.0.0.0", 443, false },
		{ "metadata with private", NULL, true, "h", "169.254.169.254", 80, false },
		{ "metadata on the list", "169.254.0.0/16", true, "h", "169.254.169.254", 80,
		  false },
		{ "metadata by name", "meta", true, "meta", "169.254.169.254", 80, false },
		{ "metadata, mapped", "0.0.0.0/0", true, "h", "::ffff:169.254.169.254", 80, false },
		{ "port not allowed, private", NULL, true, "h", "10.0.0.1", 5432, false },
		{ "port not allowed, public", NULL, false, "h", "1.1.1.1", 22, false },
		{ "a block", "10.1.0.0/16", false, "h", "10.1.255.255", 443, true },
		{ "outside the block", "10.1.0.0/16", false, "h", "10.2.0.0", 443, false },
		{ "an odd block", "10.1.2.128/25", false, "h", "10.1.2.127", 443, false },
		{ "in the odd block", "10.1.2.128/25", false, "h", "10.1.2.200", 443, true },
		{ "a block with another port", "10.1.0.0/16", false, "h", "10.1.0.1", 3000, false },
		{ "a block and its port", "10.1.0.0/16:3000", false, "h", "10.1.0.1", 3000, true },
		{ "a block's port only", "10.1.0.0/16:3000", false, "h", "10.1.0.1", 443, false },
		{ "one address", "127.0.0.1", false, "h", "127.0.0.1", 443, true },
		{ "mapped form of it", "127.0.0.1", false, "h", "::ffff:127.0.0.1", 443, true },
		{ "its neighbour", "127.0.0.1", false, "h", "127.0.0.2", 443, false },
		{ "IPv6 block", "fd00:1::/32", false, "h", "fd00:1::9", 443, true },
		{ "IPv6 block and port", "[fd00:1::/32]:8443", false, "h", "fd00:1::9", 8443,
		  true },
		{ "IPv6 address and port", "[::1]:8443", false, "h", "::1", 8443, true },
		{ "a name", "git.corp", false, "git.corp", "10.9.9.9", 443, true },
		{ "a name in capitals", "GIT.corp", false, "git.corp", "10.9.9.9", 443, true },
		{ "another name", "git.corp", false, "evil.corp", "10.9.9.9", 443, false },
		{ "a name and its port", "git.corp:3000", false, "git.corp", "10.9.9.9", 3000,
		  true },
		{ "public, extra port", "git.example:8443", false, "git.example", "1.1.1.1", 8443,
		  true },
		{ "an entry that is none", "10.0.0.0/99", false, "h", "10.0.0.1", 443, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct net_policy policy = {
			.allow_private = CASES[i].allow_private,
			.allowed = &CASES[i].entry,
			.nallowed = CASES[i].entry != NULL,
		};
		struct sockaddr_storage sa = socket_address(CASES[i].address, CASES[i].port);

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(net_judge(&policy, CASES[i].host, (struct sockaddr *)&sa).allowed,
		                 CASES[i].allowed);
	}
}

static void test_net_judge__ports_and_families(void **state)
{
	static const char *const PORTS[] = { "443", "8443" };
	const struct net_policy policy = { .ports = PORTS, .nports = COUNT(PORTS) };
	const struct net_policy trusted = { .trusted = true };
	struct sockaddr_storage sa = socket_address("1.1.1.1", 8443);
	struct sockaddr unix_socket = { .sa_family = AF_UNIX };

	(void)state;
	assert_true(net_judge(&policy, "h", (struct sockaddr *)&sa).allowed);
	sa = socket_address("1.1.1.1", 80);
	assert_false(net_judge(&policy, "h", (struct sockaddr *)&sa).allowed);
	assert_false(net_judge(&trusted, "h", &unix_socket).allowed);
	sa = socket_address("127.0.0.1", 8000);
	assert_true(net_judge(&trusted, "h", (struct sockaddr *)&sa).allowed);
}

static void test_net_entry_valid(void **state)
{
	static const char *const GOOD[] = { "host",     "a.b-c.d_e",    "host:1",
		                            "10.0.0.1", "10.0.0.0/8",   "10.0.0.0/8:65535",
		                            "::1",      "fd00::/8",     "[::1]",
		                            "[::1]:80", "[fd00::/8]:80" };
	static const char *const BAD[] = { "",           "a b",     "host:",       "host:0",
		                           "host:99999", "a..b",    "10.0.0.0/33", "[host]:80",
		                           "[::1",       "[::1]80", "*.host",      "https://host",
		                           "host/8",     "::/129",  "a:b:c" };

	(void)state;
	for (size_t i = 0; i < COUNT(GOOD); i++) {
		print_message("# %s\n", GOOD[i]);
		assert_true(net_entry_valid(GOOD[i]));
	}
	for (size_t i = 0; i < COUNT(BAD); i++) {
		print_message("# %s\n", BAD[i]);
		assert_false(net_entry_valid(BAD[i]));
	}
}

/* Addresses as text.  NULL: refused by the parser; "-": by the judge under the strictest policy. */
static const struct {
	const char *url, *normal;
} URLS[] = {
	{ "https://example.com/a.git", "https://example.com/a.git" },
	{ "HTTPS://Example.COM/A.git", "https://example.com/A.git" },
	{ "https://example.com", "https://example.com/" },
	{ "https://example.com?x=1", "https://example.com/?x=1" },
	{ "https://example.com:443/x#frag", "https://example.com/x" },
	{ "https://example.com:8443/x", "https://example.com:8443/x" },
	{ "https://example.com./x", "https://example.com/x" },
	{ "https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x" },
	{ "https://[2606:4700::1111]:8080/x", "-" },
	{ "https://xn--bcher-kva.example/x%20y", "https://xn--bcher-kva.example/x%20y" },
	{ "https://h/a@b", "https://h/a@b" },
	{ "https://h/a:b", "https://h/a:b" },
	{ "http://example.com/x", "-" },
	{ "https://127.0.0.1/", "-" },
	{ "https://localhost/", "https://localhost/" }, /* a name: judged when it is connected */
	{ "https://2130706433/", "-" },
	{ "https://0x7f000001/", "-" },
	{ "https://017700000001/", "-" },
	{ "https://0x7f.1/", "-" },
	{ "https://127.1/", "-" },
	{ "https://0/", "-" },
	{ "https://[::1]/", "-" },
	{ "https://[::ffff:127.0.0.1]/", "-" },
	{ "https://[64:ff9b::7f00:1]/", "-" },
	{ "https://169.254.169.254/latest/meta-data/", "-" },
	{ "https://1.1.1.1:22/", "-" },
	{ "", NULL },
	{ "https://", NULL },
	{ "https:///path", NULL },
	{ "https:/h/x", NULL },
	{ "//h/x", NULL },
	{ "h/x", NULL },
	{ "file:///etc/passwd", NULL },
	{ "gopher://h/x", NULL },
	{ "ftp://h/x", NULL },
	{ "dict://h/x", NULL },
	{ "ssh://git@h/x", NULL },
	{ "git@h:x.git", NULL },
	{ "ext::sh -c id", NULL },
	{ "-oProxyCommand=id", NULL },
	{ "--upload-pack=id", NULL },
	{ "https://user@h/x", NULL },
	{ "https://user:pw@h/x", NULL },
	{ "https://h@127.0.0.1/", NULL },
	{ "https://@h/", NULL },
	{ "https://h\\@127.0.0.1/", NULL },
	{ "https://h\\x", NULL },
	{ "https://h/a b", NULL },
	{ " https://h/", NULL },
	{ "https://h/a\nb", NULL },
	{ "https://h/a\tb", NULL },
	{ "https://h/a\x7f", NULL },
	{ "https://b\xc3\xbc"
	  "cher.example/",
	  NULL },
	{ "https://h%2f/", NULL },
	{ "https://h/%", NULL },
	{ "https://h/%4", NULL },
	{ "https://h/%zz", NULL },
	{ "https://h/%00", NULL },
	{ "https://h/%0d%0aX", NULL },
	{ "https://h:0/", NULL },
	{ "https://h:65536/", NULL },
	{ "https://h:/", NULL },
	{ "https://h:80x/", NULL },
	{ "https://h:000443/", NULL },
	{ "https://h:-1/", NULL },
	{ "https://.h/", NULL },
	{ "https://a..b/", NULL },
	{ "https://-a/", NULL },
	{ "https://a-/", NULL },
	{ "https://h../", NULL },
	{ "https://[::1/", NULL },
	{ "https://[::1]x/", NULL },
	{ "https://[fe80::1%25eth0]/", NULL },
	{ "https://[127.0.0.1]/", NULL },
	{ "https://[]/", NULL },
	{ "https://h/<x>", NULL },
	{ "https://a,b/", NULL },
};

static void test_net_url(void **state)
{
	const struct net_policy strict = { 0 };
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(URLS); i++) {
		struct net_url url = { 0 };
		enum err e = net_url_parse(cx, URLS[i].url, &url);

		print_message("# %s\n", URLS[i].url);
		if (URLS[i].normal == NULL) {
			assert_int_equal(e, ERR_URL_REFUSED);
			assert_non_null(cx->fault.fix);
			continue;
		}
		assert_int_equal(e, ERR_OK);
		e = net_url_judge(cx, &strict, &url);
		if (strcmp(URLS[i].normal, "-") == 0) {
			assert_int_equal(e, ERR_URL_REFUSED);
			continue;
		}
		assert_int_equal(e, ERR_OK);
		assert_string_equal(url.text, URLS[i].normal);
	}
}

static void test_net_url__parts(void **state)
{
	struct ctx *cx = *state;
	struct net_url url;

	assert_int_equal(net_url_parse(cx, "http://[FD00::A]:81/p?q", &url), ERR_OK);
	assert_string_equal(url.host, "fd00::a");
	assert_string_equal(url.origin, "http://[fd00::a]:81");
	assert_string_equal(url.target, "/p?q");
	assert_int_equal(url.port, 81);
	assert_false(url.https);
}

/* T2: a refusal names address, rule and setting, in words that stay the same. */
static void test_net_refuse__golden(void **state)
{
	static const struct {
		const char *host, *address, *detail, *fix;
	} CASES[] = {
		{ "git.test", "127.0.0.1",
		  "git.test (127.0.0.1), port 443, is refused: loopback (127.0.0.0/8)",
		  "If it should be allowed, change allowed_hosts or allow_private_addresses "
		  "(allowed_hosts takes 127.0.0.1:443)." },
		{ "::1", "::1", "::1, port 443, is refused: loopback (::1/128)",
		  "If it should be allowed, change allowed_hosts or allow_private_addresses "
		  "(allowed_hosts takes [::1]:443)." },
		{ "meta.test", "169.254.169.254",
		  "meta.test (169.254.169.254), port 443, is refused: cloud metadata "
		  "(169.254.169.0/24)",
		  "No setting allows this; use another address." },
	};
	const struct net_policy strict = { 0 };
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct sockaddr_storage sa = socket_address(CASES[i].address, 443);
		struct net_verdict v = net_judge(&strict, CASES[i].host, (struct sockaddr *)&sa);

		assert_int_equal(net_refuse(cx, CASES[i].host, &v), ERR_URL_REFUSED);
		assert_string_equal(cx->fault.detail, CASES[i].detail);
		assert_string_equal(cx->fault.fix, CASES[i].fix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net_judge__strict),
		cmocka_unit_test(test_net_judge__settings),
		cmocka_unit_test(test_net_judge__ports_and_families),
		cmocka_unit_test(test_net_entry_valid),
		cmocka_unit_test_setup_teardown(test_net_url, setup, teardown),
		cmocka_unit_test_setup_teardown(test_net_url__parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_net_refuse__golden, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
