/* Map text: columns of a few rows. */
#include "map_text.h"

#include "base/sb.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES ((size_t)1 << 20)

static int index_of(const struct text_map *map, const char *path)
{
	for (int i = 0; map->files[i].path != NULL; i++)
		if (strcmp(map->files[i].path, path) == 0)
			return i;
	fail_msg("no file %s", path);
	return -1;
}

static const char *component_of(const struct text_file *file)
{
	return file->component != NULL ? file->component : ".";
}

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

struct parts {
	const struct text_map *map;
	const char *names[MAP_TEXT_FILES];
	int n, nfiles, nimports;
};

static void write_files(struct sb *sb, const struct parts *p)
{
	const struct text_file *f = p->map->files;

	sb_add(sb, ",\"files\":{\"path\":[");
	for (int i = 0; i < p->nfiles; i++) {
		sb_add(sb, i > 0 ? "," : "");
		sb_json(sb, f[i].path);
	}
	sb_add(sb, "],\"oid\":[");
	for (int i = 0; i < p->nfiles; i++) {
		unsigned hash = (unsigned)f[i].blob;

		for (const char *c = f[i].path; f[i].blob == 0 && *c != '\0'; c++)
			hash = hash * 31 + (unsigned char)*c;
		sb_addf(sb, "%s\"%040u\"", i > 0 ? "," : "", hash);
	}
	for (int column = 0; column < 6; column++) {
		static const char *const NAMES[] = { "lang",    "role",  "code",
			                             "comment", "blank", "component" };

		sb_addf(sb, "],\"%s\":[", NAMES[column]);
		for (int i = 0; i < p->nfiles; i++) {
			int value[] = { 0,         f[i].test ? 2 : 1,
				        f[i].code, 0,
				        0,         find(p->names, p->n, component_of(&f[i])) };

			sb_addf(sb, "%s%d", i > 0 ? "," : "", value[column]);
		}
	}
	sb_add(sb, "]}");
}

static void write_components(struct sb *sb, const struct parts *p)
{
	static const char *const NAMES[] = { "name", "path", "kind", "files", "code" };

	sb_add(sb, ",\"components\":{");
	for (int column = 0; column < 5; column++) {
		sb_addf(sb, "%s\"%s\":[", column > 0 ? "]," : "", NAMES[column]);
		for (int c = 0; c < p->n; c++) {
			int files = 0, code = 0;

			for (int i = 0; i < p->nfiles; i++) {
				if (strcmp(component_of(&p->map->files[i]), p->names[c]) != 0)
					continue;
				files++;
				code += p->map->files[i].code;
			}
			sb_add(sb, c > 0 ? "," : "");
			if (column < 2)
				sb_json(sb, p->names[c]);
			else if (column == 2)
				sb_add(sb, "\"folder\"");
			else
				sb_int(sb, column == 3 ? files : code);
		}
	}
	sb_add(sb, "]}");
}

static void write_imports(struct sb *sb, const struct parts *p)
{
	static const char *const NAMES[] = { "from", "to", "line" };

	sb_add(sb, ",\"imports\":{");
	for (int column = 0; column < 3; column++) {
		sb_addf(sb, "%s\"%s\":[", column > 0 ? "]," : "", NAMES[column]);
		for (int i = 0; i < p->nimports; i++)
			sb_addf(sb, "%s%d", i > 0 ? "," : "",
			        column == 0   ? index_of(p->map, p->map->imports[i].from)
			        : column == 1 ? index_of(p->map, p->map->imports[i].to)
			                      : i + 1);
	}
	sb_add(sb, "]},\"component_links\":{");
	for (int column = 0; column < 3; column++) {
		bool first = true;

		sb_addf(sb, "%s\"%s\":[", column > 0 ? "]," : "",
		        column < 2 ? NAMES[column] : "edges");
		for (int i = 0; i < p->nimports; i++) {
			const struct text_map *m = p->map;
			int a = find(p->names, p->n,
			             component_of(&m->files[index_of(m, m->imports[i].from)]));
			int b = find(p->names, p->n,
			             component_of(&m->files[index_of(m, m->imports[i].to)]));

			if (a == b)
				continue;
			sb_addf(sb, "%s%d", first ? "" : ",",
			        column == 0   ? a
			        : column == 1 ? b
			                      : 1);
			first = false;
		}
	}
	sb_add(sb, "]}");
}

struct span map_text(struct ctx *cx, const struct text_map *map)
{
	struct sb sb = sb_new(cx->arena, TEXT_BYTES);
	struct parts p = { .map = map };
	const char *text;

	for (; map->files[p.nfiles].path != NULL; p.nfiles++) {
		const char *name = component_of(&map->files[p.nfiles]);

		if (find(p.names, p.n, name) < 0)
			p.names[p.n++] = name;
	}
	while (map->imports[p.nimports].from != NULL)
		p.nimports++;
	sb_addf(&sb,
	        "{\"meta\":{\"schema\":1,\"analyser\":\"1\",\"commit\":\"%s\",\"ref\":\"main\"},"
	        "\"legend\":{\"roles\":[\"\",\"source\",\"test\"],\"def_kinds\":[\"\",\"function\"]},"
	        "\"languages\":[{\"name\":\"C\",\"files\":%d,\"code\":1}]",
	        map->commit, p.nfiles);
	write_files(&sb, &p);
	write_components(&sb, &p);
	write_imports(&sb, &p);
	if (map->more != NULL)
		sb_add(&sb, quotes(cx, map->more).data);
	sb_addc(&sb, '}');
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return (struct span){ text, sb.len };
}

void map_text_view(struct ctx *cx, const struct text_map *map, struct view *ret)
{
	if (view_read(cx, cx->arena, map_text(cx, map), VIEW_IMPORTS | VIEW_DEFS, ret) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
}
