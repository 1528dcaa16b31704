/*
 * Manifests: every dependency with its version, scope and line, of each kind of file.  (B4)
 */
#include "fixture.h"

#include "base/sb.h"
#include "maps/manifest.h"

#include <string.h>

/* Each row: why, the file, its name, and lines "name version scope line". */
static const struct {
	const char *why, *path, *text, *name, *deps;
} CASES[] = {
	{ "npm: scopes, commands, the ecosystem's order", "a/package.json",
	  "{\n"
	  " \"name\": \"@s/n\",\n"
	  " \"bin\": {\"x\": \"./bin/x.js\"},\n"
	  " \"dependencies\": {\"l\": \"^1\",\n"
	  "  \"m\": \"2\"},\n"
	  " \"devDependencies\": {\"d\": \"*\"},\n"
	  " \"peerDependencies\": {\"p\": \"1\"},\n"
	  " \"optionalDependencies\": {\"o\": \"1\"},\n"
	  " \"workspaces\": [\"p/*\"], \"main\": \"i.js\"\n"
	  "}\n",
	  "@s/n",
	  "l ^1 runtime 4\n"
	  "m 2 runtime 5\n"
	  "d * dev 6\n"
	  "p 1 peer 7\n"
	  "o 1 optional 8\n" },
	{ "a requirements file: markers, extras, hashes, options, addresses",
	  "requirements-dev.txt",
	  "# c\n"
	  "flask[async] >=2.0 , <3 ; python_version > '3'\n"
	  "-r base.txt\n"
	  "-e ./x\n"
	  "x @ https://h/x.zip\n"
	  "https://h/y.zip\n"
	  "z==1.0 --hash=sha256:0\n"
	  "  w  # why\n",
	  "",
	  "flask >=2.0 , <3 dev 2\n"
	  "x @ https://h/x.zip dev 5\n"
	  "z ==1.0 dev 7\n"
	  "w  dev 8\n" },
	{ "pyproject by the standard", "pyproject.toml",
	  "[build-system]\n"
	  "requires = [\"hatchling\"]\n"
	  "[project]\n"
	  "name = \"p\"\n"
	  "dependencies = [\n"
	  "  \"a>=1\", # why\n"
	  "  \"b (>2)\",\n"
	  "]\n"
	  "[project.optional-dependencies]\n"
	  "test = [\"pytest\"]\n"
	  "tls = [\"ssl>=1\"]\n"
	  "[dependency-groups]\n"
	  "lint = [\"ruff\", {include-group = \"x\"}]\n",
	  "p",
	  "a >=1 runtime 6\n"
	  "b >2 runtime 7\n"
	  "pytest  test 10\n"
	  "ssl >=1 optional 11\n"
	  "ruff  dev 13\n"
	  "hatchling  build 2\n" },
	{ "pyproject of poetry", "pyproject.toml",
	  "[tool.poetry]\n"
	  "name = \"p\"\n"
	  "[tool.poetry.dependencies]\n"
	  "python = \"^3.9\"\n"
	  "a = \"^1.0\"\n"
	  "b = {version = \"2\", extras = [\"x\"]}\n"
	  "here = {path = \"../here\"}\n"
	  "[tool.poetry.group.dev.dependencies]\n"
	  "c = \"*\"\n",
	  "p",
	  "a ^1.0 runtime 5\n"
	  "b 2 runtime 6\n"
	  "c * dev 9\n" },
	{ "setup.cfg", "setup.cfg",
	  "[metadata]\n"
	  "name = p\n"
	  "[options]\n"
	  "install_requires =\n"
	  "    a>=1\n"
	  "    b\n"
	  "[options.extras_require]\n"
	  "test = pytest; python_version<'4'\n",
	  "p",
	  "a >=1 runtime 5\n"
	  "b  runtime 6\n"
	  "pytest  test 8\n" },
	{ "setup.py: literals only", "setup.py",
	  "setup(\n"
	  "  name='p',\n"
	  "  install_requires=['a>=1', # ['no']\n"
	  "    \"b\"],\n"
	  "  extras_require={'x': ['c']},\n"
	  "  tests_require=read('r.txt'),\n"
	  ")\n",
	  "p",
	  "a >=1 runtime 3\n"
	  "b  runtime 4\n"
	  "c  optional 5\n" },
	{ "Pipfile", "Pipfile",
	  "[packages]\n"
	  "a = \"*\"\n"
	  "b = {version = \">=1\"}\n"
	  "[dev-packages]\n"
	  "c = \"==2\"\n",
	  "",
	  "a * runtime 2\n"
	  "b >=1 runtime 3\n"
	  "c ==2 dev 5\n" },
	{ "go.mod: single lines, blocks, indirect ones", "go.mod",
	  "module \"ex.org/m\" // c\n"
	  "\n"
	  "go 1.21\n"
	  "require a.b/c v1.0.0\n"
	  "require (\n"
	  "\td.e/f v2 // indirect\n"
	  "\tg.h/i v0.0.0-1\n"
	  ")\n"
	  "replace d.e/f => ../f\n",
	  "ex.org/m",
	  "a.b/c v1.0.0 runtime 4\n"
	  "d.e/f v2 indirect 6\n"
	  "g.h/i v0.0.0-1 runtime 7\n" },
	{ "Cargo: tables, renamed, inherited, by path, by target", "Cargo.toml",
	  "[package]\n"
	  "name = \"c\"\n"
	  "[dependencies]\n"
	  "a = \"1\"\n"
	  "b = { version = \"2\", package = \"real\" }\n"
	  "here = { path = \"../here\" }\n"
	  "w.workspace = true\n"
	  "[dev-dependencies.d]\n"
	  "version = \"3\"\n"
	  "[target.'cfg(unix)'.dependencies]\n"
	  "u = \"4\"\n"
	  "[build-dependencies]\n"
	  "g = { git = \"https://h/g\" }\n",
	  "c",
	  "a 1 runtime 4\n"
	  "real 2 runtime 5\n"
	  "w workspace runtime 7\n"
	  "d 3 dev 8\n"
	  "g https://h/g build 13\n"
	  "u 4 runtime 11\n" },
	{ "pom: properties, scopes, management, comments", "pom.xml",
	  "<?xml version=\"1.0\"?>\n"
	  "<!DOCTYPE x [<!ENTITY a \"b\">]>\n"
	  "<project xmlns=\"http://m\">\n"
	  "<parent><groupId>g</groupId></parent>\n"
	  "<artifactId>a</artifactId>\n"
	  "<properties><v>1.2</v></properties>\n"
	  "<dependencies>\n"
	  "<!-- <dependency><artifactId>no</artifactId></dependency> -->\n"
	  "<dependency><groupId>x</groupId><artifactId>y</artifactId><version>${v}</version></dependency>\n"
	  "<dependency><groupId>t</groupId><artifactId>u</artifactId><scope>test</scope></dependency>\n"
	  "</dependencies>\n"
	  "<dependencyManagement><dependencies><dependency><groupId>m</groupId><artifactId>n</artifactId><version>3</version></dependency></dependencies></dependencyManagement>\n"
	  "</project>\n",
	  "a",
	  "x:y 1.2 runtime 9\n"
	  "t:u  test 10\n"
	  "m:n 3 managed 12\n" },
	{ "Gradle: strings, calls, named parts, Kotlin", "build.gradle.kts",
	  "dependencies {\n"
	  "  implementation(\"g:a:1.0\")\n"
	  "  testImplementation 'g:b'\n"
	  "  api group: 'g', name: 'c', version: '2'\n"
	  "  implementation(project(\":x\"))\n"
	  "  // api 'g:no:1'\n"
	  "  annotationProcessor(\"g:p:$v\")\n"
	  "}\n",
	  "",
	  "g:a 1.0 runtime 2\n"
	  "g:b  test 3\n"
	  "g:c 2 runtime 4\n"
	  "g:p $v build 7\n" },
	{ "Gradle: blocks, several lines, constraints, source sets, what is no dependency",
	  "x/build.gradle",
	  "buildscript { dependencies { classpath 'p:q:1' } }\n"
	  "kotlin { sourceSets {\n"
	  " val commonTest by getting { dependencies {\n"
	  "  implementation(kotlin(\"test\"))\n"
	  " } }\n"
	  "} }\n"
	  "dependencies {\n"
	  " implementation(\n"
	  "  'a:b:1') { exclude group: 'no', module: 'no' }\n"
	  " runtimeOnly 'c:d:1',\n"
	  "  \"e:f:1\"\n"
	  " implementation platform('g:h:1'); custom 'i:j'\n"
	  " def k = 'no:no:1'\n"
	  " /* api 'no:no:2' */ add(\"api\", \"l:m:2\")\n"
	  " constraints { implementation('n:o:3') }\n"
	  " implementation files('no:no')\n"
	  "}\n"
	  "x { api 'no:no:3' }\n",
	  "",
	  "p:q 1 build 1\n"
	  "org.jetbrains.kotlin:kotlin-test  test 4\n"
	  "a:b 1 runtime 9\n"
	  "c:d 1 runtime 10\n"
	  "e:f 1 runtime 11\n"
	  "g:h 1 runtime 12\n"
	  "i:j  runtime 12\n"
	  "l:m 2 runtime 14\n"
	  "n:o 3 managed 15\n" },
	{ "Gradle settings", "settings.gradle.kts",
	  "rootProject.name = \"n\"\ninclude(\":a\",\n  \":b\")\n", "n", "" },
	{ "a version catalogue", "gradle/libs.versions.toml",
	  "[versions]\n"
	  "v = \"1.1\"\n"
	  "[libraries]\n"
	  "a = { module = \"g:a\", version.ref = \"v\" }\n"
	  "b = \"g:b:2\"\n"
	  "c = { group = \"g\", name = \"c\", version = \"3\" }\n",
	  "",
	  "g:a 1.1 catalog 4\n"
	  "g:b 2 catalog 5\n"
	  "g:c 3 catalog 6\n" },
	{ "CMake", "CMakeLists.txt",
	  "project(proj C)\n"
	  "# find_package(No)\n"
	  "find_package(ZLIB 1.2 REQUIRED)\n"
	  "if(X)\n"
	  "  FIND_PACKAGE( OpenSSL )\n"
	  "endif()\n"
	  "pkg_check_modules(DEPS REQUIRED IMPORTED_TARGET foo>=1.2 bar)\n"
	  "find_package(${VAR})\n",
	  "proj",
	  "ZLIB 1.2 runtime 3\n"
	  "OpenSSL  runtime 5\n"
	  "foo >=1.2 runtime 7\n"
	  "bar  runtime 7\n" },
	{ "meson", "meson.build",
	  "project('m', 'c')\n"
	  "deps = [dependency('glib-2.0', version: '>=2.5'),\n"
	  "  dependency('x')]\n"
	  "m = cc.find_library('m')\n",
	  "m",
	  "glib-2.0 >=2.5 runtime 2\n"
	  "x  runtime 3\n"
	  "m  runtime 4\n" },
	{ "make and autoconf", "configure.ac",
	  "AC_INIT([c], [1])\n"
	  "PKG_CHECK_MODULES([A], [foo >= 1.2 bar],\n"
	  "  [yes], [no])\n"
	  "AC_CHECK_LIB([z], [inflate])\n",
	  "c",
	  "foo >=1.2 runtime 2\n"
	  "bar  runtime 2\n"
	  "z  runtime 4\n" },
	{ "pkg-config in a makefile", "Makefile",
	  "X = $(shell pkg-config --cflags --libs libpq json-c)\n"
	  "# `pkg-config --libs no`\n",
	  "",
	  "libpq  runtime 1\n"
	  "json-c  runtime 1\n" },
	{ "packages in a make variable", "Makefile",
	  "PKGS := libpq json-c # ours\n"
	  "CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null) -DX=$(shell pkg-config --modversion fcgi)\n"
	  "LIBS = $(shell pkg-config --libs $(PKGS) ${MORE} libcurl)\n"
	  "MORE += zlib \\\n"
	  "  libssh2>=1.2 $(NONE)\n"
	  "RUN = $(shell ls no never)\n"
	  "X = `pkg-config $(RUN) $(UNKNOWN) $(PKGS`\n",
	  "",
	  "libpq  runtime 1\n"
	  "json-c  runtime 1\n"
	  "fcgi  runtime 2\n"
	  "zlib  runtime 4\n"
	  "libssh2 >=1.2 runtime 5\n"
	  "libcurl  runtime 3\n" },
	{ "Gemfile", "Gemfile",
	  "source 'https://r'\n"
	  "gem 'rails', '~> 7.0'\n"
	  "gem \"pg\"\n"
	  "group :development, :test do\n"
	  "  gem 'rspec', require: false\n"
	  "end\n",
	  "",
	  "rails ~> 7.0 runtime 2\n"
	  "pg  runtime 3\n"
	  "rspec  dev 5\n" },
	{ "MSBuild: attributes, elements, properties, several names, what only builds",
	  "src/A.B.csproj",
	  "<Project Sdk=\"Microsoft.NET.Sdk\">\n"
	  "<PropertyGroup><XVersion>1.2</XVersion></PropertyGroup>\n"
	  "<ItemGroup Condition=\"'$(X)' == 'y'\">\n"
	  "<PackageReference Include=\"A.A\" Version=\"1\" />\n"
	  "<PackageReference Include=\"B\"><Version>[2,3)</Version></PackageReference>\n"
	  "<!-- <PackageReference Include=\"No\" /> -->\n"
	  "<PackageReference Include=\"C;D\" Version=\"$(XVersion)\" />\n"
	  "<PackageReference Include=\"E\" PrivateAssets=\"all\" />\n"
	  "<ProjectReference Include=\"..\\no\\no.csproj\" /><Reference Include=\"No\" />\n"
	  "</ItemGroup></Project>\n",
	  "A.B",
	  "A.A 1 runtime 4\n"
	  "B [2,3) runtime 5\n"
	  "C 1.2 runtime 7\n"
	  "D 1.2 runtime 7\n"
	  "E  build 8\n" },
	{ "MSBuild: packages of a test project", "T.fsproj",
	  "<Project><PropertyGroup><AssemblyName>N</AssemblyName></PropertyGroup><ItemGroup>\n"
	  "<PackageReference Include=\"Microsoft.NET.Test.Sdk\" Version=\"17\" />\n"
	  "<PackageReference Update=\"xunit\" Version=\"2\" /></ItemGroup></Project>\n",
	  "N",
	  "Microsoft.NET.Test.Sdk 17 test 2\n"
	  "xunit 2 test 3\n" },
	{ "NuGet's central versions", "Directory.Packages.props",
	  "<Project><ItemGroup><PackageVersion Include=\"A\" Version=\"1\" />\n"
	  "<GlobalPackageReference Include=\"B\" Version=\"2\" /></ItemGroup></Project>\n",
	  "", "A 1 managed 1\nB 2 build 2\n" },
	{ "packages.config", "packages.config",
	  "<packages>\n<package id=\"A\" version=\"1\" targetFramework=\"net45\" />\n"
	  "<package id=\"B\" version=\"2\" developmentDependency=\"true\" /></packages>\n",
	  "", "A 1 runtime 2\nB 2 dev 3\n" },
	{ "composer: the platform is no package", "composer.json",
	  "{\"name\":\"v/n\",\"require\":{\"php\":\">=8\",\"a/b\":\"^1\"},\n"
	  "\"require-dev\":{\"c/d\":\"2\"}}\n",
	  "v/n",
	  "a/b ^1 runtime 1\n"
	  "c/d 2 dev 2\n" },
	{ "broken JSON keeps what was read before the fault", "package.json",
	  "{\"name\":\"n\",\"dependencies\":{\"a\":\"1\",\n"
	  "\"b\" 2",
	  "n", "a 1 runtime 1\n" },
};

