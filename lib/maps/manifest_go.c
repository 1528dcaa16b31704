/* go.mod: a directive per line. */
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
