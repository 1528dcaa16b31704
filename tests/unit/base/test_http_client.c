/*
 * HTTP client (T1, T3): two servers on loopback.  The policy allows the first; the second is the
 * canary, which nothing may ever reach.
 */
#include "base/http_client.h"

#include "base/ctx.h"
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)64 << 20)
#define OK_HEAD   "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static const struct app APP = { .clock = &system_clock, .component = "test" };

static const struct web_page CANARY_PAGES[] = {
	{ .path = "*", .answer = OK_HEAD "Content-Length: 6\r\n\r\ncanary" },
	{ .path = NULL },
};

#define PAGES_MAX 32

struct bench {
	struct ctx cx;
	struct arena *arena;
	struct web_page pages[PAGES_MAX];
	struct web *web, *other, *canary;
	struct http_client *client;
	char entries[2][64], ports[3][8];
	const char *allowed[2], *allowed_ports[3];
	char url[64], other_url[64];
};

static const struct web_page PAGES[] = {
	{ .path = "/ok", .answer = OK_HEAD "X-One: first \r\nContent-Length: 5\r\n\r\nhello" },
	{ .path = "/interim",
	  .answer = "HTTP/1.1 103 Early Hints\r\nX-One: no\r\n\r\n" OK_HEAD
	            "X-One: yes\r\nContent-Length: 2\r\n\r\nok" },
	{ .path = "/empty", .answer = OK_HEAD "Content-Length: 0\r\n\r\n" },
	{ .path = "/echo", .answer = OK_HEAD "\r\n", .echo = true },
	{ .path = "/large", .answer = OK_HEAD "\r\n", .body_bytes = (size_t)9 << 20 },
	{ .path = "/chunked",
	  .answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
	                    "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n" },
	{ .path = "/teapot",
	  .answer = "HTTP/1.1 418 Teapot\r\nConnection: close\r\n"
	            "Content-Length: 0\r\n\r\n" },
	{ .path = "/silence" },
	{ .path = "/drip", .answer = "HTTP/1.1 200 OK\r\n", .drips = true },
	{ .path = "/cut", .answer = OK_HEAD "Content-Length: 100\r\n\r\nonly this" },
	{ .path = "/garbage", .answer = "this is not HTTP\n\n" },
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->arena = arena_new(ARENA_MAX);
	ctx_begin(&b->cx, &APP, b->arena, NULL);
	memcpy(b->pages, PAGES, sizeof(PAGES));
	b->web = web_start(b->pages);
	b->other = web_start(b->pages);
	b->canary = web_start(CANARY_PAGES);
	snprintf(b->entries[0], sizeof(b->entries[0]), "127.0.0.1:%d", web_port(b->web));
	snprintf(b->entries[1], sizeof(b->entries[1]), "127.0.0.1:%d", web_port(b->other));
	snprintf(b->ports[0], sizeof(b->ports[0]), "%d", web_port(b->web));
	snprintf(b->ports[1], sizeof(b->ports[1]), "%d", web_port(b->other));
	snprintf(b->ports[2], sizeof(b->ports[2]), "%d", web_port(b->canary));
	for (int i = 0; i < 2; i++)
		b->allowed[i] = b->entries[i];
	for (int i = 0; i < 3; i++)
		b->allowed_ports[i] = b->ports[i];
	snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d", web_port(b->web));
	snprintf(b->other_url, sizeof(b->other_url), "http://127.0.0.1:%d", web_port(b->other));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	http_client_free(&b->client);
	assert_int_equal(web_connections(b->canary), 0);
	web_stop(b->web);
	web_stop(b->other);
	web_stop(b->canary);
	arena_free(b->arena);
	free(b);
	return 0;
}

static struct http_client *client_of(struct bench *b, struct http_options options)
{
	options.policy = (struct net_policy){
		.allow_http = true,
		.allowed = b->allowed,
		.nallowed = COUNT(b->allowed),
		.ports = b->allowed_ports,
		.nports = COUNT(b->allowed_ports),
	};
	http_client_free(&b->client);
	assert_int_equal(http_client_new(&b->cx, &options, &b->client), ERR_OK);
	return b->client;
}

static const char *at(struct bench *b, const char *path)
{
	return arena_printf(b->arena, "%s%s", b->url, path);
}