static void read_text(struct ctx *cx, const char *path, struct span text, struct manifest *ret)
{
	struct span where = { path, strlen(path) };
	enum manifest_type type = manifest_detect(where);

	assert_int_not_equal(type, MANIFEST_NONE);
	manifest_read(cx->arena, cx->arena, type, where, text, ret);
}

static void test_manifest__dependencies(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 65536);
		struct manifest m;

		print_message("# %s\n", CASES[i].why);
		read_text(cx, CASES[i].path, (struct span){ CASES[i].text, strlen(CASES[i].text) },
		          &m);
		for (size_t d = 0; d < m.ndeps; d++)
			sb_addf(&sb, "%s %s %s %u\n", m.deps[d].name, m.deps[d].spec,
			        m.deps[d].scope, m.deps[d].line);
		assert_string_equal(m.name, CASES[i].name);
		assert_string_equal(sb.len > 0 ? sb.data : "", CASES[i].deps);
	}
}

static void test_manifest__detection(void **state)
{
	static const struct {
		const char *path;
		enum manifest_type type;
	} PATHS[] = {
		{ "package.json", MANIFEST_PACKAGE_JSON },
		{ "a/b/tsconfig.build.json", MANIFEST_TSCONFIG },
		{ "requirements/dev.txt", MANIFEST_REQUIREMENTS },
		{ "docs/requirements.txt", MANIFEST_REQUIREMENTS },
		{ "docs/notes.txt", MANIFEST_NONE },
		{ "package.json.bak", MANIFEST_NONE },
		{ "src/go.mod", MANIFEST_GO_MOD },
		{ "x.gemspec", MANIFEST_GEMFILE },
		{ "a/B.C.vbproj", MANIFEST_MSBUILD },
		{ "x.vcxproj", MANIFEST_NONE },
		{ "package-lock.json", MANIFEST_PACKAGE_LOCK },
		{ "a/.github/workflows/ci.yaml", MANIFEST_ACTIONS },
		{ "workflows/ci.yaml", MANIFEST_NONE },
		{ "build/Dockerfile.dev", MANIFEST_DOCKERFILE },
		{ "docker-compose.override.yml", MANIFEST_COMPOSE },
		{ "ci/deploy.gitlab-ci.yml", MANIFEST_GITLAB_CI },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(PATHS); i++)
		assert_int_equal(
			manifest_detect((struct span){ PATHS[i].path, strlen(PATHS[i].path) }),
			PATHS[i].type);
}

