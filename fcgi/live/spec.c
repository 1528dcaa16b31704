/* A stream's description, to text and back. */
#include "live/spec.h"

#include "request.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18 /* any number of so many digits fits an int64_t */
#define KIND_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_."

static const char *const WAYS[LIVE_WAYS] = {
	[LIVE_SSE] = "sse",   [LIVE_WS] = "ws",       [LIVE_POLL] = "poll",
	[LIVE_RUN] = "run",   [LIVE_GOOSE] = "goose", [LIVE_COMPLETION] = "completion",
	[LIVE_CHAT] = "chat",
};

static const struct {
	const char *name;
	size_t offset;
} NUMBERS[] = {
	{ "tenant", offsetof(struct live_spec, who.tenant_id) },
	{ "key", offsetof(struct live_spec, who.key_id) },
	{ "family", offsetof(struct live_spec, who.family_id) },
	{ "user", offsetof(struct live_spec, who.user_id) },
	{ "session", offsetof(struct live_spec, who.session_id) },
	{ "role", offsetof(struct live_spec, who.role) },
	{ "after", offsetof(struct live_spec, after) },
	{ "project", offsetof(struct live_spec, project_id) },
	{ "run", offsetof(struct live_spec, run_id) },
	{ "usage", offsetof(struct live_spec, usage) },
	{ "wait", offsetof(struct live_spec, wait_s) },
	{ "limit", offsetof(struct live_spec, limit) },
};

static int64_t *number(const struct live_spec *spec, size_t i)
{
	return (int64_t *)((char *)spec + NUMBERS[i].offset);
}

void spec_print(struct sb *sb, const struct live_spec *spec)
{
	sb_addf(sb, LIVE_PLACE "%s?rid=%s&kinds=%s&hidden=%s", WAYS[spec->way], spec->request_id,
	        spec->kinds, spec->hidden);
	for (size_t i = 0; i < COUNT(NUMBERS); i++)
		sb_addf(sb, "&%s=%lld", NUMBERS[i].name, (long long)*number(spec, i));
}

bool spec_begin(struct live_spec *spec, const char *path)
{
	*spec = (struct live_spec){ 0 };
	for (int way = LIVE_UNSET + 1; way < LIVE_WAYS; way++) {
		if (path[0] == '/' && strcmp(path + 1, WAYS[way]) == 0)
			spec->way = (enum live_way)way;
	}
	return spec->way != LIVE_UNSET;
}

static bool take_kinds(char list[LIVE_KINDS_TEXT], const char *text)
{
	size_t n = strlen(text);

	if (n >= LIVE_KINDS_TEXT || strspn(text, KIND_CHARS ",") != n)
		return false;
	memcpy(list, text, n + 1);
	return true;
}

static bool take_request_id(struct live_spec *spec, const char *text)
{
	if (!request_id_is_sound(text))
		return false;
	memcpy(spec->request_id, text, strlen(text) + 1);
	return true;
}

bool spec_take(struct live_spec *spec, const char *pair)
{
	size_t n = strcspn(pair, "=");
	const char *value = pair + n + 1;
	size_t digits;

	if (pair[n] == '\0')
		return false;
	if (n == 5 && memcmp(pair, "kinds", n) == 0)
		return take_kinds(spec->kinds, value);
	if (n == 6 && memcmp(pair, "hidden", n) == 0)
		return take_kinds(spec->hidden, value);
	if (n == 3 && memcmp(pair, "rid", n) == 0)
		return take_request_id(spec, value);
	digits = strspn(value, "0123456789");
	if (digits == 0 || digits > DIGITS_MAX || value[digits] != '\0')
		return false;
	for (size_t i = 0; i < COUNT(NUMBERS); i++) {
		if (strlen(NUMBERS[i].name) == n && memcmp(NUMBERS[i].name, pair, n) == 0) {
			*number(spec, i) = strtoll(value, NULL, 10);
			return true;
		}
	}
	return false;
}

bool spec_is_whole(const struct live_spec *spec)
{
	const struct standing *who = &spec->who;

	if (who->tenant_id == 0 || who->role == 0 || (who->key_id == 0) == (who->user_id == 0) ||
	    spec->request_id[0] == '\0')
		return false;
	if (spec->way >= LIVE_RUN)
		return spec->run_id > 0 && spec->wait_s <= LIVE_ANSWER_WAIT_S;
	if (spec->way != LIVE_POLL)
		return true;
	return spec->wait_s <= LIVE_WAIT_MAX_S && spec->limit > 0;
}

void spec_list(char ret[LIVE_KINDS_TEXT], const struct list *kinds)
{
	struct sb sb = sb_fixed(ret, LIVE_KINDS_TEXT);

	for (size_t i = 0; i < kinds->n; i++) {
		sb_add(&sb, i > 0 ? "," : "");
		sb_add(&sb, ((const char *const *)kinds->items)[i]);
	}
	assert(!sb.failed);
}
