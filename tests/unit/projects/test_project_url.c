/* Which addresses a project may have (T1, T4), and the bodies that make one. */
#include "fixture.h"

#include "config/config.h"
#include "projects/project.h"
#include "projects/project_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const PORTS[] = { "80", "443", NULL };

/* Each row: the address, the rule that refuses it (NULL: taken), and what is stored. */
static const struct {
	const char *url, *rule, *stored;
} REMOTE[] = {
	{ "https://github.com/redis/redis", NULL, "https://github.com/redis/redis" },
	{ "HTTPS://GitHub.com:443/a/B.git", NULL, "https://github.com/a/B.git" },
	{ "http://github.com/redis/redis", NULL, "http://github.com/redis/redis" },
	{ "https://user:word@github.com/a", "address", NULL },
	{ "https://token@github.com/a", "address", NULL },
	{ "https://140.82.121.3:22/a", NULL, "https://140.82.121.3:22/a" },
	{ "https://127.0.0.1/a", NULL, "https://127.0.0.1/a" },
	{ "https://[::1]/a", NULL, "https://[::1]/a" },
	{ "https://169.254.169.254/latest", NULL, "https://169.254.169.254/latest" },
	{ "https://2130706433/a", NULL, "https://2130706433/a" },
	{ "https:///a", "address", NULL },
	{ "https://", "address", NULL },
	{ "https://git hub.com/a", "address", NULL },
	{ "https://github.com/a\nb", "control_character", NULL },
	{ "https://github.com/a\x7f", "control_character", NULL },
	{ "ssh://git@GitHub.com/a", NULL, "ssh://git@github.com/a" },
	{ "ssh://git:pw@github.com/a", "address", NULL },
	{ "git://github.com/a", "scheme", NULL },
	{ "git@github.com:a/b.git", NULL, "git@github.com:a/b.git" },
	{ "ext::sh -c id", "scheme", NULL },
	{ "-oProxyCommand=id", "scheme", NULL },
	{ "--upload-pack=id", "scheme", NULL },
	{ "ftp://h/a", "scheme", NULL },
	{ "javascript:alert(1)", "scheme", NULL },
	{ "", "scheme", NULL },
	{ "relative/path", "scheme", NULL },
	{ "../up", "scheme", NULL },
	{ "/etc", "local_path", NULL },
	{ "file:///etc", "local_path", NULL },
	{ "file://host/etc", "file_url", NULL },
	{ "file://%2fetc", "file_url", NULL },
	{ "file:etc", "scheme", NULL },
};

static void expect(struct ctx *cx, const char *url, const char *rule, const char *stored)
{
	const char *got = NULL;
	enum err e = project_url_check(cx, url, &got);

	print_message("# %s\n", url);
	if (rule == NULL) {
		assert_int_equal(e, ERR_OK);
		assert_string_equal(got, stored);
		return;
	}
	assert_int_equal(e, ERR_URL_REFUSED);
	assert_blamed(cx, "/repository_url", rule);
	assert_int_equal(cx->fault.nfields, 1);
	assert_non_null(cx->fault.fix);
	assert_null(got);
}

static void test_remote(void **state)
{
	static const struct config config = { .allowed_ports = { PORTS, 2 } };
	struct fixture *f = *state;

	f->app.config = &config;
	for (size_t i = 0; i < COUNT(REMOTE); i++)
		expect(fixture_ctx(f), REMOTE[i].url, REMOTE[i].rule, REMOTE[i].stored);
}

/* ROOT stands for a folder that is allowed; beside it lies one that is not. */
static const struct {
	const char *why, *path, *rule;
} LOCAL[] = {
	{ "the root itself", "ROOT", NULL },
	{ "a folder in it", "ROOT/repo", NULL },
	{ "one that is not there yet", "ROOT/later", NULL },
	{ "a slash at the end", "ROOT/repo/", NULL },
	{ "as a file address", "file://ROOT/repo", NULL },
	{ "beside the root", "ROOT-other/repo", "local_path" },
	{ "beside the root and not there", "ROOT-other/none", "local_path" },
	{ "above the root", "/tmp", "local_path" },
	{ "out by dots", "ROOT/../x", "absolute_path" },
	{ "out by dots at the end", "ROOT/..", "absolute_path" },
	{ "a dot", "ROOT/./repo", "absolute_path" },
	{ "out by a link", "ROOT/link/repo", "local_path" },
	{ "a link that is the end", "ROOT/link", "local_path" },
	{ "a name that begins with dots", "ROOT/..repo", NULL },
};

static const char *with_root(struct ctx *cx, const char *path, const char *root)
{
	const char *at = strstr(path, "ROOT");

	if (at == NULL)
		return path;
	return arena_printf(cx->arena, "%.*s%s%s", (int)(at - path), path, root, at + 4);
}

