/* Content: tests, routes, environment, licences. */
#include "maps/content_parts.h"

/* One column of a table, as in content_tables.c. */
#define COLUMN(name, n, write, expression)                                                         \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t i = 0; i < (n); i++)                                                   \
			write(c, (expression));                                                    \
		content_close(c, ']');                                                             \
	} while (0)

static void text_or_null(struct content *c, const char *text)
{
	if (text)
		content_text(c, text);
	else
		content_null(c);
}

static void write_frameworks(struct content *c)
{
	const struct surface *s = c->in->surface;
	uint64_t files[TEST_COUNT] = { 0 }, cases[TEST_COUNT] = { 0 };

	for (size_t i = 0; i < s->ntests; i++) {
		files[s->tests[i].framework] += s->tests[i].cases > 0;
		cases[s->tests[i].framework] += s->tests[i].cases;
	}
	content_open(c, "frameworks", '[');
	for (int k = TEST_NONE + 1; k < TEST_COUNT; k++) {
		if (files[k] == 0)
			continue;
		content_open(c, NULL, '{');
		content_key(c, "name");
		content_text(c, test_framework_name((enum test_framework)k));
		content_count(c, "files", files[k]);
		content_count(c, "cases", cases[k]);
		content_close(c, '}');
	}
	content_close(c, ']');
}

void content_tests(struct content *c)
{
	const struct surface *s = c->in->surface;
	uint64_t files = 0, code = 0, cases = 0;

	for (size_t i = 0; i < c->in->tree->nfiles; i++) {
		const struct map_file *file = &c->in->tree->files[i];

		files += file->role == FILE_TEST;
		code += file->role == FILE_TEST ? file->facts.code : 0;
	}
	for (size_t i = 0; i < s->ntests; i++)
		cases += s->tests[i].cases;
	content_open(c, "tests", '{');
	content_count(c, "files", files);
	content_count(c, "code", code);
	content_count(c, "cases", cases);
	write_frameworks(c);
	content_open(c, "by_file", '{');
	COLUMN("file", s->ntests, content_number, s->tests[i].file);
	COLUMN("framework", s->ntests, content_text,
	       test_framework_name((enum test_framework)s->tests[i].framework));
	COLUMN("cases", s->ntests, content_number, s->tests[i].cases);
	content_close(c, '}');
	content_close(c, '}');
}

void content_routes(struct content *c)
{
	const struct surface_route *r = c->in->surface->routes;
	size_t n = c->in->surface->nroutes;

	content_open(c, "routes", '{');
	COLUMN("method", n, content_text, r[i].method);
	COLUMN("pattern", n, content_text, r[i].pattern);
	COLUMN("file", n, content_number, r[i].file);
	COLUMN("line", n, content_number, r[i].line);
	COLUMN("framework", n, content_text,
	       web_framework_name((enum web_framework)r[i].framework));
	COLUMN("handler", n, content_text, r[i].handler);
	content_close(c, '}');
}

void content_env(struct content *c)
{
	const struct surface_env *e = c->in->surface->env;
	size_t n = c->in->surface->nenv;

	content_open(c, "env", '{');
	COLUMN("name", n, content_text, e[i].name);
	COLUMN("file", n, content_number, e[i].file);
	COLUMN("line", n, content_number, e[i].line);
	COLUMN("default", n, text_or_null, e[i].value);
	content_close(c, '}');
}

void content_licences(struct content *c)
{
	const struct surface_licence *l = c->in->surface->licences;
	size_t n = c->in->surface->nlicences;

	content_open(c, "licences", '{');
	COLUMN("file", n, content_number, l[i].file);
	COLUMN("line", n, content_number, l[i].line);
	COLUMN("evidence", n, content_text, l[i].evidence);
	COLUMN("expression", n, content_text, l[i].expression);
	COLUMN("confidence", n, content_number, l[i].percent);
	content_close(c, '}');
}