static const struct {
	const char *path, *start, *again;
} HOSTILE[] = {
	{ "package.json", "", "[" },
	{ "package.json", "{\"dependencies\":", "{\"a\":" },
	{ "package.json", "{\"dependencies\":{", "\"a\":\"1\"," },
	{ "Cargo.toml", "[dependencies]\n", "a=\"1\"\n" },
	{ "Cargo.toml", "x=", "[" },
	{ "Cargo.toml", "", "[a.b.c.d]\n" },
	{ "pom.xml", "<project>", "<dependencies>" },
	{ "pom.xml", "<project>", "<" },
	{ "CMakeLists.txt", "", "find_package(" },
	{ "CMakeLists.txt", "", "a(" },
	{ "setup.py", "install_requires=[", "'a','b'," },
	{ "Makefile", "", "`pkg-config a" },
	{ "Makefile", "", "pkg-config a " },
	{ "Makefile", "", "A = b\nC = `pkg-config $(A) $(B)\n" },
	{ "go.mod", "require (\n", "a b\n" },
	{ "requirements.txt", "", "a\n" },
	{ "build.gradle", "", "api 'a:b:c'" },
	{ "build.gradle", "dependencies {", "api 'a:b:c'\n" },
	{ "build.gradle", "dependencies {", "api libs.a.b(" },
	{ "build.gradle", "", "a{" },
	{ "x.csproj", "<Project><ItemGroup>", "<PackageReference Include='a;b' />" },
	{ "composer.json", "{\"autoload\":{\"psr-4\":{", "\"a\":[\"b\",\"c\"]," },
	{ "compose.yml", "", "[" },
	{ "compose.yml", "services:\n", " - " },
	{ "compose.yml", "a: &a [b]\nc: ", "[*a," },
	{ "Dockerfile", "ARG A=aaaaaaaa\n", "FROM $A$A$A$A\n" },
	{ "Dockerfile", "ARG A=aaaaaaaa\nFROM ", "$A" },
	{ "Dockerfile", "", "FROM a as a\n" },
	{ "Gemfile", "", "group :test do\n" },
	{ "Gemfile", "gem 'a', ", "'>1', " },
	{ "package-lock.json", "", "{\"a\":" },
	{ "package-lock.json", "{\"dependencies\":{", "\"a\":{\"version\":\"1\"}," },
	{ "yarn.lock", "", "a@1, " },
	{ "yarn.lock", "", "a@1:\n  version \"1\"\n" },
	{ "pnpm-lock.yaml", "packages:\n", "  a:\n" },
	{ "Cargo.lock", "", "[[package]]\nname = \"a\"\n" },
	{ "go.sum", "", "a v1 h\n" },
};

