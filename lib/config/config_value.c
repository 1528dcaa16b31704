/*
 * Values: what each type of key takes, and its member in struct config.
 *
 * Each check answers NULL or what would be right; who asked adds the key, the
 * value and its origin.
 */
#include "config/config_private.h"

#include "base/log.h"
#include "base/net_block.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PUBLIC false
#define SECRET true

const struct config_key config_keys[CONFIG_KEYS] = {
#define KEY(name, type, preset, min, max, secret, group, doc)                                      \
	{                                                                                          \
		group,  #name, CONFIG_##type, offsetof(struct config, name), preset, min, max,     \
		secret, doc                                                                        \
	},
#include "config/config_keys.def"
#undef KEY
};

const char *config_variable(struct arena *arena, const struct config_key *key)
{
	char *name = arena_printf(arena, CONFIG_PREFIX "%s", key->name);

	for (char *p = name; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Decimal digits with an optional sign and, for bytes, unit; false when text is anything else. */
static bool parse_int(const char *text, bool bytes, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t factor;
	} UNITS[] = { { "KiB", 1024 }, { "MiB", 1048576 }, { "GiB", 1073741824 } };
	int64_t value = 0;
	const char *p = text + (*text == '-');

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return false;
	}
	for (size_t i = 0; bytes && i < COUNT(UNITS); i++) {
		if (strcmp(p, UNITS[i].name) == 0) {
			p += strlen(UNITS[i].name);
			if (__builtin_mul_overflow(value, UNITS[i].factor, &value))
				return false;
			break;
		}
	}
	*ret = *text == '-' ? -value : value;
	return *p == '\0';
}

static const char *set_int(struct arena *arena, const struct config_key *key, const char *text,
                           int64_t *ret)
{
	bool bytes = ends_with(key->name, "_bytes");
	int64_t value;

	if (!parse_int(text, bytes, &value) || value < key->min || value > key->max)
		return arena_printf(arena, "a whole number from %lld to %lld%s",
		                    (long long)key->min, (long long)key->max,
		                    bytes ? ", or one with KiB, MiB or GiB after it" : "");
	*ret = value;
	return NULL;
}

static const char *set_bool(const char *text, bool *ret)
{
	static const char *const WORDS[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (strcasecmp(text, WORDS[i]) == 0) {
			*ret = i % 2 == 1;
			return NULL;
		}
	}
	return "true or false";
}

static bool is_port(const char *text, size_t n)
{
	long port = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]) || i >= 5)
			return false;
		port = port * 10 + (text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/*
 * host, host:port, an address of either family, [v6]:port, or address/bits.  Whoever connects
 * parses further; here only what can be none of these is refused.
 */
static bool is_host(const char *text)
{
	static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]/";
	const char *colon = strrchr(text, ':'), *slash = strchr(text, '/');
	bool one_colon = colon != NULL && strchr(text, ':') == colon;

	if (text[strspn(text, ALLOWED)] != '\0' || strstr(text, "//") != NULL)
		return false;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		return end != NULL &&
		       (end[1] == '\0' || (end[1] == ':' && is_port(end + 2, strlen(end + 2))));
	}
	if (slash != NULL) {
		size_t n = strlen(slash + 1);

		return n >= 1 && n <= 3 && strspn(slash + 1, "0123456789") == n &&
		       atol(slash + 1) <= 128 &&
		       strspn(text, "0123456789abcdefABCDEF.:") == (size_t)(slash - text);
	}
	return !one_colon || (colon > text && is_port(colon + 1, strlen(colon + 1)));
}

static bool item_ok(enum config_type type, const char *item)
{
	if (type == CONFIG_PORTS)
		return is_port(item, strlen(item));
	if (type == CONFIG_HOSTS)
		return is_host(item);
	if (type == CONFIG_BLOCKS)
		return net_block_valid(item);
	return item[0] == '/';
}

