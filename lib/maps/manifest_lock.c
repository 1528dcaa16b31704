/*
 * Lock files that are written line by line.  They are the output of programs, so
 * their form is fixed, and they may be large: each line is looked at once and no
 * tree is built.
 */
#include "maps/manifest_parse.h"

#include <string.h>

static size_t indent_of(struct span line)
{
	size_t n = 0;

	while (n < line.len && line.data[n] == ' ')
		n++;
	return n;
}

static struct span up_to(struct span s, const char *stop)
{
	return (struct span){ s.data, (size_t)(stop - s.data) };
}

static struct span behind(struct span s, const char *at)
{
	return (struct span){ at, (size_t)(s.data + s.len - at) };
}

static struct span without_quotes(struct span s)
{
	if (s.len >= 2 && (*s.data == '"' || *s.data == '\'') && s.data[s.len - 1] == *s.data)
		return (struct span){ s.data + 1, s.len - 2 };
	return s;
}

/* Specs of GEM and GIT: four spaces, name (version[-platform]).  PATH is this repository. */
void manifest_gemfile_lock(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	struct span last = { "", 0 };
	bool foreign = false;

	while (lines_next(&lines)) {
		struct span line = lines.line, name, version;
		const char *open, *close;

		if (line.len > 0 && *line.data != ' ')
			foreign = span_starts(line, "GEM") || span_starts(line, "GIT");
		if (!foreign || indent_of(line) != 4)
			continue;
		line = span_trim(line);
		open = memmem(line.data, line.len, " (", 2);
		if (open == NULL || line.data[line.len - 1] != ')')
			continue;
		name = up_to(line, open);
		if (name.len == last.len && memcmp(name.data, last.data, name.len) == 0)
			continue; /* the same for another platform */
		last = name;
		version = behind(line, open + 2);
		version.len--;
		close = memchr(version.data, '-', version.len);
		if (close != NULL)
			version = up_to(version, close);
		manifest_locked(in, span_text(in, name), span_text(in, version), lines.number);
	}
}

/* One of the specifiers above an entry: name@range, name@npm:range. */
static void yarn_specifier(struct manifest_in *in, struct span item, const char *version,
                           uint32_t line, bool *counted)
{
	const char *at;
	struct span range;

	item = span_trim(item);
	/* Quotes are around one specifier or around all of them. */
	if (item.len > 0 && *item.data == '"')
		item = behind(item, item.data + 1);
	if (item.len > 0 && item.data[item.len - 1] == '"')
		item.len--;
	at = item.len > 1 ? memchr(item.data + 1, '@', item.len - 1) : NULL;
	if (at == NULL)
		return;
	range = behind(item, at + 1);
	if (span_starts(range, "workspace:") || span_starts(range, "patch:") ||
	    span_starts(range, "link:") || span_starts(range, "portal:"))
		return;
	if (span_starts(range, "npm:"))
		range = behind(range, range.data + 4);
	if (*counted)
		in->out->nlocked--; /* one package, however many ask for it */
	*counted = true;
	manifest_locked(in,
	                arena_printf(in->scratch, "%.*s@%.*s", (int)(at - item.data), item.data,
	                             (int)range.len, range.data),
	                version, line);
}

/* Of both kinds of yarn: specifiers and a colon, below them the version. */
void manifest_yarn_lock(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	struct span head = { "", 0 };
	uint32_t head_line = 0;

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), version;
		bool counted = false;

		if (line.len == 0 || *line.data == '#')
			continue;
		if (*lines.line.data != ' ') {
			head = up_to(line, line.data + line.len - 1);
			head_line = lines.number;
			continue;
		}
		if (head.len == 0 || indent_of(lines.line) != 2 || !span_starts(line, "version"))
			continue;
		version = span_trim(behind(line, line.data + 7));
		if (span_starts(version, ":"))
			version = span_trim(behind(version, version.data + 1));
		version = without_quotes(version);
		const char *text = span_text(in, version);

		while (head.len > 0) {
			const char *comma = memchr(head.data, ',', head.len);
			struct span item = comma != NULL ? up_to(head, comma) : head;

			yarn_specifier(in, item, text, head_line, &counted);
			head = comma != NULL ? behind(head, comma + 1) : (struct span){ "", 0 };
		}
	}
}

/* Where a pnpm lock file is being read: the keys above a line. */
struct pnpm {
	struct manifest_in *in;
	struct span section, importer, group, name;
	bool importers;
};

static void pnpm_locked(struct pnpm *p, struct span version, uint32_t line)
{
	struct span importer = p->importers ? p->importer : (struct span){ ".", 1 };
	uint32_t counted = p->in->out->nlocked;

	version = without_quotes(version);
	for (size_t i = 0; i < version.len; i++)
		if (version.data[i] == '(' || version.data[i] == '_')
			version.len = i; /* what it was resolved beside */
	if (version.len == 0 || span_starts(version, "link:"))
		return;
	manifest_locked(p->in,
	                arena_printf(p->in->scratch, "%.*s %.*s", (int)importer.len, importer.data,
	                             (int)p->name.len, p->name.data),
	                span_text(p->in, version), line);
	p->in->out->nlocked = counted; /* those below "packages:" are counted */
}

