/* Cookies: found, set for the way by which a request came, and whose page it was (T17; A11). */
#include "fixture.h"

#include "cookie.h"

#include "config/config.h"

#include <string.h>

static struct config config = { .public_url = "", .session_max_hours = 336 };

static struct ctx *begin(void *state, const char *public_url)
{
	struct fixture *f = state;

	config.public_url = public_url;
	f->app.config = &config;
	return fixture_ctx(state);
}

static void test_find__each(void **state)
{
	static const struct {
		const char *header, *value; /* NULL: not found */
	} CASES[] = {
		{ "portolan=x", "x" },
		{ "a=b; portolan=x; c=d", "x" },
		{ "a=b;portolan=x", "x" },
		{ "portolan=x ;a=b", "x" },
		{ "portolan=", "" },
		{ "portolan=a=b", "a=b" },
		{ ";; portolan=x;;", "x" },
		{ "", NULL },
		{ "portolan", NULL },
		{ "xportolan=x", NULL },
		{ "portolanx=x", NULL },
		{ "Portolan=x", NULL },
		{ "a=portolan=x", NULL },
		{ "portolan=x; portolan=x", NULL },
		{ "portolan=x; portolan=y", NULL },
	};
	struct span value;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		bool found = cookie_find(CASES[i].header, "portolan", &value);

		print_message("# %s\n", CASES[i].header);
		assert_int_equal(found, CASES[i].value != NULL);
		if (!found)
			continue;
		assert_int_equal(value.len, strlen(CASES[i].value));
		assert_memory_equal(value.data, CASES[i].value, value.len);
	}
}

static void test_kind__each(void **state)
{
	static const struct {
		const char *public_url, *scheme, *host;
		enum cookie_kind kind;
	} CASES[] = {
		{ "", "https", "x.example", COOKIE_SECURE },
		{ "https://x.example", "http", "x.example", COOKIE_SECURE },
		{ "https://x.example", "http", "127.0.0.1:8000", COOKIE_SECURE },
		{ "http://127.0.0.1:8000", "http", "127.0.0.1:8000", COOKIE_PLAIN },
		{ "", "http", "localhost:8000", COOKIE_PLAIN },
		{ "", "http", "LOCALHOST", COOKIE_PLAIN },
		{ "", "http", "a.localhost:1", COOKIE_PLAIN },
		{ "", "http", "127.1.2.3", COOKIE_PLAIN },
		{ "", "http", "[::1]:8000", COOKIE_PLAIN },
		{ "", "http", "[::1].example", COOKIE_NONE },
		{ "", "http", "[::2]", COOKIE_NONE },
		{ "", "http", "x.example", COOKIE_NONE },
		{ "", "http", "127.0.0.1.example", COOKIE_NONE },
		{ "", "http", "notlocalhost", COOKIE_NONE },
		{ "", "http", "10.0.0.1", COOKIE_NONE },
		{ "", "http", NULL, COOKIE_NONE },
		{ "", NULL, "x.example", COOKIE_NONE },
		{ "", "httpsx", "x.example", COOKIE_NONE },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = begin(*state, CASES[i].public_url);
		struct request rq = { .scheme = CASES[i].scheme, .host = CASES[i].host };

		print_message("# %s %s\n", CASES[i].public_url,
		              CASES[i].host == NULL ? "" : CASES[i].host);
		assert_int_equal(cookie_kind(cx, &rq), CASES[i].kind);
	}
}

static const char *set_cookie(struct ctx *cx, const struct request *rq, bool clear)
{
	struct session_claim claim = { .tenant_id = 3 };
	struct reply rp;

	reply_begin(&rp, cx, rq);
	if (clear)
		cookie_clear(&rp);
	else
		cookie_set(&rp, &claim);
	assert_int_equal(rp.nheaders, 1);
	assert_string_equal(rp.headers[0].name, "Set-Cookie");
	return rp.headers[0].value;
}

