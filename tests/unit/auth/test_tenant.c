/* Bodies of tenants: names, and origins as browsers send them (A5, A6). */
#include "fixture.h"

#include "auth/tenant.h"

static const struct {
	const char *why, *body, *blamed, *rule;
} CASES[] = {
	{ "a name", "{'name':'Atlas'}", NULL, NULL },
	{ "an empty name", "{'name':''}", "/name", NULL },
	{ "null is no name", "{'name':null}", "/name", NULL },
	{ "a space at the end", "{'name':'a '}", "/name", "trimmed" },
	{ "a line break", "{'name':'a\\nb'}", "/name", NULL },
	{ "the name of a tombstone", "{'name':'deleted:7'}", "/name", "reserved" },
	{ "limits are not for sale", "{'projects_max':5}", "/projects_max", NULL },
	{ "nothing at all", "{}", NULL, NULL },

	{ "none", "{'cors_origins':[]}", NULL, NULL },
	{ "https", "{'cors_origins':['https://a.example']}", NULL, NULL },
	{ "with a port", "{'cors_origins':['http://localhost:3000']}", NULL, NULL },
	{ "IPv6", "{'cors_origins':['http://[::1]:3000']}", NULL, NULL },
	{ "a path", "{'cors_origins':['https://a.example/']}", "/cors_origins/0", "origin" },
	{ "the default port", "{'cors_origins':['https://a.example:443']}", "/cors_origins/0",
	  "origin" },
	{ "capitals", "{'cors_origins':['https://A.example']}", "/cors_origins/0", "origin" },
	{ "anybody", "{'cors_origins':['*']}", "/cors_origins/0", "origin" },
	{ "a pattern", "{'cors_origins':['https://*.example']}", "/cors_origins/0", "origin" },
	{ "what sandboxes send", "{'cors_origins':['null']}", "/cors_origins/0", "origin" },
	{ "a name and password", "{'cors_origins':['https://u:p@a.example']}", "/cors_origins/0",
	  "origin" },
	{ "another scheme", "{'cors_origins':['file://a']}", "/cors_origins/0", "origin" },
	{ "the second", "{'cors_origins':['https://a.example','b']}", "/cors_origins/1", "origin" },
};

static void test_tenant_patch__body(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct tenant_patch in;
		enum err e =
			schema_decode(cx, &tenant_patch_schema, quotes(cx, CASES[i].body), &in);

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(e != ERR_OK, CASES[i].blamed != NULL);
		if (CASES[i].blamed != NULL)
			assert_blamed(cx, CASES[i].blamed, CASES[i].rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tenant_patch__body) };

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
