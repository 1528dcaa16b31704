/*
 * Any text as an address: the parser ends, its parts stay within its own rules, and its normal form
 * is a fixed point.
 */
#include "base/ctx.h"
#include "base/net_guard.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app APP = { .clock = &system_clock, .component = "fuzz" };
	const struct net_policy strict = { 0 };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)1 << 20);
	struct ctx cx;
	struct net_url url, again;
	const char *text;

	ctx_begin(&cx, &APP, arena, NULL);
	text = arena_strndup(arena, (const char *)data, size);
	(void)net_entry_valid(text);
	if (net_url_parse(&cx, text, &url) != ERR_OK) {
		assert(cx.fault.code == ERR_URL_REFUSED && cx.fault.fix != NULL);
		return 0;
	}
	assert(url.port != 0 && url.host[0] != '\0' && url.target[0] == '/');
	assert(strpbrk(url.host, "@/\\?#% \r\n") == NULL);
	assert(strncmp(url.text, url.origin, strlen(url.origin)) == 0);
	(void)!net_url_judge(&cx, &strict, &url);
	if (strlen(url.text) <= NET_URL_MAX) {
		assert(net_url_parse(&cx, url.text, &again) == ERR_OK);
		assert(strcmp(again.text, url.text) == 0);
	}
	return 0;
}
