/* Configuration: sources and their order, checks, and what is shown (N3). */
#include "fixture.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const NO_ENV[] = { "PATH=/bin", "HOME=/", NULL };

/* A settings file for one test; its name goes into path. */
static void write_file(char path[64], const char *text)
{
	int fd;

	snprintf(path, 64, "/tmp/portolan-test-config.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static enum err load_file(struct ctx *cx, const char *text, const struct config **ret)
{
	char path[64];
	enum err e;

	write_file(path, text);
	e = config_load(cx, &(struct config_sources){ .file = path, .env = NO_ENV }, ret);
	unlink(path);
	return e;
}

static enum err load_env(struct ctx *cx, const char *variable, const struct config **ret)
{
	const char *const env[] = { "PATH=/bin", variable, NULL };

	return config_load(cx, &(struct config_sources){ .env = env }, ret);
}

static void test_config__defaults(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config;

	assert_int_equal(config_load(cx, &(struct config_sources){ .env = NO_ENV }, &config),
	                 ERR_OK);
	assert_int_equal(config->worker_threads, 4);
	assert_int_equal(config->clone_max_bytes, INT64_C(4294967296));
	assert_int_equal(config->body_max_bytes, 1048576);
	assert_false(config->allow_http);
	assert_string_equal(config->database_url,
	                    "host=/var/run/postgresql dbname=portolan user=portolan_app");
	assert_string_equal(config->api_key, "");
	assert_int_equal(config->local_roots.n, 0);
	assert_int_equal(config->allowed_ports.n, 2);
	assert_string_equal(config->allowed_ports.items[1], "443");
	assert_null(config->allowed_ports.items[2]);
	assert_string_equal(config_origin(config, "worker_threads"), "default");
	assert_null(config_origin(config, "worker_thread"));
}

static void test_config__order_of_sources(void **state)
{
	static const char *const SETS[] = { "runner_jobs=9" };
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config;
	char path[64];

	write_file(path, "# settings\n"
	                 "worker_threads = 8\n"
	                 "runner_jobs=7\n"
	                 "\n"
	                 "PORTOLAN_RUNNER_POLL_MS=\"500\"\r\n"
	                 "sql_dir = 'my sql # dir'\n");
	const char *const env[] = { arena_printf(cx->arena, "PORTOLAN_CONFIG=%s", path),
		                    "PORTOLAN_RUNNER_JOBS=8", "PORTOLAN_RUNNER_POLL_MS=600", NULL };
	enum err e = config_load(
		cx, &(struct config_sources){ .env = env, .sets = SETS, .nsets = 1 }, &config);
	unlink(path);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(config->worker_threads, 8);
	assert_int_equal(config->runner_jobs, 9);
	assert_int_equal(config->runner_poll_ms, 600);
	assert_string_equal(config->sql_dir, "my sql # dir");
	assert_string_equal(config_origin(config, "runner_jobs"), "flag --set");
	assert_string_equal(config_origin(config, "runner_poll_ms"),
	                    "environment PORTOLAN_RUNNER_POLL_MS");
	assert_string_equal(config_origin(config, "worker_threads"),
	                    arena_printf(cx->arena, "%s:2", path));
}

static void test_config__values(void **state)
{
	static const struct {
		const char *variable;
		bool good;
	} CASES[] = {
		{ "PORTOLAN_WORKER_THREADS=1", true },
		{ "PORTOLAN_WORKER_THREADS=64", true },
		{ "PORTOLAN_WORKER_THREADS=0", false },
		{ "PORTOLAN_WORKER_THREADS=65", false },
		{ "PORTOLAN_WORKER_THREADS=-1", false },
		{ "PORTOLAN_WORKER_THREADS=4x", false },
		{ "PORTOLAN_WORKER_THREADS= 4", false },
		{ "PORTOLAN_WORKER_THREADS=4KiB", false },
		{ "PORTOLAN_WORKER_THREADS=", false },
		{ "PORTOLAN_WORKER_THREADS=99999999999999999999", false },
		{ "PORTOLAN_CLONE_MAX_BYTES=2GiB", true },
		{ "PORTOLAN_CLONE_MAX_BYTES=99999999999GiB", false },
		{ "PORTOLAN_CLONE_MAX_BYTES=2gb", false },
		{ "PORTOLAN_ALLOW_HTTP=Yes", true },
		{ "PORTOLAN_ALLOW_HTTP=off", true },
		{ "PORTOLAN_ALLOW_HTTP=maybe", false },
		{ "PORTOLAN_LOCAL_ROOTS=/a:/b c", true },
		{ "PORTOLAN_LOCAL_ROOTS=relative", false },
		{ "PORTOLAN_ALLOWED_PORTS=80:8443", true },
		{ "PORTOLAN_ALLOWED_PORTS=", false },
		{ "PORTOLAN_ALLOWED_PORTS=0", false },
		{ "PORTOLAN_ALLOWED_PORTS=65536", false },
		{ "PORTOLAN_ALLOWED_PORTS=http", false },
		{ "PORTOLAN_ALLOWED_HOSTS=git.test, git.test:8080,10.0.0.0/8,fd00::/8,[::1]:80,::1",
		  true },
		{ "PORTOLAN_ALLOWED_HOSTS=git.test:99999", false },
		{ "PORTOLAN_ALLOWED_HOSTS=http://git.test", false },
		{ "PORTOLAN_ALLOWED_HOSTS=10.0.0.0/1000", false },
		{ "PORTOLAN_ALLOWED_HOSTS=a b", false },
		{ "PORTOLAN_PUBLIC_URL=", true },
		{ "PORTOLAN_PUBLIC_URL=https://h.test/x", true },
		{ "PORTOLAN_PUBLIC_URL=ftp://h.test", false },
		{ "PORTOLAN_PUBLIC_URL=https://u:p@h.test", false },
		{ "PORTOLAN_PUBLIC_URL=https://", false },
		{ "PORTOLAN_URL=", false },
		{ "PORTOLAN_DATABASE_URL=host=h password=x", false },
		{ "PORTOLAN_DATABASE_URL=postgresql://u:p@h/d", false },
		{ "PORTOLAN_DATABASE_URL=postgresql://u@h/d", true },
		{ "PORTOLAN_LOG_LEVEL=debug", true },
		{ "PORTOLAN_LOG_LEVEL=trace", false },
		{ "PORTOLAN_SQL_DIR=a\nb", false },
		{ "PORTOLAN_SQL_DIR=\xFF", false },
		{ "PORTOLAN_RUNNER_LEASE_MS=9999", false }, /* less than two heartbeats */
		{ "PORTOLAN_NO_SUCH=1", false },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct config *config = NULL;

		print_message("# %s\n", CASES[i].variable);
		assert_int_equal(load_env(cx, CASES[i].variable, &config),
		                 CASES[i].good ? ERR_OK : ERR_INVALID);
		assert_int_equal(config != NULL, CASES[i].good);
		assert_int_equal(cx->fault.nfields, CASES[i].good ? 0 : 1);
	}
}

static void test_config__lists(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config;

	assert_int_equal(load_env(cx, "PORTOLAN_LOCAL_ROOTS=/a::/b c:", &config), ERR_OK);
	assert_int_equal(config->local_roots.n, 2);
	assert_string_equal(config->local_roots.items[0], "/a");
	assert_string_equal(config->local_roots.items[1], "/b c");
	assert_int_equal(load_env(cx, "PORTOLAN_ALLOWED_HOSTS=h:80, [::1]:80", &config), ERR_OK);
	assert_int_equal(config->allowed_hosts.n, 2);
	assert_string_equal(config->allowed_hosts.items[1], "[::1]:80");
}

/* All mistakes of all sources in one fault, each with its origin. */
static void test_config__all_mistakes_together(void **state)
{
	static const char *const ENV[] = { "PORTOLAN_WORKER_THREAD=3", "PORTOLAN_RUNNER_JOBS=many",
		                           NULL };
	static const char *const SETS[] = { "nonsense", "log_level=loud" };
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config = NULL;
	char path[64];
	enum err e;

	write_file(
		path,
		"worker_threads = 0\nno equals sign\nsql_dir = \"open\nrunner_jobs=1\nrunner_jobs=2\n");
	e = config_load(
		cx, &(struct config_sources){ .file = path, .env = ENV, .sets = SETS, .nsets = 2 },
		&config);
	unlink(path);
	assert_int_equal(e, ERR_INVALID);
	assert_null(config);
	assert_int_equal(cx->fault.nfields, 8);
	assert_blamed(cx, "worker_threads", "value");
	assert_blamed(cx, arena_printf(cx->arena, "%s:2", path), "syntax");
	assert_blamed(cx, "sql_dir", "syntax");
	assert_blamed(cx, "runner_jobs", "repeated");
	assert_blamed(cx, "PORTOLAN_WORKER_THREAD", "unknown");
	assert_blamed(cx, "runner_jobs", "value");
	assert_blamed(cx, "--set", "syntax");
	assert_blamed(cx, "log_level", "value");
	assert_string_equal(cx->fault.fields[0].detail,
	                    arena_printf(cx->arena,
	                                 "worker_threads must be a whole number from 1 to 64, "
	                                 "got \"0\" (%s:1)",
	                                 path));
	assert_string_equal(cx->fault.fields[4].detail,
	                    "PORTOLAN_WORKER_THREAD is not a setting; did you mean worker_threads? "
	                    "(environment PORTOLAN_WORKER_THREAD)");
}

static void test_config__files_that_cannot_be_read(void **state)
{
	static const char *const PATHS[] = { "/no/such/file", "/tmp", "/dev/zero",
		                             "/proc/self/cmdline" };
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config;
	char *large = arena_alloc(cx->arena, CONFIG_FILE_MAX_BYTES + 2);

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		assert_int_equal(
			config_load(cx, &(struct config_sources){ .file = PATHS[i], .env = NO_ENV },
		                    &config),
			ERR_INVALID);
		assert_blamed(cx, PATHS[i], "file");
	}
	memset(large, '\n', CONFIG_FILE_MAX_BYTES + 1);
	assert_int_equal(load_file(cx, large, &config), ERR_INVALID);
	large[CONFIG_FILE_MAX_BYTES] = '\0';
	assert_int_equal(load_file(cx, large, &config), ERR_OK);
}

static void test_config__quotes(void **state)
{
	static const struct {
		const char *line, *value; /* NULL: refused */
	} CASES[] = {
		{ "sql_dir=a", "a" },
		{ "  sql_dir  =  a b  ", "a b" },
		{ "sql_dir=\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c" },
		{ "sql_dir='a \\ \"b\"'", "a \\ \"b\"" },
		{ "sql_dir=a=b", "a=b" },
		{ "sql_dir=\"a\" b", NULL },
		{ "sql_dir='a", NULL },
		{ "sql_dir=\"a\\\"", NULL },
		{ "sql_dir=", NULL },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct config *config;
		enum err e = load_file(cx, CASES[i].line, &config);

		print_message("# %s\n", CASES[i].line);
		assert_int_equal(e, CASES[i].value == NULL ? ERR_INVALID : ERR_OK);
		if (e == ERR_OK)
			assert_string_equal(config->sql_dir, CASES[i].value);
	}
}

/* A secret is never shown: not by the entries, not in an error. */
static void test_config__secrets(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct config *config;
	struct config_entry entry;

	assert_int_equal(load_env(cx, "PORTOLAN_API_KEY=hush", &config), ERR_OK);
	assert_string_equal(config->api_key, "hush");
	entry = config_entry(cx->arena, config, CONFIG_KEY_api_key);
	assert_string_equal(entry.key, "api_key");
	assert_string_equal(entry.variable, "PORTOLAN_API_KEY");
	assert_string_equal(entry.value, "[set]");
	assert_true(entry.secret);
	assert_int_equal(load_env(cx, "PORTOLAN_LOG_LEVEL=info", &config), ERR_OK);
	assert_string_equal(config_entry(cx->arena, config, CONFIG_KEY_api_key).value, "");
	assert_int_equal(load_env(cx, "PORTOLAN_API_KEY=hush\thush", &config), ERR_INVALID);
	assert_null(strstr(cx->fault.detail, "hush"));
	assert_int_equal(load_env(cx, "PORTOLAN_DATABASE_URL=password=hush", &config), ERR_INVALID);
	assert_null(strstr(cx->fault.detail, "hush"));
}

/* What is printed for people can be read back by the program, and names every key. */
static void test_config__documents(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb docs = sb_new(cx->arena, 65536), example = sb_new(cx->arena, 65536);
	const struct config *config;
	char *live;

	config_docs(&docs);
	config_example(&example);
	assert_false(docs.failed || example.failed);
	live = arena_strdup(cx->arena, example.data);
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		struct config_entry entry = config_entry(cx->arena, NULL, i);
		char *line = strstr(live, arena_printf(cx->arena, "\n#%s=", entry.variable));

		assert_contains(docs.data, arena_printf(cx->arena, "| `%s` |", entry.key));
		assert_non_null(line);
		line[1] = ' ';
		assert_true(strlen(entry.doc) > 10 && entry.doc[strlen(entry.doc) - 1] == '.');
	}
	assert_int_equal(load_file(cx, live, &config), ERR_OK);
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		assert_string_equal(config->texts[i], config_entry(cx->arena, NULL, i).preset);
		assert_string_not_equal(config->origins[i], "default");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__defaults),
		cmocka_unit_test(test_config__order_of_sources),
		cmocka_unit_test(test_config__values),
		cmocka_unit_test(test_config__lists),
		cmocka_unit_test(test_config__all_mistakes_together),
		cmocka_unit_test(test_config__files_that_cannot_be_read),
		cmocka_unit_test(test_config__quotes),
		cmocka_unit_test(test_config__secrets),
		cmocka_unit_test(test_config__documents),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
