/*
 * Private repositories (A3's tokens, T3, T22): a credential opens what it is bound to, and is shown to
 * nobody else; over https and over ssh, with real servers.
 */
#include "maps/clone.h"

#include "auth/ssh_key.h"
#include "clone_bench.h"
#include "web.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define USER  "alice" /* of tests/fakes/git_http.py */
#define TOKEN "canary-token-of-the-git-server"

/* The http bench, an https server, and one of ssh. */
struct private_bench {
	struct clone_bench *b;
	struct clone_server tls, ssh;
	const char *hosts[2];
	char ca[128], keys[128];
	const char *known, *others;
};

static const char *read_text(struct clone_bench *b, const char *folder, const char *name)
{
	char text[8192];
	ssize_t n;
	int fd = open(arena_printf(b->arena, "%s/%s", folder, name), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	return arena_strndup(b->arena, text, (size_t)n);
}

static int open_bench(void **state)
{
	struct private_bench *p = calloc(1, sizeof(*p));
	void *bench = NULL;

	clone_bench_open(&bench);
	p->b = bench;
	snprintf(p->ca, sizeof(p->ca), "%s/ca.pem", p->b->root);
	snprintf(p->keys, sizeof(p->keys), "%s/ssh", p->b->root);
	clone_bench_shell(
		p->b,
		"chmod 755 .. && mkdir ../ssh && openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
		"-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout ../key.pem -out "
		"../ca.pem 2>/dev/null");
	const char *const tls[] = { "python3",
		                    "tests/fakes/git_http.py",
		                    p->b->src,
		                    p->ca,
		                    arena_printf(p->b->arena, "%s/key.pem", p->b->root),
		                    NULL };
	const char *const ssh[] = { "python3", "tests/fakes/git_ssh.py", p->keys, NULL };
	clone_bench_serve(&p->tls, tls);
	clone_bench_serve(&p->ssh, ssh);
	p->hosts[0] = p->tls.allowed;
	p->hosts[1] = p->ssh.allowed;
	*state = p;
	return 0;
}

static int close_bench(void **state)
{
	struct private_bench *p = *state;
	void *bench = p->b;

	clone_bench_unserve(&p->tls);
	clone_bench_unserve(&p->ssh);
	clone_bench_close(&bench);
	free(p);
	return 0;
}

static int fresh(void **state)
{
	struct private_bench *p = *state;
	void *bench = p->b;

	return clone_bench_fresh(&bench);
}

/* No fault may hold a secret, whatever a server or a library said. */
static void assert_silent(const struct ctx *cx, const char *secret)
{
	const char *texts[] = { cx->fault.detail, cx->fault.cause, cx->fault.fix };

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_true(texts[i] == NULL || strstr(texts[i], secret) == NULL);
}

/* --- https --- */

static void test_private__https(void **state)
{
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	const struct clone_hooks hooks = { .ca_file = p->ca };
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "https://127.0.0.1:%d", p->tls.port),
		.username = USER,
		.secret = TOKEN,
	};
	struct fetch_request rq = clone_bench_request(
		b, arena_printf(b->arena, "https://127.0.0.1:%d/private/plain.git", p->tls.port));
	struct fetch_reply reply;

	rq.allow_http = false;
	rq.allowed_hosts = (struct list){ p->hosts, 2 };
	assert_int_equal(clone_bench_run(b, &rq, &hooks, &reply), ERR_REPO_AUTH);
	rq.credential = &credential;
	assert_int_equal(clone_bench_run(b, &rq, &hooks, &reply), ERR_OK);
	clone_bench_check(b, "dev main old");

	credential.secret = "canary-token-that-is-wrong";
	assert_int_equal(clone_bench_run(b, &rq, &hooks, &reply), ERR_CREDENTIAL_REFUSED);
	assert_non_null(strstr(b->cx.fault.detail, "status 401"));
	assert_non_null(b->cx.fault.fix);
	assert_silent(&b->cx, credential.secret);
}