/* Deep, wide and endless inputs end soon and within the limits.  (T5) */
static void test_manifest__hostile(void **state)
{
	enum { BYTES = 1 << 20 };
	struct ctx *cx = fixture_ctx(*state);
	struct sb tables = sb_new(cx->arena, BYTES);
	struct manifest many;

	for (int i = 0; tables.len + 20 < BYTES; i++)
		sb_addf(&tables, "[t%d]\n", i);
	read_text(cx, "Cargo.toml", (struct span){ tables.data, tables.len }, &many);

	for (size_t i = 0; i < COUNT(HOSTILE); i++) {
		cx = fixture_ctx(*state);
		char *text = arena_alloc(cx->arena, BYTES);
		size_t len = strlen(HOSTILE[i].start), n = strlen(HOSTILE[i].again);
		struct manifest m;

		memcpy(text, HOSTILE[i].start, len);
		for (; len + n <= BYTES; len += n)
			memcpy(text + len, HOSTILE[i].again, n);
		read_text(cx, HOSTILE[i].path, (struct span){ text, len }, &m);
		assert_true(m.ndeps <= MANIFEST_DEPS_MAX && m.nitems <= MANIFEST_LOCKED_MAX);
		assert_true(m.nitems <= MANIFEST_ITEMS_MAX || manifest_is_lock(m.type));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest__dependencies),
		cmocka_unit_test(test_manifest__detection),
		cmocka_unit_test(test_manifest__hostile),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