static void test_set__attributes(void **state)
{
	static const char VALUE[] = "ps_3_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct request rq = { .scheme = "https", .host = "x.example" };
	struct ctx *cx = begin(*state, "");

	assert_string_equal(set_cookie(cx, &rq, false),
	                    arena_printf(cx->arena,
	                                 "__Host-portolan=%s; Path=/; Max-Age=1209600; HttpOnly; "
	                                 "SameSite=Lax; Secure",
	                                 VALUE));
	assert_string_equal(set_cookie(cx, &rq, true),
	                    "__Host-portolan=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
	rq = (struct request){ .scheme = "http", .host = "127.0.0.1:8000" };
	assert_string_equal(set_cookie(cx, &rq, false),
	                    arena_printf(cx->arena,
	                                 "portolan_8000=%s; Path=/; Max-Age=1209600; HttpOnly; "
	                                 "SameSite=Lax",
	                                 VALUE));
}

/* The cookie of the other way is no credential: a page on plain http cannot plant one for https. */
static void test_session__of_its_own_way(void **state)
{
	struct request rq = {
		.scheme = "https",
		.host = "x.example",
		.cookie = "portolan_80=ps_3_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct ctx *cx = begin(*state, "");
	struct session_claim claim;

	assert_false(cookie_session(cx, &rq, &claim));
	rq.cookie = "__Host-portolan=ps_3_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	assert_true(cookie_session(cx, &rq, &claim));
	assert_true(claim.tenant_id == 3);
	rq.scheme = "http";
	rq.host = "localhost";
	assert_false(cookie_session(cx, &rq, &claim));
}

/* Two services of one machine, told apart by the port that was asked; what is no port is none. */
static void test_session__of_its_own_port(void **state)
{
	static const struct {
		const char *host, *name;
	} CASES[] = {
		{ "127.0.0.1:8000", "portolan_8000" }, { "localhost:9000", "portolan_9000" },
		{ "[::1]:8000", "portolan_8000" },     { "localhost", "portolan_80" },
		{ "127.0.0.1", "portolan_80" },        { "[::1]", "portolan_80" },
		{ "localhost:", "portolan_80" },       { "localhost:1;x", "portolan_80" },
		{ "localhost:x", "portolan_80" },      { "localhost:123456", "portolan_80" },
		{ "[::1]/", "portolan_80" },
	};
	struct ctx *cx = begin(*state, "");
	struct session_claim claim;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct request rq = { .scheme = "http", .host = CASES[i].host };
		const char *set = set_cookie(cx, &rq, false);

		print_message("# %s\n", CASES[i].host);
		assert_int_equal(strcspn(set, "="), strlen(CASES[i].name));
		assert_memory_equal(set, CASES[i].name, strlen(CASES[i].name));
		rq.cookie =
			arena_printf(cx->arena, "portolan_7=x; %.*s", (int)strcspn(set, ";"), set);
		assert_true(cookie_session(cx, &rq, &claim));
		rq.host = "localhost:7001";
		assert_false(cookie_session(cx, &rq, &claim));
	}
}

static void test_origin__each(void **state)
{
	static const struct {
		const char *public_url, *host, *origin, *site;
		bool needed, good;
	} CASES[] = {
		{ "", "127.0.0.1:8000", "http://127.0.0.1:8000", "same-origin", true, true },
		{ "", "127.0.0.1:8000", "http://127.0.0.1:8000", NULL, true, true },
		{ "", "x.example", "http://x.example", NULL, true, true },
		{ "", "x.example:80", "http://x.example", NULL, true, true },
		{ "", "X.example", "http://x.example", NULL, true, true },
		{ "https://x.example/", "127.0.0.1", "https://x.example", NULL, true, true },
		{ "https://X.example:443", "127.0.0.1", "https://x.example", NULL, true, true },
		{ "", "x.example", NULL, "same-origin", true, true },
		{ "", "x.example", NULL, "none", true, true },
		{ "", "x.example", NULL, NULL, false, true },
		{ "", "x.example", NULL, NULL, true, false },
		{ "", "x.example", NULL, "same-site", true, false },
		{ "", "x.example", NULL, "cross-site", false, false },
		{ "", "x.example", "http://x.example", "cross-site", true, false },
		{ "", "x.example", "https://x.example", NULL, true, false },
		{ "", "x.example", "http://x.example:81", NULL, true, false },
		{ "", "x.example", "http://evil.example", "same-origin", true, false },
		{ "", "x.example", "http://x.example.evil.example", NULL, true, false },
		{ "", "x.example", "null", NULL, true, false },
		{ "", "x.example", "http://evil.example", NULL, false, false },
		{ "https://x.example", "127.0.0.1", "http://x.example", NULL, true, false },
		{ "", NULL, "http://", NULL, true, false },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = begin(*state, CASES[i].public_url);
		struct request rq = {
			.scheme = "http",
			.host = CASES[i].host,
			.origin = CASES[i].origin,
			.fetch_site = CASES[i].site,
		};

		print_message("# %zu %s\n", i, CASES[i].origin == NULL ? "" : CASES[i].origin);
		assert_int_equal(cookie_check_origin(cx, &rq, CASES[i].needed),
		                 CASES[i].good ? ERR_OK : ERR_FORBIDDEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__each),
		cmocka_unit_test(test_kind__each),
		cmocka_unit_test(test_set__attributes),
		cmocka_unit_test(test_session__of_its_own_way),
		cmocka_unit_test(test_session__of_its_own_port),
		cmocka_unit_test(test_origin__each),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
