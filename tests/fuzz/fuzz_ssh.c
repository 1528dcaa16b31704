/*
 * Any text as an address of ssh, a private key, or what pins a server: the parsers end, what they take
 * stays within their own rules, and the normal forms are fixed points.
 */
#include "auth/ssh_key.h"
#include "base/net_ssh.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* The library forgets a few bytes of a locked key that is damaged. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libssh.so";
}

static void address(struct ctx *cx, const char *text)
{
	struct net_ssh url, again;

	if (net_ssh_parse(cx, text, &url) != ERR_OK) {
		assert(cx->fault.code == ERR_URL_REFUSED && cx->fault.fix != NULL);
		return;
	}
	assert(url.port != 0 && url.host[0] != '\0' && url.path[0] != '\0' && url.path[0] != '-');
	assert(strpbrk(url.path, "'\\ \r\n") == NULL && strpbrk(url.host, "@/ ") == NULL);
	assert(net_ssh_parse(cx, url.text, &again) == ERR_OK);
	assert(strcmp(again.text, url.text) == 0 && strcmp(again.origin, url.origin) == 0);
}

static void host_keys(struct ctx *cx, const char *text)
{
	const char *normal, *again;

	if (ssh_host_keys_read(cx, text, &normal) != ERR_OK)
		return;
	assert(strstr(normal, "SHA256:") != NULL);
	assert(ssh_host_keys_read(cx, normal, &again) == ERR_OK);
	assert(strcmp(normal, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app APP = { .clock = &system_clock, .component = "fuzz" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)4 << 20);
	struct ssh_key_info info;
	struct ctx cx;
	const char *text;

	ctx_begin(&cx, &APP, arena, NULL);
	text = arena_strndup(arena, (const char *)data, size);
	address(&cx, text);
	host_keys(&cx, text);
	if (ssh_key_read(&cx, text, "p", &info) == ERR_OK)
		assert(strncmp(info.fingerprint, "SHA256:", 7) == 0);
	return 0;
}
