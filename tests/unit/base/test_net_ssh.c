/* Addresses of git over ssh (T4): what is taken, and what could mean something else to somebody. */
#include "fixture.h"

#include "base/net_ssh.h"

#include <string.h>

static const struct {
	const char *text, *normal, *origin, *user, *path;
	int port;
} GOOD[] = {
	{ "ssh://git@host/a/b.git", "ssh://git@host/a/b.git", "ssh://host", "git", "/a/b.git", 22 },
	{ "SSH://git@HOST:22/a", "ssh://git@host/a", "ssh://host", "git", "/a", 22 },
	{ "ssh://host:2222/a", "ssh://host:2222/a", "ssh://host:2222", NULL, "/a", 2222 },
	{ "ssh://git@[2001:DB8::1]:22/~me/a", "ssh://git@[2001:db8::1]/~me/a",
	  "ssh://[2001:db8::1]", "git", "~me/a", 22 },
	{ "git@Host:team/a.git", "git@host:team/a.git", "ssh://host", "git", "team/a.git", 22 },
	{ "git@host:/srv/a.git", "git@host:/srv/a.git", "ssh://host", "git", "/srv/a.git", 22 },
	{ "git@[2001:db8::1]:a", "git@[2001:db8::1]:a", "ssh://[2001:db8::1]", "git", "a", 22 },
	{ "_ci-1@host:a", "_ci-1@host:a", "ssh://host", "_ci-1", "a", 22 },
};

static const char *const BAD[] = {
	"ssh://git:pw@host/a",
	"ssh://-o@host/a",
	"ssh://@host/a",
	"ssh://git@/a",
	"ssh://git@host",
	"ssh://git@host/",
	"ssh://git@host/a?b",
	"ssh://git@host/a#b",
	"ssh://git@host/a%41",
	"ssh://git@host:0/a",
	"ssh://git@host:99999/a",
	"ssh://git@-host/a",
	"git@host:",
	"git@host:-oX",
	"git@host:a'b",
	"git@host:a;b",
	"git@host:a$(b)",
	"git@host:a b",
	"git@host:a\nb",
	"-oProxyCommand=x@host:a",
	"git@ho st:a",
	"host:a",
	"https://host/a",
	"",
	"git@[::1]/~1]/x:a",
	"git@ho?st:a",
	"git@ho#st:a",
	"git@[host:a",
	"ssh://git@[::1/a",
	"git@@host:a",
	"git@-oProxyCommand=x:a",
};

static void test_net_ssh__parse(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(GOOD); i++) {
		struct net_ssh url;

		print_message("# %s\n", GOOD[i].text);
		assert_int_equal(net_ssh_parse(cx, GOOD[i].text, &url), ERR_OK);
		assert_string_equal(url.text, GOOD[i].normal);
		assert_string_equal(url.origin, GOOD[i].origin);
		assert_string_equal(url.path, GOOD[i].path);
		assert_int_equal(url.port, GOOD[i].port);
		if (GOOD[i].user == NULL)
			assert_null(url.user);
		else
			assert_string_equal(url.user, GOOD[i].user);
	}
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct net_ssh url;

		print_message("# refused: %s\n", BAD[i]);
		assert_int_equal(net_ssh_parse(cx, BAD[i], &url), ERR_URL_REFUSED);
		assert_non_null(cx->fault.fix);
	}
}

static void test_net_ssh__origin(void **state)
{
	static const struct {
		const char *text, *normal;
	} ORIGINS[] = {
		{ "ssh://Host", "ssh://host" },
		{ "ssh://host:22/", "ssh://host" },
		{ "ssh://h:23", "ssh://h:23" },
		{ "ssh://git@host", NULL },
		{ "ssh://host/a", NULL },
		{ "https://host", NULL },
		{ "ssh://", NULL },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(ORIGINS); i++) {
		const char *origin = NULL;
		enum err e = net_ssh_origin(cx, ORIGINS[i].text, &origin);

		assert_int_equal(e, ORIGINS[i].normal == NULL ? ERR_URL_REFUSED : ERR_OK);
		if (e == ERR_OK)
			assert_string_equal(origin, ORIGINS[i].normal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net_ssh__parse),
		cmocka_unit_test(test_net_ssh__origin),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
