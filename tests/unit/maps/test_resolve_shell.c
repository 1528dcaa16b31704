/*
 * Shell and SQL: files that scripts read in, and tables that one file alone creates; what CI and
 * Compose files use of the repository.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "from the script, from the working folder, by the end of the path",
		.files = {
			{ "bin/run.sh",
			  ". \"$(dirname \"$0\")/../lib/a.sh\"\n"
			  "D=$(cd \"$(dirname \"$0\")/..\" && pwd)\n"
			  ". \"$D/lib/b.sh\"\n"
			  ". lib/a.sh\n"
			  ". ./near.sh\n"
			  ". \"$PREFIX/lib/b.sh\"\n"
			  ". \"$PREFIX/same.sh\"\n"
			  ". /etc/profile\n"
			  ". ./gone.sh\n"
			  "load x\n"
			  ". \"$PREFIX/two.sh\"\n"
			  ". near\n" },
			{ "bin/near.sh", "\n" },
			{ "lib/a.sh", "\n" },
			{ "lib/b.sh", "\n" },
			{ "bin/in/two.sh", "\n" },
			{ "one/same.sh", "\n" },
			{ "bin/two.sh", "\n" },
			{ "one/two.sh", "\n" },
			{ "two/same.sh", "\n" },
			{ "test/t.bats", "load helper\nload ../bin/near.sh\n" },
			{ "test/helper.bash", "\n" },
		},
		.edges = "bin/run.sh:1 lib/a.sh shell.relative\n"
		         "bin/run.sh:3 lib/b.sh shell.relative\n"
		         "bin/run.sh:4 lib/a.sh shell.working_dir\n"
		         "bin/run.sh:5 bin/near.sh shell.working_dir\n"
		         "bin/run.sh:6 lib/b.sh shell.unique_suffix\n"
		         "bin/run.sh:11 bin/two.sh shell.nearest\n"
		         "bin/run.sh:12 bin/near.sh shell.working_dir\n"
		         "test/t.bats:1 test/helper.bash shell.relative\n"
		         "test/t.bats:2 bin/near.sh shell.relative\n",
		.misses = "bin/run.sh:7 same.sh ambiguous\n"
		          "bin/run.sh:8 /etc/profile external\n"
		          "bin/run.sh:9 ./gone.sh not_found\n",
	},
	{
		.why = "client commands, and tables that one file creates",
		.files = {
			{ "db/all.sql", "\\ir one.sql\n\\i db/two.sql\n\\i gone.sql\n" },
			{ "db/one.sql", "CREATE TABLE app.One (a int);\nCREATE TABLE twice (a int);\n" },
			{ "db/two.sql", "CREATE TABLE twice (a int REFERENCES one);\n"
			                "ALTER TABLE app.one ADD b int;\nINSERT INTO twice VALUES (1);\n"
			                "SELECT * FROM pg_class;\n" },
			{ "db/three.sql", "DELETE FROM twice;\n" },
			{ "db/4.up.sql", "CREATE TABLE four (a int);\nDELETE FROM one;\n" },
			{ "db/4.down.sql", "DELETE FROM four;\nCREATE TABLE app.one (a int);\n" },
		},
		.edges = "db/4.down.sql:1 db/4.up.sql sql.table\n"
		         "db/4.up.sql:2 db/one.sql sql.table\n"
		         "db/all.sql:1 db/one.sql sql.relative\n"
		         "db/all.sql:2 db/two.sql sql.working_dir\n"
		         "db/two.sql:1 db/one.sql sql.table\n"
		         "db/two.sql:2 db/one.sql sql.table\n",
		.misses = "db/all.sql:3 gone.sql not_found\n",
	},
	{
		.why = "workflows, pipelines and Compose files",
		.files = {
			{ ".github/workflows/ci.yml",
			  "jobs:\n"
			  "  a:\n"
			  "    uses: ./.github/workflows/b.yml\n"
			  "  c:\n"
			  "    steps:\n"
			  "      - uses: ./.github/actions/d\n"
			  "      - uses: ./\n"
			  "      - uses: ./gone\n" },
			{ ".github/workflows/b.yml", "\n" },
			{ ".github/actions/d/action.yaml", "\n" },
			{ ".gitlab-ci.yml", "include: [/ci/e.yml, {local: ci/e.yml}]\n" },
			{ "action.yml", "\n" },
			{ "ci/e.yml", "\n" },
			{ "dev/compose.yml",
			  "services:\n"
			  "  a: {build: ../web}\n"
			  "  b:\n"
			  "    build: {context: .., dockerfile: dev/b.Dockerfile}\n"
			  "  c: {build: \"https://h/x\"}\n" },
			{ "dev/b.Dockerfile", "\n" },
			{ "web/Dockerfile", "\n" },
		},
		.edges = ".github/workflows/ci.yml:3 .github/workflows/b.yml build.path\n"
		         ".github/workflows/ci.yml:6 .github/actions/d/action.yaml build.path\n"
		         ".github/workflows/ci.yml:7 action.yml build.path\n"
		         ".gitlab-ci.yml:1 ci/e.yml build.path\n"
		         "dev/compose.yml:2 web/Dockerfile build.path\n"
		         "dev/compose.yml:4 dev/b.Dockerfile build.path\n",
		.misses = ".github/workflows/ci.yml:8 ./gone not_found\n",
	},
};

static void test_resolve_shell__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_shell__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
