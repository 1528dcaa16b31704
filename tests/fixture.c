/* The tests' own application: a fake clock, an arena, no database. */
#include "fixture.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

static int64_t fake_wall_us(const struct clock *self)
{
	return ((const struct fake_clock *)self)->now_us;
}

static int64_t fake_mono_us(const struct clock *self)
{
	return ((const struct fake_clock *)self)->since_us;
}

int fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	secret_init();
	f->clock = (struct fake_clock){ { fake_wall_us, fake_mono_us }, FIXTURE_WALL_US, 1000000 };
	f->app = (struct app){ .clock = &f->clock.clock, .component = "test" };
	f->arena = arena_new(ARENA_BYTES);
	*state = f;
	return 0;
}

int fixture_close(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

struct ctx *fixture_ctx(void *state)
{
	struct fixture *f = state;

	ctx_begin(&f->cx, &f->app, f->arena, NULL);
	f->cx.who = (struct who){ .tenant_id = 1, .role = ROLE_OWNER, .actor = "test" };
	return &f->cx;
}

struct span quotes(struct ctx *cx, const char *text)
{
	char *copy = arena_strdup(cx->arena, text);

	for (char *p = copy; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	return (struct span){ copy, strlen(copy) };
}

void assert_blamed(const struct ctx *cx, const char *pointer, const char *rule)
{
	const struct fault *fault = &cx->fault;

	for (int i = 0; i < fault->nfields && i < FAULT_ERRORS_MAX; i++) {
		const struct fault_field *field = &fault->fields[i];

		if (strcmp(field->pointer, pointer) == 0 &&
		    (rule == NULL || strcmp(field->rule, rule) == 0))
			return;
	}
	for (int i = 0; i < fault->nfields && i < FAULT_ERRORS_MAX; i++)
		print_message("blamed: %s %s: %s\n", fault->fields[i].pointer,
		              fault->fields[i].rule, fault->fields[i].detail);
	fail_msg("%s is not blamed by %s", pointer, rule == NULL ? "any rule" : rule);
}

void assert_contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}