static void make_folder(const char *root, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void test_local__below_the_roots(void **state)
{
	char root[] = "/tmp/portolan-roots.XXXXXX", command[300], link[200], other[200];
	char inside[210];
	static struct config config;
	struct fixture *f = *state;

	assert_non_null(mkdtemp(root));
	make_folder(root, "/repo");
	make_folder(root, "-other");
	make_folder(root, "-other/repo");
	snprintf(link, sizeof(link), "%s/link", root);
	snprintf(other, sizeof(other), "%s-other", root);
	assert_int_equal(symlink(other, link), 0);

	config.local_roots = (struct config_list){ (const char *const[]){ root, NULL }, 1 };
	f->app.config = &config;
	for (size_t i = 0; i < COUNT(LOCAL); i++) {
		struct ctx *cx = fixture_ctx(f);
		const char *url = with_root(cx, LOCAL[i].path, root);

		print_message("# %s\n", LOCAL[i].why);
		expect(cx, url, LOCAL[i].rule, strncmp(url, "file://", 7) == 0 ? url + 7 : url);
		if (LOCAL[i].rule != NULL && strcmp(LOCAL[i].rule, "local_path") == 0)
			assert_contains(cx->fault.fix, "local_roots");
	}

	/* A root that is a link itself allows what it leads to. */
	snprintf(inside, sizeof(inside), "%s/repo", other);
	config.local_roots = (struct config_list){ (const char *const[]){ link, NULL }, 1 };
	expect(fixture_ctx(f), inside, NULL, inside);

	snprintf(command, sizeof(command), "rm -r '%s' '%s-other'", root, root);
	assert_int_equal(system(command), 0);
}

/* The name that a project gets when it is given none. */
static void test_name(void **state)
{
	static const struct {
		const char *url, *name;
	} CASES[] = {
		{ "https://github.com/a/b", "b" },
		{ "https://github.com/a/b.git", "b" },
		{ "https://github.com/a/b.git.git/", "b" },
		{ "https://github.com/a/b//?x=/y#/z", "b" },
		{ "https://github.com", "github.com" },
		{ "/home/me/code/thing", "thing" },
		{ "/home/me/code/thing/.git", "thing" },
		{ "/", "project" },
		{ "/.git", "project" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(project_url_name(fixture_ctx(*state), CASES[i].url),
		                    CASES[i].name);
}

/* At most 100 characters, and no half of one. */
static void test_name__cut_between_characters(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char url[500] = "/";

	for (int i = 0; i < 120; i++)
		snprintf(url + strlen(url), 4, "\xc3\xa9");
	assert_int_equal(strlen(project_url_name(cx, url)), 200);
}

static const struct {
	const char *why, *body;
	enum err wanted;
	const char *blamed;
} BODIES[] = {
	{ "the least", "{'repository_url':'https://h/r'}", ERR_OK, NULL },
	{ "all", "{'name':'a','repository_url':'https://h/r','default_branch':'x/y'}", ERR_OK,
	  NULL },
	{ "nulls", "{'name':null,'repository_url':'https://h/r','default_branch':null}", ERR_OK,
	  NULL },
	{ "no address", "{'name':'a'}", ERR_INVALID, "/repository_url" },
	{ "an empty name", "{'name':'','repository_url':'x'}", ERR_INVALID, "/name" },
	{ "a name with a space around", "{'name':' a','repository_url':'x'}", ERR_INVALID,
	  "/name" },
	{ "a name of two lines", "{'name':'a\\nb','repository_url':'x'}", ERR_INVALID, "/name" },
	{ "a branch with dots", "{'repository_url':'x','default_branch':'a..b'}", ERR_INVALID,
	  "/default_branch" },
	{ "a branch like an option", "{'repository_url':'x','default_branch':'-x'}", ERR_INVALID,
	  "/default_branch" },
	{ "a branch with a space", "{'repository_url':'x','default_branch':'a b'}", ERR_INVALID,
	  "/default_branch" },
	{ "a locked branch", "{'repository_url':'x','default_branch':'a.lock'}", ERR_INVALID,
	  "/default_branch" },
	{ "a branch that is a ref log", "{'repository_url':'x','default_branch':'a@{1}'}",
	  ERR_INVALID, "/default_branch" },
	{ "a field that does not exist", "{'repository_url':'x','url':'y'}", ERR_UNKNOWN_FIELD,
	  "/url" },
};

static void test_bodies(void **state)
{
	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct project_new in;

		print_message("# %s\n", BODIES[i].why);
		assert_int_equal(
			schema_decode(cx, &project_new_schema, quotes(cx, BODIES[i].body), &in),
			BODIES[i].wanted);
		if (BODIES[i].blamed != NULL)
			assert_blamed(cx, BODIES[i].blamed, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remote), cmocka_unit_test(test_local__below_the_roots),
		cmocka_unit_test(test_name),   cmocka_unit_test(test_name__cut_between_characters),
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