static bool is_group(struct span s)
{
	return span_is(s, "dependencies") || span_is(s, "devDependencies") ||
	       span_is(s, "optionalDependencies");
}

static void pnpm_line(struct pnpm *p, size_t indent, struct span key, struct span value,
                      uint32_t line)
{
	size_t base = p->importers ? 4 : 0; /* indent of the groups */

	if (indent == 0) {
		p->section = key;
		p->importers = span_is(key, "importers");
		p->group = p->importers ? (struct span){ "", 0 } : key;
	} else if (span_is(p->section, "packages")) {
		p->in->out->nlocked += indent == 2;
	} else if (p->importers && indent == 2) {
		p->importer = key;
	} else if (indent == base) {
		p->group = key;
	} else if (is_group(p->group) && indent == base + 2) {
		p->name = key;
		if (value.len > 0 && *value.data != '{')
			pnpm_locked(p, value, line);
	} else if (is_group(p->group) && indent == base + 4 && span_is(key, "version")) {
		pnpm_locked(p, value, line);
	}
}

void manifest_pnpm_lock(struct manifest_in *in)
{
	struct pnpm p = { .in = in };
	struct lines lines = lines_of(in->text);

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), key = line, value = { "", 0 };
		const char *colon;

		if (line.len == 0 || *line.data == '#')
			continue;
		if (line.data[line.len - 1] == ':') {
			key.len--;
		} else {
			colon = memmem(line.data, line.len, ": ", 2);
			if (colon == NULL)
				continue;
			key = up_to(line, colon);
			value = span_trim(behind(line, colon + 1));
		}
		pnpm_line(&p, indent_of(lines.line), without_quotes(key), value, lines.number);
	}
}

/* A [[package]] of a TOML lock file. */
struct package {
	struct span name, version;
	uint32_t line;
	bool foreign, local; /* its source is given; it is a folder of this repository */
};

static void toml_package(struct manifest_in *in, const struct package *p, bool cargo)
{
	if (p->name.len > 0 && !p->local && (p->foreign || !cargo))
		manifest_locked(in, span_text(in, p->name), span_text(in, p->version), p->line);
}

/* Lines "key = value" behind each [[package]], up to the next table. */
static void toml_lock(struct manifest_in *in, bool cargo)
{
	struct lines lines = lines_of(in->text);
	struct package p = { .line = 0 };
	bool inside = false;

	while (lines_next(&lines)) {
		struct span line = span_trim(lines.line), value;
		const char *equals;

		if (line.len > 0 && *line.data == '[' && *lines.line.data == '[') {
			if (span_is(line, "[[package]]")) {
				toml_package(in, &p, cargo);
				p = (struct package){ .line = lines.number };
			}
			inside = span_is(line, "[[package]]");
			continue;
		}
		equals = inside ? memmem(line.data, line.len, " = ", 3) : NULL;
		if (equals == NULL || *lines.line.data == ' ')
			continue;
		value = without_quotes(span_trim(behind(line, equals + 3)));
		line = up_to(line, equals);
		if (span_is(line, "name")) {
			p.name = value;
		} else if (span_is(line, "version")) {
			p.version = value;
		} else if (span_is(line, "source")) {
			p.foreign = true;
			p.local = span_starts(value, "{ editable") ||
			          span_starts(value, "{ virtual") ||
			          span_starts(value, "{ directory");
		}
	}
	toml_package(in, &p, cargo);
}

void manifest_python_lock(struct manifest_in *in)
{
	toml_lock(in, false);
}

/* A crate without a source is one of this repository. */
void manifest_cargo_lock(struct manifest_in *in)
{
	toml_lock(in, true);
}

/* module version hash; a second line for its go.mod alone.  Each module is counted once. */
void manifest_go_sum(struct manifest_in *in)
{
	struct lines lines = lines_of(in->text);
	struct span last = { "", 0 };

	while (lines_next(&lines)) {
		struct span rest = lines.line, module, version;

		if (!span_word(&rest, "", &module) || !span_word(&rest, "", &version) ||
		    memmem(version.data, version.len, "/go.mod", 7) != NULL)
			continue;
		if (module.len == last.len && memcmp(module.data, last.data, module.len) == 0)
			in->out->nlocked--;
		last = module;
		manifest_locked(in,
		                arena_printf(in->scratch, "%.*s@%.*s", (int)module.len, module.data,
		                             (int)version.len, version.data),
		                span_text(in, version), lines.number);
	}
}
