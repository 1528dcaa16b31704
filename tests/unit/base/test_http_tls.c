/*
 * HTTP client over TLS (T3): who is trusted, and that https never leads back to http.  The server is
 * openssl's own, with a certificate made here; without the openssl program the tests are skipped.
 */
#include "base/http_client.h"

#include "base/ctx.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)4 << 20)

static const struct app APP = { .clock = &system_clock, .component = "test" };

struct bench {
	struct ctx cx;
	struct arena *arena;
	char dir[64], ca[96], host[64];
	int port;
	pid_t server;
};

static bool shell(const char *script, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, script);
	vsnprintf(text, sizeof(text), script, ap);
	va_end(ap);
	return system(text) == 0;
}

/* "ACCEPT 127.0.0.1:PORT" is the server's first line. */
static void start_server(struct bench *b)
{
	int out[2];
	char text[256] = "";
	size_t n = 0;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	b->server = fork();
	assert_true(b->server >= 0);
	if (b->server == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (chdir(b->dir) == 0)
			execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
			       "cert.pem", "-key", "key.pem", "-HTTP", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	while (strstr(text, "ACCEPT") == NULL || strchr(strstr(text, "ACCEPT"), '\n') == NULL) {
		ssize_t got = read(out[0], text + n, sizeof(text) - 1 - n);

		assert_true(got > 0);
		n += (size_t)got;
	}
	b->port = (int)strtol(strrchr(text, ':') + 1, NULL, 10);
	assert_true(b->port > 0);
	snprintf(b->host, sizeof(b->host), "127.0.0.1:%d", b->port);
	/* The other end stays open, for the server goes on talking. */
}

static int open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	b->arena = arena_new(ARENA_MAX);
	snprintf(b->dir, sizeof(b->dir), "/tmp/tls-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->ca, sizeof(b->ca), "%s/cert.pem", b->dir);
	if (!shell("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
	           " -keyout key.pem -out cert.pem -days 2 -subj /CN=test"
	           " -addext subjectAltName=IP:127.0.0.1 2>/dev/null",
	           b->dir))
		return 0;
	assert_true(shell(
		"cd %s && printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello' >ok &&"
		" printf 'HTTP/1.0 302 Found\\r\\nLocation: http://127.0.0.1:9/\\r\\n\\r\\n' >down",
		b->dir));
	start_server(b);
	return 0;
}

static int close_bench(void **state)
{
	struct bench *b = *state;

	if (b->server > 0) {
		kill(b->server, SIGKILL);
		waitpid(b->server, NULL, 0);
	}
	shell("rm -rf %s", b->dir);
	arena_free(b->arena);
	free(b);
	return 0;
}

static enum err get(struct bench *b, const char *host, const char *path, const char *ca,
                    struct span *ret)
{
	const char *const allowed[] = { b->host, host };
	const struct http_options options = {
		.policy = { .allow_http = true, .allowed = allowed, .nallowed = 2 },
		.ca_file = ca,
	};
	CLEANUP(http_client_free) struct http_client *client = NULL;
	CLEANUP(http_end) struct http_answer *answer = NULL;
	char url[128];

	ctx_begin(&b->cx, &APP, b->arena, NULL);
	snprintf(url, sizeof(url), "https://%s/%s", host, path);
	TRY(http_client_new(&b->cx, &options, &client));
	TRY(http_start(&b->cx, client, &(struct http_request){ .url = url }, &answer));
	return http_read_all(&b->cx, answer, 1000, ret);
}

static struct bench *bench_or_skip(void **state)
{
	struct bench *b = *state;

	if (b->server <= 0)
		skip();
	return b;
}

static void test_tls__trusted(void **state)
{
	struct bench *b = bench_or_skip(state);
	struct span body;

	assert_int_equal(get(b, b->host, "ok", b->ca, &body), ERR_OK);
	assert_string_equal(body.data, "hello");
}

static void test_tls__unknown_authority(void **state)
{
	struct bench *b = bench_or_skip(state);
	struct span body;

	assert_int_equal(get(b, b->host, "ok", NULL, &body), ERR_REMOTE_UNREACHABLE);
	assert_non_null(strstr(b->cx.fault.detail, "is not trusted"));
}

static void test_tls__certificate_of_another_name(void **state)
{
	struct bench *b = bench_or_skip(state);
	struct span body;
	char host[64];

	snprintf(host, sizeof(host), "localhost:%d", b->port);
	assert_int_equal(get(b, host, "ok", b->ca, &body), ERR_REMOTE_UNREACHABLE);
	assert_non_null(strstr(b->cx.fault.detail, "is not trusted"));
}

static void test_tls__no_way_back_to_http(void **state)
{
	struct bench *b = bench_or_skip(state);
	struct span body;

	assert_int_equal(get(b, b->host, "down", b->ca, &body), ERR_URL_REFUSED);
	assert_non_null(strstr(b->cx.fault.detail, "https may not lead to http"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls__trusted),
		cmocka_unit_test(test_tls__unknown_authority),
		cmocka_unit_test(test_tls__certificate_of_another_name),
		cmocka_unit_test(test_tls__no_way_back_to_http),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
