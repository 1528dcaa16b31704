/*
 * Manifests that leave versions and names to others: Maven's parents, Gradle's catalogues and
 * variables, NuGet's central versions.  (B4)
 */
#include "map_tree.h"

#include "base/sb.h"

#include <string.h>

/* Files, and lines "path name version scope line" of all externals. */
static const struct {
	const char *why;
	struct tree_file files[6];
	const char *externals;
} CASES[] = {
	{ "Maven: a version of the parent's management, properties over two levels, a parent by path, by name",
	  { { "pom.xml",
	      "<project><groupId>g</groupId><artifactId>root</artifactId><version>7</version>\n"
	      "<properties><v>1.${minor}</v><minor>5</minor></properties><dependencyManagement><dependencies>\n"
	      "<dependency><groupId>x</groupId><artifactId>managed</artifactId><version>${v}</version><scope>test</scope></dependency>\n"
	      "</dependencies></dependencyManagement></project>\n" },
	    { "m/pom.xml",
	      "<project><parent><groupId>g</groupId><artifactId>root</artifactId><version>7</version></parent><artifactId>m</artifactId><dependencies>\n"
	      "<dependency><groupId>x</groupId><artifactId>managed</artifactId></dependency>\n"
	      "<dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId><version>${project.version}</version></dependency>\n"
	      "<dependency><groupId>x</groupId><artifactId>own</artifactId><version>${minor}-${unknown}</version></dependency>\n"
	      "</dependencies></project>\n" },
	    { "deep/er/pom.xml",
	      "<project><parent><groupId>g</groupId><artifactId>m</artifactId><relativePath/></parent><artifactId>d</artifactId><dependencies>\n"
	      "<dependency><groupId>x</groupId><artifactId>managed</artifactId></dependency></dependencies></project>\n" } },
	  "m/pom.xml g:sibling 7 runtime 3\n"
	  "deep/er/pom.xml x:managed 1.5 runtime 2\n"
	  "m/pom.xml x:managed 1.5 runtime 2\n"
	  "pom.xml x:managed 1.5 managed 3\n"
	  "m/pom.xml x:own 5-${unknown} runtime 4\n" },
	{ "Gradle: names and bundles of the catalogue, in order; variables of the script, the root, the properties",
	  { { "gradle/libs.versions.toml",
	      "[versions]\nv = { strictly = \"2\" }\n[libraries]\na-b_c = { module = \"g:abc\", version.ref = \"v\" }\nd = \"g:d:3\"\n"
	      "d5 = \"g:d:5\"\n[bundles]\nboth = [\"a-b-c\", \"d\"]\n" },
	    { "gradle.properties", "# c\npropVersion = 4\n" },
	    { "build.gradle", "ext { rootVersion = '5'\n versions = [map: '6'] }\n" },
	    { "sub/build.gradle.kts",
	      "val own = \"7\"\ndependencies {\n  implementation(libs.a.b.c)\n  api(\"h:own:$own\")\n  testImplementation(libs.bundles.both)\n"
	      "  api(\"h:root:${rootVersion}\"); api(\"h:prop:$propVersion\"); api(\"h:map:${versions.map}\")\n  api(\"h:none:$none\")\n  api(libs.d.get())\n  api(libs.unknown)\n  api(libs.d5)\n}\n" } },
	  "gradle/libs.versions.toml g:abc 2 catalog 4\n"
	  "sub/build.gradle.kts g:abc 2 runtime 3\n"
	  "sub/build.gradle.kts g:abc 2 test 5\n"
	  "gradle/libs.versions.toml g:d 3 catalog 5\n"
	  "gradle/libs.versions.toml g:d 5 catalog 6\n"
	  "sub/build.gradle.kts g:d 3 test 5\n"
	  "sub/build.gradle.kts g:d 3 runtime 8\n"
	  "sub/build.gradle.kts g:d 5 runtime 10\n"
	  "sub/build.gradle.kts h:map 6 runtime 6\n"
	  "sub/build.gradle.kts h:none $none runtime 7\n"
	  "sub/build.gradle.kts h:own 7 runtime 4\n"
	  "sub/build.gradle.kts h:prop 4 runtime 6\n"
	  "sub/build.gradle.kts h:root 5 runtime 6\n" },
	{ "NuGet: central versions without regard to case, one overridden; properties of all projects",
	  { { "Directory.Packages.props",
	      "<Project><ItemGroup><PackageVersion Include=\"A.B\" Version=\"$(AVersion)\" /></ItemGroup></Project>\n" },
	    { "Directory.Build.props",
	      "<Project><PropertyGroup><AVersion>1.1</AVersion></PropertyGroup></Project>\n" },
	    { "src/P/P.csproj",
	      "<Project><ItemGroup><PackageReference Include=\"a.b\" />\n<PackageReference Include=\"C\" Version=\"$(AVersion)-x\" />\n"
	      "<PackageReference Include=\"A.B\" VersionOverride=\"9\" /></ItemGroup></Project>\n" } },
	  "Directory.Packages.props A.B 1.1 managed 1\n"
	  "src/P/P.csproj A.B 9 runtime 3\n"
	  "src/P/P.csproj C 1.1-x runtime 2\n"
	  "src/P/P.csproj a.b 1.1 runtime 1\n" },
	{ "poms that are each other's parents",
	  { { "a/pom.xml",
	      "<project><parent><artifactId>b</artifactId><relativePath>../b</relativePath></parent><artifactId>a</artifactId><dependencies>\n"
	      "<dependency><groupId>x</groupId><artifactId>y</artifactId><version>${v}</version></dependency></dependencies></project>\n" },
	    { "b/pom.xml",
	      "<project><parent><artifactId>a</artifactId><relativePath>../a/pom.xml</relativePath></parent><artifactId>b</artifactId>\n"
	      "<properties><v>${v}1</v></properties></project>\n" } },
	  "a/pom.xml x:y ${v}11111111 runtime 2\n" },
};

static void test_manifest_complete__externals(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 65536);
		struct resolve_in in;
		struct resolve_out out;
		size_t n = 0;

		while (n < COUNT(CASES[i].files) && CASES[i].files[n].path != NULL)
			n++;
		print_message("# %s\n", CASES[i].why);
		tree_resolve(cx, CASES[i].files, n, &in, &out);
		for (size_t e = 0; e < out.nexternals; e++)
			sb_addf(&sb, "%s %s %s %s %u\n",
			        in.files[out.externals[e].manifest].path.data,
			        out.externals[e].name, out.externals[e].spec,
			        out.externals[e].scope, out.externals[e].line);
		assert_string_equal(sb.len > 0 ? sb.data : "", CASES[i].externals);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_complete__externals),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
