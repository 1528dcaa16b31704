/* Attributes: patterns of gitignore's kind, matched by fnmatch(). */
#include "maps/attributes.h"

#include <fnmatch.h>
#include <string.h>

static const struct {
	const char *name;
	enum role_of_file role;
} ROLES[] = {
	{ "linguist-generated", FILE_GENERATED },
	{ "linguist-vendored", FILE_VENDORED },
	{ "linguist-documentation", FILE_DOC },
};

static const char NAME[] = ".gitattributes";

bool attributes_is(struct span path)
{
	size_t n = sizeof(NAME) - 1;

	return path.len >= n && memcmp(path.data + path.len - n, NAME, n) == 0 &&
	       (path.len == n || path.data[path.len - n - 1] == '/');
}

/* @ret the next word of a line, moving *p behind it; empty at the end */
static struct span word(const char **p, const char *end)
{
	const char *start;

	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
		(*p)++;
	start = *p;
	while (*p < end && **p != ' ' && **p != '\t' && **p != '\r')
		(*p)++;
	return (struct span){ start, (size_t)(*p - start) };
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* "name", "name=true", "-name", "!name", "name=false" */
static void add_rule(struct attributes *attributes, const struct attribute_rule *start,
                     struct span attribute)
{
	struct attribute_rule rule = *start;
	const char *equals = memchr(attribute.data, '=', attribute.len);

	rule.set = true;
	if (attribute.len > 0 && (attribute.data[0] == '-' || attribute.data[0] == '!')) {
		rule.set = false;
		attribute = (struct span){ attribute.data + 1, attribute.len - 1 };
	} else if (equals != NULL) {
		size_t n = (size_t)(equals - attribute.data);

		rule.set = is((struct span){ equals + 1, attribute.len - n - 1 }, "true");
		attribute.len = n;
	}
	for (size_t i = 0; i < COUNT(ROLES) && attributes->n < ATTRIBUTES_MAX; i++) {
		if (!is(attribute, ROLES[i].name))
			continue;
		rule.role = ROLES[i].role;
		attributes->rules[attributes->n++] = rule;
	}
}

static void read_line(struct arena *arena, struct attributes *attributes, struct span dir,
                      const char *p, const char *end)
{
	struct span pattern = word(&p, end), attribute;
	struct attribute_rule rule = { .dir = dir };

	if (pattern.len == 0 || pattern.data[0] == '#' || pattern.len > ATTRIBUTES_PATTERN_MAX ||
	    memmem(p, (size_t)(end - p), "linguist-", 9) == NULL)
		return;
	rule.whole_path = memchr(pattern.data, '/', pattern.len) != NULL;
	if (pattern.data[0] == '/')
		pattern = (struct span){ pattern.data + 1, pattern.len - 1 };
	rule.pattern = arena_strndup(arena, pattern.data, pattern.len);
	while ((attribute = word(&p, end)).len > 0)
		add_rule(attributes, &rule, attribute);
}

void attributes_read(struct arena *arena, struct attributes *attributes, struct span path,
                     struct span text)
{
	size_t n = sizeof(NAME) - 1;
	struct span dir = { path.data, path.len > n ? path.len - n - 1 : 0 };
	const char *p = text.data, *end = text.data + text.len;

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		stop = stop != NULL ? stop : end;
		read_line(arena, attributes, dir, p, stop);
		p = stop + 1;
	}
}

static bool matches(const struct attribute_rule *rule, const char *path)
{
	const char *below = path, *name;

	if (rule->dir.len > 0) {
		if (strncmp(path, rule->dir.data, rule->dir.len) != 0 || path[rule->dir.len] != '/')
			return false;
		below = path + rule->dir.len + 1;
	}
	if (!rule->whole_path) {
		name = strrchr(below, '/');
		return fnmatch(rule->pattern, name != NULL ? name + 1 : below, 0) == 0;
	}
	if (strncmp(rule->pattern, "**/", 3) == 0 && fnmatch(rule->pattern + 3, below, 0) == 0)
		return true;
	/* "**" crosses folders, as a '*' does for fnmatch() without FNM_PATHNAME */
	return fnmatch(rule->pattern, below,
	               strstr(rule->pattern, "**") != NULL ? 0 : FNM_PATHNAME) == 0;
}

enum role_of_file attributes_role(const struct attributes *attributes, const char *path,
                                  enum role_of_file role)
{
	for (size_t i = 0; i < attributes->n; i++) {
		const struct attribute_rule *rule = &attributes->rules[i];

		if ((rule->set || role == rule->role) && matches(rule, path))
			role = rule->set ? rule->role : FILE_SOURCE;
	}
	return role;
}