static void add_page(struct bench *b, const char *path, const char *answer, const char *arg)
{
	size_t i = 0;

	while (b->pages[i].path != NULL)
		i++;
	assert_true(i + 1 < PAGES_MAX);
	b->pages[i] = (struct web_page){ .path = path, .answer = answer, .arg = arg };
}

#define REDIRECT(status)                                                                           \
	"HTTP/1.1 " status " Elsewhere\r\nLocation: %s\r\nConnection: close\r\n"                   \
	"Content-Length: 4\r\n\r\ngone"

/* Send, read all, end. */
static enum err get(struct bench *b, const struct http_request *rq, int *ret_status,
                    struct span *ret_body)
{
	CLEANUP(http_end) struct http_answer *answer = NULL;

	TRY(http_start(&b->cx, b->client, rq, &answer));
	*ret_status = http_status(answer);
	return http_read_all(&b->cx, answer, (size_t)16 << 20, ret_body);
}

static void test_http__answers(void **state)
{
	static const struct {
		const char *path, *body;
		int status;
	} CASES[] = {
		{ "/ok", "hello", 200 },   { "/ok?q=1", "hello", 200 },    { "/empty", "", 200 },
		{ "/interim", "ok", 200 }, { "/chunked", "abcdefg", 200 }, { "/teapot", "", 418 },
		{ "/nothing", "", 404 },
	};
	struct bench *b = *state;

	client_of(b, (struct http_options){ 0 });
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct http_request rq = { .url = at(b, CASES[i].path) };
		struct span body;
		int status;

		print_message("# %s\n", CASES[i].path);
		assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
		assert_int_equal(status, CASES[i].status);
		assert_string_equal(body.data, CASES[i].body);
	}
}

static void test_http__headers_and_hops(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/interim") };
	struct http_answer *answer;
	const struct http_hop *hops;
	int n;

	client_of(b, (struct http_options){ 0 });
	assert_int_equal(http_start(&b->cx, b->client, &rq, &answer), ERR_OK);
	assert_string_equal(http_header(answer, "x-ONE"), "yes");
	assert_null(http_header(answer, "x-two"));
	assert_string_equal(http_url(answer)->text, rq.url);
	http_end(&answer);
	hops = http_hops(b->client, &n);
	assert_int_equal(n, 1);
	assert_string_equal(hops[0].url, rq.url);
	assert_int_equal(hops[0].status, 200);
	assert_int_equal(hops[0].ntries, 1);
	assert_true(hops[0].tries[0].allowed);
	assert_string_equal(hops[0].tries[0].address, "127.0.0.1");
	assert_string_equal(hops[0].tries[0].rule, "loopback");
}

