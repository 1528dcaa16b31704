/* go.mod, and Ruby's Gemfile and .gemspec: a directive per line. */
#include "maps/manifest_parse.h"

#include <string.h>

/* @ret the line without its comment; *indirect tells whether that said so */
static struct span without_comment(struct span line, bool *indirect)
{
	const char *at = memmem(line.data, line.len, "//", 2);

	*indirect = at != NULL && memmem(at, (size_t)(line.data + line.len - at), "indirect", 8);
	if (at != NULL)
		line.len = (size_t)(at - line.data);
	return span_trim(line);
}

static void go_require(struct manifest_in *in, struct span rest, bool indirect, uint32_t line)
{
	struct span name, version;

	if (span_word(&rest, "\"", &name) && span_word(&rest, "\"", &version))
		manifest_dep(in, span_text(in, name), span_text(in, version),
		             indirect ? "indirect" : "runtime", line);
}

/* "old [v] => ./folder"; a replacement by another module is no place in this repository. */
static void go_replace(struct manifest_in *in, struct span rest, uint32_t line)
{
	struct span old, word;

	if (!span_word(&rest, "\"", &old))
		return;
	while (span_word(&rest, "\"", &word))
		if (span_is(word, "=>") && span_word(&rest, "\"", &word) && word.data[0] == '.')
			manifest_item(in, ITEM_REPLACE, span_text(in, old), span_text(in, word),
			              line);
}

void manifest_go_mod(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	struct span block = { "", 0 };

	while (lines_next(&lines)) {
		bool indirect;
		struct span rest = without_comment(lines.line, &indirect), verb = block, name;

		if (rest.len == 0)
			continue;
		if (rest.data[0] == ')') {
			block.len = 0;
			continue;
		}
		if (block.len == 0) {
			if (!span_word(&rest, "(", &verb))
				continue;
			rest = span_trim(rest);
			if (rest.len > 0 && rest.data[0] == '(') {
				block = verb;
				continue;
			}
		}
		if (span_is(verb, "module") && span_word(&rest, "\"", &name))
			manifest_name(in, span_text(in, name));
		else if (span_is(verb, "require"))
			go_require(in, rest, indirect, lines.number);
		else if (span_is(verb, "replace"))
			go_replace(in, rest, lines.number);
	}
}

static const char *gem_scope(struct span line, bool in_group)
{
	if (memmem(line.data, line.len, "add_development_dependency", 26) != NULL)
		return "dev";
	return in_group ? "dev" : "runtime";
}

void manifest_gemfile(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	bool in_group = false;

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), name, spec = { "", 0 };
		bool gem = span_starts(line, "gem ") || span_starts(line, "gem(");
		const char *add = memmem(line.data, line.len, ".add_", 5);

		if (span_starts(line, "group "))
			in_group = memmem(line.data, line.len, "development", 11) != NULL ||
			           memmem(line.data, line.len, "test", 4) != NULL;
		else if (span_is(line, "end"))
			in_group = false;
		else if (span_starts(line, "#"))
			continue;
		else if (memmem(line.data, line.len, ".name", 5) != NULL &&
		         *in->out->name == '\0' && span_quoted(&line, &name))
			manifest_name(in, span_text(in, name));
		if (!gem && (add == NULL || memmem(add, (size_t)(line.data + line.len - add),
		                                   "dependency", 10) == NULL))
			continue;
		const char *scope = gem_scope(line, in_group);

		if (!span_quoted(&line, &name))
			continue;
		line = span_trim(line);
		if (span_starts(line, ",")) {
			struct span after = span_trim((struct span){ line.data + 1, line.len - 1 });

			if (after.len > 0 && (after.data[0] == '"' || after.data[0] == '\''))
				span_quoted(&after, &spec);
		}
		manifest_dep(in, span_text(in, name), span_text(in, spec), scope, lines.number);
	}
}
