/*
 * Manifests of Ruby, containers and CI: every gem, image and action with its version.  (B4)
 */
#include "fixture.h"

#include "base/sb.h"
#include "maps/manifest.h"

#include <string.h>

/* Each row: why, the file, its name, and lines "ecosystem name spec scope line". */
static const struct {
	const char *why, *path, *text, *name, *deps;
} CASES[] = {
	{ "Gemfile: groups, blocks in them, several requirements, addresses", "Gemfile",
	  "source 'https://x'\n"
	  "gem 'rails', '~> 7.0', \">= 7.0.1\" # why '1'\n"
	  "gem \"pg\", require: false\n"
	  "group :development, :test do\n"
	  "  platforms :ruby do\n"
	  "    gem 'byebug'\n"
	  "  end\n"
	  "  gem 'rspec'\n"
	  "end\n"
	  "gem 'capybara', group: :test\n"
	  "gem 'own', path: 'engines/own'\n"
	  "gem 'edge', github: 'a/edge', branch: 'main'\n"
	  "# gem 'no'\n"
	  "if x\n"
	  "  gem 'cond'\n"
	  "end\n"
	  "gemspec\n",
	  "",
	  "rubygems rails ~> 7.0, >= 7.0.1 runtime 2\n"
	  "rubygems pg  runtime 3\n"
	  "rubygems byebug  dev 6\n"
	  "rubygems rspec  dev 8\n"
	  "rubygems capybara  test 10\n"
	  "rubygems edge a/edge runtime 12\n"
	  "rubygems cond  runtime 15\n" },
	{ "a gemspec, as written and as packed", "x.gemspec",
	  "Gem::Specification.new do |s|\n"
	  "  s.name = 'x'\n"
	  "  s.rubygems_version = '3'\n"
	  "  s.add_dependency 'a', '>= 1'\n"
	  "  s.add_runtime_dependency(%q<b>.freeze, [\"~> 2\"])\n"
	  "  s.add_development_dependency \"c\"\n"
	  "end\n",
	  "x",
	  "rubygems a >= 1 runtime 4\n"
	  "rubygems b ~> 2 runtime 5\n"
	  "rubygems c  dev 6\n" },
	{ "a gemspec that is named where it begins", "y.gemspec",
	  "Gem::Specification.new 'y', version do |s|\n"
	  "  s.add_dependency 'a'\n"
	  "end\n",
	  "y", "rubygems a  runtime 2\n" },
	{ "Dockerfile: stages, arguments, digests, images that are copied from", "Dockerfile",
	  "ARG GO=1.22 BASE\n"
	  "FROM --platform=$BUILDPLATFORM golang:${GO} AS build\n"
	  "FROM node:20 as ui\n"
	  "COPY --from=build /x /x\n"
	  "COPY --from=nginx:1.25@sha256:ab /y /y\n"
	  "COPY --from=0 /x /x\n"
	  "FROM reg.example:5000/a/base AS base\n"
	  "FROM ${MISSING}\n"
	  "FROM ${OTHER:-alpine:3}\n"
	  "from scratch\n"
	  "FROM base\n"
	  "# FROM no\n",
	  "",
	  "docker nginx 1.25@sha256:ab build 5\n"
	  "docker golang 1.22 build 2\n"
	  "docker node 20 build 3\n"
	  "docker reg.example:5000/a/base  runtime 7\n"
	  "docker alpine 3 build 9\n" },
	{ "Compose: what is built here is no image from elsewhere", "compose.yaml",
	  "name: p\n"
	  "services:\n"
	  "  web:\n"
	  "    build: .\n"
	  "    image: mine\n"
	  "  db: &db\n"
	  "    image: \"postgres:16\"\n"
	  "  other: {image: redis@sha256:ab}\n"
	  "  same: *db\n"
	  "  x: {image: \"${IMAGE}\"}\n",
	  "p",
	  "docker postgres 16 service 7\n"
	  "docker redis sha256:ab service 8\n" },
	{ "a workflow: actions, called workflows, containers; blocks of text are no keys",
	  ".github/workflows/ci.yml",
	  "name: CI\n"
	  "on: [push]\n"
	  "jobs:\n"
	  "  a:\n"
	  "    container: {image: node:20}\n"
	  "    services:\n"
	  "      db: {image: postgres}\n"
	  "    steps:\n"
	  "      - uses: actions/checkout@v4 # why\n"
	  "      - name: x\n"
	  "        uses: \"a/b/c@0123\"\n"
	  "      - run: |\n"
	  "          uses: no/no@v1\n"
	  "      - uses: ./here\n"
	  "      - uses: docker://alpine:3\n"
	  "  b:\n"
	  "    uses: o/r/.github/workflows/w.yml@main\n",
	  "CI",
	  "docker node 20 ci 5\n"
	  "docker postgres  ci 7\n"
	  "github-actions actions/checkout v4 ci 9\n"
	  "github-actions a/b/c 0123 ci 11\n"
	  "docker alpine 3 ci 15\n"
	  "github-actions o/r/.github/workflows/w.yml main ci 17\n" },
	{ "an action of several steps", "action.yml",
	  "name: A\nruns:\n  using: composite\n  steps:\n    - uses: x/y@v1\n", "A",
	  "github-actions x/y v1 ci 5\n" },
	{ "GitLab CI: includes from elsewhere, images of jobs", ".gitlab-ci.yml",
	  "image: ruby:3\n"
	  "include:\n"
	  "  - local: /x.yml\n"
	  "  - project: g/p\n"
	  "    ref: v1\n"
	  "    file: /t.yml\n"
	  "  - template: Auto.yml\n"
	  "  - component: host/c@1.0\n"
	  "  - https://h/r.yml\n"
	  "job:\n"
	  "  image: {name: golang:1}\n"
	  "  services: [docker:dind]\n",
	  "",
	  "gitlab-ci g/p v1 ci 4\n"
	  "gitlab-ci Auto.yml  ci 7\n"
	  "gitlab-ci host/c 1.0 ci 8\n"
	  "gitlab-ci https://h/r.yml  ci 9\n"
	  "docker ruby 3 ci 1\n"
	  "docker golang 1 ci 11\n"
	  "docker docker dind ci 12\n" },
	{ "broken YAML keeps what was read before the fault", "compose.yml",
	  "services:\n  a: {image: x:1}\n  b: ]\n", "", "docker x 1 service 2\n" },
};

static void test_manifest_build__dependencies(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 65536);
		struct span path = { CASES[i].path, strlen(CASES[i].path) };
		enum manifest_type type = manifest_detect(path);
		struct manifest m;

		print_message("# %s\n", CASES[i].why);
		assert_int_not_equal(type, MANIFEST_NONE);
		manifest_read(cx->arena, cx->arena, type, path,
		              (struct span){ CASES[i].text, strlen(CASES[i].text) }, &m);
		for (size_t d = 0; d < m.ndeps; d++) {
			enum ecosystem eco = m.deps[d].eco;

			sb_addf(&sb, "%s %s %s %s %u\n",
			        ecosystem_name(eco != ECO_NONE ? eco : manifest_ecosystem(type)),
			        m.deps[d].name, m.deps[d].spec, m.deps[d].scope, m.deps[d].line);
		}
		assert_string_equal(m.name, CASES[i].name);
		assert_string_equal(sb.len > 0 ? sb.data : "", CASES[i].deps);
		assert_false(m.truncated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_build__dependencies),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
