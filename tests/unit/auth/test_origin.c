/* A4: what may stand in a list of origins, and what a client may call one. */
#include "fixture.h"

#include "auth/origin.h"
#include "base/net_block.h"

#include <string.h>

static void test_origin__form(void **state)
{
	static const struct {
		const char *text;
		bool sound;
	} CASES[] = {
		{ "https://app.example.org", true },
		{ "http://localhost:3000", true },
		{ "https://a_b-c.example", true },
		{ "https://[2001:db8::1]:8443", true },
		{ "http://127.0.0.1:1", true },
		{ "https://app.example.org:8443", true },
		{ "", false },
		{ "null", false },
		{ "*", false },
		{ "https://*.example.org", false },
		{ "https://app.example.org/", false },
		{ "https://App.example.org", false },
		{ "https://app.example.org:443", false },
		{ "http://app.example.org:80", false },
		{ "https://app.example.org:080", false },
		{ "https://app.example.org:65536", false },
		{ "https://app.example.org:", false },
		{ "https://user@app.example.org", false },
		{ "https://app..example.org", false },
		{ "https://.example.org", false },
		{ "https://", false },
		{ "ftp://app.example.org", false },
		{ "https://app.example.org https://b.example", false },
		{ "https://app.example.org\r\nX: y", false },
		{ "https://[2001:DB8::1]", false },
		{ "https://[::1", false },
		{ "https://[]", false },
		{ "chrome-extension://abc", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].text);
		assert_int_equal(origin_is_sound(CASES[i].text), CASES[i].sound);
	}
}

static void test_origin__length(void **state)
{
	char text[ORIGIN_MAX + 2] = "https://";

	(void)state;
	memset(text + 8, 'a', 253);
	assert_true(origin_is_sound(text));
	memset(text + 8, 'a', 254);
	assert_false(origin_is_sound(text));
	memset(text + 8, 'a', sizeof(text) - 9);
	assert_false(origin_is_sound(text));
}

static void test_net_block__form(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} CASES[] = {
		{ "10.0.0.0/8", true },
		{ "10.0.0.1", true },
		{ "10.0.0.1/32", true },
		{ "0.0.0.0/0", true },
		{ "2001:db8::/32", true },
		{ "::1", true },
		{ "::/0", true },
		{ "2001:db8::1/128", true },
		{ "10.0.0.1/8", false },
		{ "10.0.0.0/33", false },
		{ "10.0.0.0/", false },
		{ "10.0.0.0/08", false },
		{ "10.0.0.0/-1", false },
		{ "10.0.0/8", false },
		{ "2001:db8::/129", false },
		{ "2001:db8::1/64", false },
		{ "proxy.example", false },
		{ "", false },
		{ "/8", false },
		{ "10.0.0.0/8/8", false },
		{ "unix:", false },
		{ "10.0.0.0/8;", false },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].text);
		assert_int_equal(net_block_valid(CASES[i].text), CASES[i].valid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin__form),
		cmocka_unit_test(test_origin__length),
		cmocka_unit_test(test_net_block__form),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
