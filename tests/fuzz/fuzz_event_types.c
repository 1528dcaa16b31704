/* Patterns of kinds as clients send them: whatever is chosen matches one of them. */
#include "app/registry_kinds.h"
#include "base/arena.h"
#include "base/ctx.h"

#include <string.h>

#define TEXT_MAX 4096

static bool any_matches(const struct list *patterns, const char *type)
{
	for (size_t i = 0; i < patterns->n; i++) {
		if (event_pattern_matches(((const char *const *)patterns->items)[i], type))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app APP = { .clock = &system_clock, .component = "fuzz" };
	static struct arena *arena;
	const char *texts[EVENT_PATTERNS_MAX];
	struct list patterns = { .items = texts }, chosen;
	struct ctx cx;
	char *text;

	if (size > TEXT_MAX || memchr(data, 0, size) != NULL)
		return 0;
	if (arena == NULL)
		arena = arena_new((size_t)16 * 1024 * 1024);
	ctx_begin_unnamed(&cx, &APP, arena, NULL);
	text = arena_strndup(arena, (const char *)data, size);
	while (text != NULL && patterns.n < EVENT_PATTERNS_MAX)
		texts[patterns.n++] = strsep(&text, ",");
	if (event_kinds_select(&cx, app_event_kinds, &patterns, "?types", &chosen) != ERR_OK) {
		assert(cx.fault.code == ERR_INVALID && cx.fault.nfields == 1);
		return 0;
	}
	for (size_t i = 0; i < chosen.n; i++)
		assert(any_matches(&patterns, ((const char *const *)chosen.items)[i]));
	return 0;
}