/* Bound to one origin: another scheme, host or port is another, and hears nothing. */
static void test_private__bound(void **state)
{
	static const char *const BEGINS[] = { "https://127.0.0.1", "http://localhost",
		                              "http://127.0.0.2", "http://127.0.0.1:1" };
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "private", "plain"));
	struct fetch_credential credential = { .username = USER, .secret = TOKEN };
	struct fetch_reply reply;

	rq.credential = &credential;
	for (size_t i = 0; i < COUNT(BEGINS); i++) {
		const char *origin =
			i == 3 ? BEGINS[i] : arena_printf(b->arena, "%s:%d", BEGINS[i], b->port);

		credential.origin = origin;
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_ORIGIN_MISMATCH);
		assert_non_null(strstr(b->cx.fault.detail, origin));
	}
	assert_string_equal(clone_bench_line(b, "curl -s http://127.0.0.1:%d/seen", b->port), "0");
}

/* T3: who is redirected to does not get the credential, on any of the requests. */
static void test_private__redirects(void **state)
{
	static const struct web_page PAGES[] = {
		{ .path = "*",
		  .answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
		            "Content-Length: 0\r\n\r\n" },
		{ .path = NULL },
	};
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	struct web *other = web_start(PAGES);
	char allowed[32];
	const char *const hosts[] = { b->server.allowed, allowed };
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "http://127.0.0.1:%d", b->port),
		.username = USER,
		.secret = TOKEN,
	};
	struct fetch_request rq = clone_bench_request(
		b, arena_printf(b->arena, "http://127.0.0.1:%d/private-away/%d/x.git", b->port,
	                        web_port(other)));
	struct fetch_reply reply;

	snprintf(allowed, sizeof(allowed), "127.0.0.1:%d", web_port(other));
	rq.allowed_hosts = (struct list){ hosts, 2 };
	rq.credential = &credential;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_AUTH);
	assert_non_null(strstr(b->cx.fault.detail, "was not sent"));
	assert_int_equal(web_requests(other), 1);
	assert_null(strcasestr(web_last(other), "authorization"));
	assert_null(strstr(web_last(other), TOKEN));
	web_stop(other);

	/* The same server under another name is another origin too. */
	rq.url = clone_bench_url(b, "private-moved", "plain");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_AUTH);
	assert_non_null(strstr(b->cx.fault.detail, "localhost"));
	assert_silent(&b->cx, TOKEN);
}

/* --- ssh --- */

static void test_private__ssh(void **state)
{
	static const struct {
		const char *why, *key, *hosts;
		bool phrase;
		enum err want;
		const char *says;
	} CASES[] = {
		{ "Ed25519", "id_ed25519", "known_hosts", false, ERR_OK, NULL },
		{ "RSA", "id_rsa", "known_hosts", false, ERR_OK, NULL },
		{ "ECDSA with a passphrase", "id_ecdsa", "known_hosts", true, ERR_OK, NULL },
		{ "a key that is not let in", "id_stranger", "known_hosts", false,
		  ERR_CREDENTIAL_REFUSED, "refused the key" },
		{ "another server's key", "id_ed25519", "other_hosts", false, ERR_HOST_KEY,
		  "SHA256:" },
	};
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "ssh://127.0.0.1:%d", p->ssh.port),
		.username = p->ssh.account,
	};
	struct fetch_request rq = clone_bench_request(
		b, arena_printf(b->arena, "ssh://127.0.0.1:%d%s/plain.git", p->ssh.port, b->src));
	struct fetch_reply reply;

	rq.allowed_hosts = (struct list){ p->hosts, 2 };
	rq.credential = &credential;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].why);
		clone_bench_shell(b, "rm -rf %s", b->copy);
		credential.secret = read_text(b, p->keys, CASES[i].key);
		credential.passphrase =
			CASES[i].phrase ? read_text(b, p->keys, "passphrase") : NULL;
		assert_int_equal(ssh_host_keys_read(&b->cx, read_text(b, p->keys, CASES[i].hosts),
		                                    &credential.host_keys),
		                 ERR_OK);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), CASES[i].want);
		if (CASES[i].want == ERR_OK)
			clone_bench_check(b, "dev main old");
		else
			assert_non_null(strstr(b->cx.fault.detail, CASES[i].says));
		/* A second fetch of the same, and one that finds nothing new. */
		if (CASES[i].want == ERR_OK)
			assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	}
}