/* Split at colons (HOSTS and BLOCKS: commas), blanks around items aside; empty items are skipped. */
static const char *set_list(struct arena *arena, const struct config_key *key, const char *text,
                            struct config_list *ret)
{
	static const char *const WANTED[] = {
		[CONFIG_LIST] = "absolute paths with colons between them",
		[CONFIG_PORTS] = "port numbers from 1 to 65535 with colons between them",
		[CONFIG_HOSTS] = "hosts, host:port pairs or CIDR blocks with commas between them",
		[CONFIG_BLOCKS] = "addresses and CIDR blocks with commas between them",
	};
	char separator = key->type == CONFIG_HOSTS || key->type == CONFIG_BLOCKS ? ',' : ':';
	size_t most = 2;
	const char **items;
	struct config_list list = { 0 };

	for (const char *p = text; *p != '\0'; p++)
		most += *p == separator;
	items = arena_array(arena, most, sizeof(*items));
	for (const char *p = text; *p != '\0';) {
		const char *end = strchrnul(p, separator), *from = p, *to = end;

		while (from < to && *from == ' ')
			from++;
		while (to > from && to[-1] == ' ')
			to--;
		if (to > from) {
			items[list.n] = arena_strndup(arena, from, (size_t)(to - from));
			if (!item_ok(key->type, items[list.n++]))
				return WANTED[key->type];
		}
		p = *end == '\0' ? end : end + 1;
	}
	if (list.n == 0 && key->min > 0)
		return WANTED[key->type];
	list.items = items;
	*ret = list;
	return NULL;
}

/* Scheme and host, no user, no blank. */
static bool is_url(const char *text)
{
	const char *host = strstr(text, "://");
	size_t scheme = host == NULL ? 0 : (size_t)(host - text);

	if (!((scheme == 4 && strncmp(text, "http", 4) == 0) ||
	      (scheme == 5 && strncmp(text, "https", 5) == 0)))
		return false;
	host += 3;
	return strcspn(host, "/?#") > 0 && strcspn(host, "@ ") == strlen(host);
}

static bool has_password(const char *text)
{
	const char *user = strstr(text, "://");

	if (strcasestr(text, "password") != NULL)
		return true;
	if (user == NULL)
		return false;
	user += 3;
	size_t authority = strcspn(user, "/?");
	const char *at = memchr(user, '@', authority);

	return at != NULL && memchr(user, ':', (size_t)(at - user)) != NULL;
}

/* One line of text of the length that the row allows, and what its type adds to that. */
static const char *set_text(struct arena *arena, const struct config_key *key, const char *text,
                            const char **ret)
{
	size_t n = strlen(text);

	if (n < (size_t)key->min || n > (size_t)key->max)
		return arena_printf(arena, "%lld to %lld bytes long", (long long)key->min,
		                    (long long)key->max);
	if (n > 0 && key->type == CONFIG_URL && !is_url(text))
		return "an http or https address without credentials, like https://example.org";
	if (key->type == CONFIG_CONNINFO && has_password(text))
		return "a connection string without a password in it (use passfile=, or a service file)";
	if (key->type == CONFIG_LEVEL && log_level_by_name(text) == 0)
		return "debug, info, warning or error";
	*ret = text;
	return NULL;
}

const char *config_set(struct arena *arena, struct config *config, const struct config_key *key,
                       const char *text)
{
	void *member = (char *)config + key->offset;

	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return "one line without control characters";
	}
	if (utf8_valid(text, strlen(text)) != strlen(text))
		return "valid UTF-8";
	switch (key->type) {
	case CONFIG_INT:
		return set_int(arena, key, text, member);
	case CONFIG_BOOL:
		return set_bool(text, member);
	case CONFIG_LIST:
	case CONFIG_PORTS:
	case CONFIG_HOSTS:
	case CONFIG_BLOCKS:
		return set_list(arena, key, text, member);
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_URL:
	case CONFIG_CONNINFO:
	case CONFIG_LEVEL:
		return set_text(arena, key, text, member);
	}
	return "known";
}