static void test_http__body_is_sent(void **state)
{
	struct bench *b = *state;
	const struct http_header headers[] = { { .name = "Content-Type", .value = "text/x-test" } };
	const struct http_request rq = {
		.url = at(b, "/echo"),
		.body = SPAN("a\0b"),
		.headers = headers,
		.nheaders = 1,
	};
	struct span body;
	int status;

	client_of(b, (struct http_options){ 0 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_int_equal(body.len, 3);
	assert_memory_equal(body.data, "a\0b", 3);
	assert_non_null(strstr(web_last(b->web), "POST /echo HTTP/1.1\r\n"));
	assert_non_null(strstr(web_last(b->web), "Content-Type: text/x-test\r\n"));
	assert_null(strstr(web_last(b->web), "Expect:"));
}

/* Small reads of a large body: the sender has to wait for us, and nothing is lost. */
static void test_http__large_body_in_small_reads(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/large") };
	struct http_answer *answer;
	char bytes[70000];
	size_t n, total = 0;

	client_of(b, (struct http_options){ 0 });
	assert_int_equal(http_start(&b->cx, b->client, &rq, &answer), ERR_OK);
	do {
		assert_int_equal(http_read(&b->cx, answer, bytes, sizeof(bytes), &n), ERR_OK);
		for (size_t i = 0; i < n; i += 997)
			assert_int_equal(bytes[i], 'x');
		total += n;
	} while (n > 0);
	assert_int_equal(total, (size_t)9 << 20);
	http_end(&answer);
}

static void test_http__failures(void **state)
{
	static const struct {
		const char *path;
		enum err want;
		const char *says;
	} CASES[] = {
		{ "/silence", ERR_TIMEOUT, "sent nothing" },
		{ "/drip", ERR_TIMEOUT, "sent nothing" },
		{ "/cut", ERR_REMOTE_FAILED, "broke the connection off" },
		{ "/garbage", ERR_REMOTE_FAILED, "as a web server should" },
		{ "/large", ERR_TOO_LARGE, "sends more than 1000000 bytes" },
	};
	struct bench *b = *state;

	client_of(b, (struct http_options){ .idle_ms = 300 });
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct http_request rq = { .url = at(b, CASES[i].path),
			                         .max_bytes = 1000000 };
		struct span body;
		int status;

		print_message("# %s\n", CASES[i].path);
		assert_int_equal(get(b, &rq, &status, &body), CASES[i].want);
		assert_non_null(strstr(b->cx.fault.detail, CASES[i].says));
		assert_non_null(strstr(b->cx.fault.detail, b->url));
	}
}

static void test_http__total_time(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/silence") };
	struct span body;
	int status;

	client_of(b, (struct http_options){ .total_ms = 300 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_TIMEOUT);
}

static bool third_time(void *arg)
{
	return ++*(int *)arg >= 3;
}

static void test_http__cancelled(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/silence") };
	struct span body;
	int status, asked = 0;

	client_of(b, (struct http_options){ .cancelled = third_time, .arg = &asked });
	assert_int_equal(get(b, &rq, &status, &body), ERR_CANCELLED);
}

static void test_http__unreachable(void **state)
{
	struct bench *b = *state;
	struct web *gone = web_start(CANARY_PAGES);
	char entry[64], url[64];
	struct span body;
	int status;

	snprintf(entry, sizeof(entry), "127.0.0.1:%d", web_port(gone));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", web_port(gone));
	web_stop(gone);
	b->allowed[1] = entry;
	client_of(b, (struct http_options){ .connect_ms = 2000 });
	assert_int_equal(get(b, &(struct http_request){ .url = url }, &status, &body),
	                 ERR_REMOTE_UNREACHABLE);
	assert_non_null(strstr(b->cx.fault.detail, "cannot be reached"));
	assert_int_equal(
		get(b, &(struct http_request){ .url = "http://nowhere.invalid/" }, &status, &body),
		ERR_REMOTE_UNREACHABLE);
	assert_non_null(strstr(b->cx.fault.detail, "nowhere.invalid"));
}

static void test_http__redirects(void **state)
{
	static const struct {
		const char *why, *answer, *location, *method_before, *method_after, *body_after;
	} CASES[] = {
		{ "relative", REDIRECT("302"), "ok", NULL, "GET /ok", "hello" },
		{ "absolute path", REDIRECT("301"), "/ok", NULL, "GET /ok", "hello" },
		{ "POST becomes GET", REDIRECT("302"), "/ok", "POST", "GET /ok", "hello" },
		{ "see other", REDIRECT("303"), "/ok", "PUT", "GET /ok", "hello" },
		{ "POST stays", REDIRECT("307"), "/echo", "POST", "POST /echo", "data" },
		{ "PUT stays", REDIRECT("308"), "/echo", "PUT", "PUT /echo", "data" },
		{ "no redirect without Location",
		  "HTTP/1.1 304 Same\r\nConnection: close\r\n\r\n%s", "", NULL, "GET /from", "" },
	};
	struct bench *b = *state;

	add_page(b, "/from", NULL, NULL);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct http_request rq = {
			.url = at(b, "/from"),
			.method = CASES[i].method_before,
			.body = CASES[i].method_before == NULL ? SPAN("") : SPAN("data"),
		};
		struct web_page *page = &b->pages[COUNT(PAGES)];
		struct span body;
		int status;

		print_message("# %s\n", CASES[i].why);
		page->answer = CASES[i].answer;
		page->arg = CASES[i].location;
		client_of(b, (struct http_options){ 0 });
		assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
		assert_string_equal(body.data, CASES[i].body_after);
		assert_int_equal(strncmp(web_last(b->web), CASES[i].method_after,
		                         strlen(CASES[i].method_after)),
		                 0);
	}
}

static void test_http__redirects_end(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/loop") };
	struct span body;
	int status, n;

	add_page(b, "/loop", REDIRECT("302"), "/loop");
	client_of(b, (struct http_options){ 0 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_REMOTE_FAILED);
	assert_int_equal(web_requests(b->web), HTTP_REDIRECTS_MAX + 1);
	(void)http_hops(b->client, &n);
	assert_int_equal(n, HTTP_HOPS_MAX);
}

static void test_http__redirect_handed_back(void **state)
{
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/away"), .no_redirects = true };
	struct span body;
	int status;

	add_page(b, "/away", REDIRECT("302"), "/ok");
	client_of(b, (struct http_options){ 0 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_int_equal(status, 302);
	assert_int_equal(web_requests(b->web), 1);
}

/* Where a hostile server may point to; %d is the canary's port.  None may lead to one connection. */
static const char *const FORBIDDEN[] = {
	"http://127.0.0.1:%d/",
	"http://localhost:%d/",
	"http://LOCALHOST.:%d/",
	"http://127.1:%d/",
	"http://127.0.1:%d/",
	"http://2130706433:%d/",
	"http://0x7f000001:%d/",
	"http://0x7f.0.0.1:%d/",
	"http://017700000001:%d/",
	"http://0177.0.0.1:%d/",
	"http://0:%d/",
	"http://0.0.0.0:%d/",
	"http://127.255.255.254:%d/",
	"http://[::1]:%d/",
	"http://[::]:%d/",
	"http://[::ffff:127.0.0.1]:%d/",
	"http://[::ffff:7f00:1]:%d/",
	"http://[::127.0.0.1]:%d/",
	"http://[64:ff9b::127.0.0.1]:%d/",
	"http://[0:0:0:0:0:0:0:1]:%d/",
	"//127.0.0.1:%d/",
	"//localhost:%d/x",
	"http:\\\\127.0.0.1:%d\\",
	"http://user@127.0.0.1:%d/",
	"http://user:pw@127.0.0.1:%d/",
	"http://good.example@127.0.0.1:%d/",
	"http://127.0.0.1:%d#@good.example/",
	"http://127.0.0.1:%d?@good.example/",
	"http://127.0.0.1%%00.good.example:%d/",
	"http://127.0.0.1%%0a:%d/",
	"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:%d/",
	"http://169.254.169.254/latest/meta-data/?%d",
	"http://10.0.0.1:%d/",
	"file:///etc/passwd?%d",
	"file://127.0.0.1:%d/etc/passwd",
	"gopher://127.0.0.1:%d/_x",
	"ftp://127.0.0.1:%d/",
	"dict://127.0.0.1:%d/x",
	"ldap://127.0.0.1:%d/",
	"telnet://127.0.0.1:%d/",
	"smb://127.0.0.1:%d/",
	"ws://127.0.0.1:%d/",
	"unix:///tmp/x?%d",
};

static void test_http__no_redirect_reaches_the_canary(void **state)
{
	struct bench *b = *state;
	struct web_page *page = &b->pages[COUNT(PAGES)];

	add_page(b, "/evil", REDIRECT("302"), NULL);
	for (size_t i = 0; i < COUNT(FORBIDDEN); i++) {
		const struct http_request rq = { .url = at(b, "/evil") };
		char location[256];
		struct span body;
		int status;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(location, sizeof(location), FORBIDDEN[i], web_port(b->canary));
#pragma GCC diagnostic pop
		print_message("# %s\n", location);
		page->arg = location;
		client_of(b, (struct http_options){ 0 });
		assert_int_equal(get(b, &rq, &status, &body), ERR_URL_REFUSED);
		assert_non_null(strstr(b->cx.fault.detail, "redirects to another address"));
		assert_non_null(b->cx.fault.fix);
		assert_int_equal(web_connections(b->canary), 0);
	}
	assert_int_equal(web_requests(b->web), (int)COUNT(FORBIDDEN));
}

/* The same targets, given directly. */
static void test_http__no_address_reaches_the_canary(void **state)
{
	struct bench *b = *state;

	client_of(b, (struct http_options){ 0 });
	for (size_t i = 0; i < COUNT(FORBIDDEN); i++) {
		char url[256];
		struct span body;
		int status;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(url, sizeof(url), FORBIDDEN[i], web_port(b->canary));
#pragma GCC diagnostic pop
		print_message("# %s\n", url);
		assert_int_equal(get(b, &(struct http_request){ .url = url }, &status, &body),
		                 ERR_URL_REFUSED);
		assert_int_equal(web_connections(b->canary), 0);
	}
}

/* T3: a secret goes to the first origin only, also when a later hop leads back to it. */
static void test_http__secrets_stay_with_their_origin(void **state)
{
	struct bench *b = *state;
	const struct http_header headers[] = {
		{ .name = "Authorization", .value = "Bearer canary-secret" },
		{ .name = "cookie", .value = "s=canary-secret" },
		{ .name = "X-Api-Key", .value = "canary-secret", .secret = true },
		{ .name = "X-Plain", .value = "plain" },
	};
	const char *back = arena_printf(b->arena, "%s/ok", b->url);
	const char *away = arena_printf(b->arena, "%s/back", b->other_url);
	struct http_request rq = { .headers = headers, .nheaders = COUNT(headers) };
	struct span body;
	int status;

	add_page(b, "/same", REDIRECT("302"), "/ok");
	add_page(b, "/away", REDIRECT("302"), away);
	add_page(b, "/back", REDIRECT("302"), back);
	client_of(b, (struct http_options){ 0 });

	rq.url = at(b, "/same");
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_non_null(strstr(web_last(b->web), "Authorization: Bearer canary-secret\r\n"));
	assert_non_null(strstr(web_last(b->web), "X-Api-Key: canary-secret\r\n"));

	rq.url = at(b, "/away");
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_int_equal(web_requests(b->other), 1);
	assert_null(strstr(web_last(b->other), "canary-secret"));
	assert_non_null(strstr(web_last(b->other), "X-Plain: plain\r\n"));
	assert_non_null(strstr(web_last(b->web), "GET /ok"));
	assert_null(strstr(web_last(b->web), "canary-secret"));
}

static void test_http__header_injection(void **state)
{
	struct bench *b = *state;
	const struct http_header headers[] = { { .name = "X-A", .value = "a\r\nX-B: b" } };
	const struct http_request rq = { .url = at(b, "/ok"), .headers = headers, .nheaders = 1 };
	struct span body;
	int status;

	client_of(b, (struct http_options){ 0 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_INVALID);
	assert_int_equal(web_connections(b->web), 0);
}

/* A proxy in the environment would hide the real address from the guard. */
static void test_http__environment_is_not_obeyed(void **state)
{
	static const char *const NAMES[] = { "http_proxy", "https_proxy", "ALL_PROXY",
		                             "all_proxy" };
	struct bench *b = *state;
	const struct http_request rq = { .url = at(b, "/ok") };
	char proxy[64];
	struct span body;
	int status;

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", web_port(b->canary));
	for (size_t i = 0; i < COUNT(NAMES); i++)
		setenv(NAMES[i], proxy, 1);
	client_of(b, (struct http_options){ 0 });
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_string_equal(body.data, "hello");
	for (size_t i = 0; i < COUNT(NAMES); i++)
		unsetenv(NAMES[i]);
}

/* What the command line uses for the address its user gave. */
static void test_http__trusted(void **state)
{
	struct bench *b = *state;
	struct http_options options = { .policy = { .trusted = true } };
	const struct http_request rq = { .url = at(b, "/ok") };
	struct span body;
	int status;

	assert_int_equal(http_client_new(&b->cx, &options, &b->client), ERR_OK);
	assert_int_equal(get(b, &rq, &status, &body), ERR_OK);
	assert_int_equal(status, 200);
}

static void test_http__not_trusted_by_default(void **state)
{
	struct bench *b = *state;
	struct http_options options = { .policy = { .allow_http = true } };
	const struct http_request rq = { .url = at(b, "/ok") };
	struct span body;
	int status;

	assert_int_equal(http_client_new(&b->cx, &options, &b->client), ERR_OK);
	assert_int_equal(get(b, &rq, &status, &body), ERR_URL_REFUSED);
	assert_int_equal(web_connections(b->web), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_http__answers),
		TEST(test_http__headers_and_hops),
		TEST(test_http__body_is_sent),
		TEST(test_http__large_body_in_small_reads),
		TEST(test_http__failures),
		TEST(test_http__total_time),
		TEST(test_http__cancelled),
		TEST(test_http__unreachable),
		TEST(test_http__redirects),
		TEST(test_http__redirects_end),
		TEST(test_http__redirect_handed_back),
		TEST(test_http__no_redirect_reaches_the_canary),
		TEST(test_http__no_address_reaches_the_canary),
		TEST(test_http__secrets_stay_with_their_origin),
		TEST(test_http__header_injection),
		TEST(test_http__environment_is_not_obeyed),
		TEST(test_http__trusted),
		TEST(test_http__not_trusted_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