/* Either of the server's keys may be pinned, and the fingerprint alone does as well. */
static void test_private__host_keys(void **state)
{
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	const char *print = clone_bench_line(
		b, "ssh-keygen -l -E sha256 -f %s/host_ed25519.pub | cut -d' ' -f2", p->keys);
	const char *rsa = read_text(b, p->keys, "host_rsa.pub");
	const char *const pins[] = { print, rsa };
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "ssh://127.0.0.1:%d", p->ssh.port),
		.username = "nobody",
		.secret = read_text(b, p->keys, "id_ed25519"),
	};
	struct fetch_request rq =
		clone_bench_request(b, arena_printf(b->arena, "ssh://%s@127.0.0.1:%d%s/plain.git",
	                                            p->ssh.account, p->ssh.port, b->src));
	struct fetch_reply reply;

	rq.allowed_hosts = (struct list){ p->hosts, 2 };
	rq.credential = &credential;
	for (size_t i = 0; i < COUNT(pins); i++) {
		assert_int_equal(ssh_host_keys_read(&b->cx, pins[i], &credential.host_keys),
		                 ERR_OK);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	}
	/* The fingerprint that was seen stands in the refusal. */
	assert_int_equal(ssh_host_keys_read(&b->cx, read_text(b, p->keys, "other_hosts"),
	                                    &credential.host_keys),
	                 ERR_OK);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_HOST_KEY);
	assert_non_null(strstr(b->cx.fault.detail, print));
}

/* Addresses, caps and what is not there, by ssh as by https. */
static void test_private__ssh_failures(void **state)
{
	struct private_bench *p = *state;
	struct clone_bench *b = p->b;
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "ssh://127.0.0.1:%d", p->ssh.port),
		.username = p->ssh.account,
		.secret = read_text(b, p->keys, "id_ed25519"),
	};
	struct fetch_request rq = clone_bench_request(
		b, arena_printf(b->arena, "ssh://127.0.0.1:%d%s/none.git", p->ssh.port, b->src));
	struct fetch_reply reply;

	assert_int_equal(ssh_host_keys_read(&b->cx, read_text(b, p->keys, "known_hosts"),
	                                    &credential.host_keys),
	                 ERR_OK);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_AUTH);
	rq.credential = &credential;
	/* T1: the guard judges this connection too. */
	rq.allowed_hosts.n = 0;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_URL_REFUSED);
	assert_non_null(strstr(b->cx.fault.detail, "loopback"));
	rq.allowed_hosts = (struct list){ p->hosts, 2 };
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_NOT_FOUND);
	rq.url = arena_printf(b->arena, "ssh://127.0.0.1:%d%s/big.git", p->ssh.port, b->src);
	rq.max_bytes = 200000;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_TOO_LARGE);
	rq.max_bytes = 1 << 30;
	rq.timeout_s = 0;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_TIMEOUT);
	rq.timeout_s = 120;
	credential.origin = "ssh://127.0.0.1";
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_ORIGIN_MISMATCH);
	credential.origin = arena_printf(b->arena, "ssh://127.0.0.1:%d", p->ssh.port);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_private__https, fresh),
		cmocka_unit_test_setup(test_private__bound, fresh),
		cmocka_unit_test_setup(test_private__redirects, fresh),
		cmocka_unit_test_setup(test_private__ssh, fresh),
		cmocka_unit_test_setup(test_private__host_keys, fresh),
		cmocka_unit_test_setup(test_private__ssh_failures, fresh),
	};

	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
