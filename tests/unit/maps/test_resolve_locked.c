/*
 * Lock files: beside each declared dependency the version it is fixed to; the rest is counted.  (B4)
 */
#include "map_tree.h"

#include "base/sb.h"

#include <string.h>

static const struct {
	const char *why;
	struct tree_file files[TREE_FILES_MAX];
	const char *locked; /* lines "name spec -> version", then "lock file: all transitive" */
} CASES[] = {
	{
		.why = "package-lock 3: the member's own copy before the common one",
		.files = {
			{ "package.json", "{\"dependencies\": {\"a\": \"^1\", \"gone\": \"1\"}}" },
			{ "package-lock.json",
			  "{\"lockfileVersion\": 3, \"packages\": {\n"
			  "\"\": {\"version\": \"9\"}, \"p\": {\"version\": \"9\"},\n"
			  "\"node_modules/p\": {\"resolved\": \"p\", \"link\": true},\n"
			  "\"node_modules/a\": {\"version\": \"1.2.3\", \"dependencies\": {\"t\": \"1\"}},\n"
			  "\"node_modules/t\": {\"version\": \"1.0.0\"},\n"
			  "\"node_modules/t/node_modules/a\": {\"version\": \"0.1.0\"},\n"
			  "\"p/node_modules/a\": {\"version\": \"2.0.0\"}},\n"
			  "\"dependencies\": {\"a\": {\"version\": \"7\"}}}\n" },
			{ "p/package.json", "{\"devDependencies\": {\"a\": \"^2\", \"t\": \"*\"}}" },
		},
		.locked = "a ^2 -> 2.0.0\na ^1 -> 1.2.3\ngone 1 -> \nt * -> 1.0.0\n"
			  "package-lock.json: 4 1\n",
	},
	{
		.why = "package-lock 1: what is nested is not declared",
		.files = {
			{ "package.json", "{\"dependencies\": {\"@s/a\": \"^1\"}}" },
			{ "package-lock.json",
			  "{\"dependencies\": {\"@s/a\": {\"version\": \"1.2.3\", \"dependencies\": {\n"
			  "\"t\": {\"version\": \"3\"}}}, \"u\": {\"version\": \"4\"}}}\n" },
		},
		.locked = "@s/a ^1 -> 1.2.3\npackage-lock.json: 3 2\n",
	},
	{
		.why = "yarn 1 and later: by the very specifier",
		.files = {
			{ "a/package.json", "{\"dependencies\": {\"@s/x\": \"^1\", \"y\": \"2\"}}" },
			{ "a/yarn.lock",
			  "# yarn lockfile v1\n\n\"@s/x@^1\", \"@s/x@^1.1\":\n  version \"1.5.0\"\n"
			  "  dependencies:\n    z \"1\"\n\ny@2:\n  version \"2.0.1\"\n\ny@3:\n  version \"3.0.0\"\n" },
			{ "b/package.json", "{\"dependencies\": {\"@s/x\": \"^1\", \"w\": \"workspace:*\"}}" },
			{ "b/yarn.lock",
			  "__metadata:\n  version: 6\n\n\"@s/x@npm:^1, @s/x@npm:^2\":\n  version: 2.0.0\n"
			  "  resolution: \"@s/x@npm:2.0.0\"\n\n\"w@workspace:*\":\n  version: 0.0.0\n" },
		},
		.locked = "@s/x ^1 -> 1.5.0\n@s/x ^1 -> 2.0.0\nw workspace:* -> \ny 2 -> 2.0.1\n"
			  "a/yarn.lock: 3 1\nb/yarn.lock: 1 0\n",
	},
	{
		.why = "pnpm: each importer has its own",
		.files = {
			{ "package.json", "{\"dependencies\": {\"a\": \"catalog:\"}}" },
			{ "p/q/package.json", "{\"devDependencies\": {\"a\": \"^2\", \"@s/b\": \"1\", \"w\": \"workspace:*\"}}" },
			{ "pnpm-lock.yaml",
			  "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n"
			  "        specifier: 'catalog:'\n        version: 1.0.0\n\n  p/q:\n    devDependencies:\n"
			  "      '@s/b':\n        specifier: '1'\n        version: 1.1.0(a@2.0.0)\n      a:\n"
			  "        specifier: ^2\n        version: 2.0.0\n      w:\n        specifier: workspace:*\n"
			  "        version: link:../w\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: x}\n\n"
			  "  a@2.0.0:\n    resolution: {integrity: x}\n\n  '@s/b@1.1.0':\n    engines: {node: '1'}\n\n"
			  "  t@1.0.0:\n    resolution: {integrity: x}\n\nsnapshots:\n\n  a@1.0.0: {}\n" },
		},
		.locked = "@s/b 1 -> 1.1.0\na ^2 -> 2.0.0\na catalog: -> 1.0.0\nw workspace:* -> \n"
			  "pnpm-lock.yaml: 4 1\n",
	},
	{
		.why = "Python: names compare as the index does; uv's own project is not counted",
		.files = {
			{ "a/Pipfile", "[packages]\nx = \"*\"\n" },
			{ "a/Pipfile.lock", "{\"_meta\": {\"x\": {\"version\": \"no\"}}, \"default\": {\"x\": {\n\"version\": \"==1.0\"}}, \"develop\": {\"t\": {\"version\": \"==2\"}}}\n" },
			{ "b/pyproject.toml", "[project]\nname = 'p'\ndependencies = ['Zope.Interface>=1']\n" },
			{ "b/uv.lock",
			  "version = 1\n\n[[package]]\nname = \"p\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n\n"
			  "[[package]]\nname = \"zope-interface\"\nversion = \"7.0\"\nsource = { registry = \"x\" }\n"
			  "dependencies = [\n    { name = \"no\" },\n]\n" },
			{ "c/poetry.lock", "[[package]]\nname = \"y\"\nversion = \"3\"\n\n[package.dependencies]\nname = \"no\"\n\n[metadata]\nversion = \"no\"\n" },
			{ "c/pyproject.toml", "[tool.poetry.dependencies]\ny = \"^3\"\n" },
		},
		.locked = "Zope.Interface >=1 -> 7.0\nx * -> 1.0\ny ^3 -> 3\n"
			  "a/Pipfile.lock: 2 1\nb/uv.lock: 1 0\nc/poetry.lock: 1 0\n",
	},
	{
		.why = "Cargo: of several versions the one that is allowed; crates of the workspace are not counted",
		.files = {
			{ "Cargo.lock",
			  "[[package]]\nname = \"me\"\nversion = \"0.1.0\"\n\n"
			  "[[package]]\nname = \"rand\"\nversion = \"0.7.3\"\nsource = \"registry+x\"\n\n"
			  "[[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nsource = \"registry+x\"\n\n"
			  "[[package]]\nname = \"serde\"\nversion = \"1.0.2\"\nsource = \"registry+x\"\n" },
			{ "me/Cargo.toml", "[package]\nname = \"me\"\n[dependencies]\nrand = \"0.8\"\nserde = \"1\"\n" },
		},
		.locked = "rand 0.8 -> 0.8.5\nserde 1 -> 1.0.2\nCargo.lock: 3 1\n",
	},
	{
		.why = "Go, Bundler, Composer, NuGet",
		.files = {
			{ "Gemfile", "gem 'rack', '~> 3'\n" },
			{ "Gemfile.lock",
			  "PATH\n  remote: .\n  specs:\n    me (1.0)\n\nGEM\n  remote: https://x/\n  specs:\n"
			  "    nokogiri (1.2-arm64-darwin)\n    nokogiri (1.2-x86_64-linux)\n    rack (3.0.1)\n"
			  "      webrick (~> 1)\n\nDEPENDENCIES\n  rack (~> 3)\n" },
			{ "composer.json", "{\"require\": {\"v/a\": \"^1\"}}" },
			{ "composer.lock",
			  "{\"packages\": [{\"name\": \"v\\/a\", \"version\": \"v1.2\", \"require\": {\"name\": \"no\"},\n"
			  "\"authors\": [{\"name\": \"no\"}]}], \"packages-dev\": [{\"name\": \"v/t\", \"version\": \"2\"}]}\n" },
			{ "d/d.csproj",
			  "<Project><ItemGroup><PackageReference Include=\"a.b\" Version=\"1.*\" />\n"
			  "<PackageReference Include=\"C\" Version=\"2.0\" /></ItemGroup></Project>\n" },
			{ "d/packages.lock.json",
			  "{\"version\":1,\"dependencies\":{\"net6.0\":{\"A.B\":{\"type\":\"Direct\",\"requested\":\"[1.*, )\",\n"
			  "\"resolved\":\"1.7.0\",\"dependencies\":{\"resolved\":\"3\"}},\"C\":{\"type\":\"Direct\",\"resolved\":\"2.0.1\"},\n"
			  "\"p\":{\"type\":\"Project\"},\"t\":{\"type\":\"Transitive\",\"resolved\":\"5\"}},\n"
			  "\"net8.0\":{\"A.B\":{\"resolved\":\"1.7.0\"},\"C\":{\"resolved\":\"2.0.1\"}}}}\n" },
			{ "go.mod", "module m\nrequire e.x/a v1.2.0\nrequire e.x/b v0.1.0 // indirect\n" },
			{ "go.sum",
			  "e.x/a v1.1.0/go.mod h1:x=\ne.x/a v1.2.0 h1:x=\ne.x/a v1.2.0/go.mod h1:x=\n"
			  "e.x/b v0.1.0 h1:x=\ne.x/c v1.0.0 h1:x=\n" },
		},
		.locked = "e.x/a v1.2.0 -> v1.2.0\ne.x/b v0.1.0 -> v0.1.0\nrack ~> 3 -> 3.0.1\nv/a ^1 -> v1.2\n"
			  "C 2.0 -> 2.0.1\na.b 1.* -> 1.7.0\n"
			  "Gemfile.lock: 2 1\ncomposer.lock: 2 1\nd/packages.lock.json: 3 1\ngo.sum: 3 1\n",
	},
};

static void test_resolve_locked__beside_the_declared(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 65536);
		struct resolve_in in;
		struct resolve_out out;
		size_t n = 0;

		print_message("# %s\n", CASES[i].why);
		while (n < TREE_FILES_MAX && CASES[i].files[n].path != NULL)
			n++;
		tree_resolve(cx, CASES[i].files, n, &in, &out);
		for (size_t e = 0; e < out.nexternals; e++)
			sb_addf(&sb, "%s %s -> %s\n", out.externals[e].name, out.externals[e].spec,
			        out.externals[e].locked);
		for (size_t m = 0; m < in.nmanifests; m++)
			if (manifest_is_lock(in.manifests[m].type))
				sb_addf(&sb, "%s: %u %u\n",
				        in.files[in.manifests[m].file].path.data,
				        in.manifests[m].nlocked,
				        in.manifests[m].nlocked - out.declared[m]);
		assert_string_equal(sb.data, CASES[i].locked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_locked__beside_the_declared),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
