/* Content: what pictures show of it, without a look at its text. */
#include "maps/content_parts.h"

#include "base/utf8.h"

#include <string.h>

/* As a text comes back from JSON: bytes that are no UTF-8 become U+FFFD, one each. */
static struct span read_back(struct arena *arena, const char *text)
{
	size_t n = strlen(text), good = utf8_valid(text, n);
	struct sb sb;

	if (good == n)
		return (struct span){ text, n };
	sb = sb_new(arena, n * 3);
	for (size_t at = 0; at < n; at += good) {
		good = utf8_valid(text + at, n - at);
		sb_addn(&sb, text + at, good);
		if (good == 0) {
			sb_add(&sb, "\xEF\xBF\xBD");
			good = 1;
		}
	}
	return (struct span){ sb.data, sb.len };
}

static int32_t read_back_number(uint64_t n)
{
	return n < INT32_MAX ? (int32_t)n : INT32_MAX;
}

static void view_names(struct content *c, struct view *v)
{
	struct span *roles = arena_array(c->arena, FILE_CONFIG + 1, sizeof(*roles));
	struct view_languages *l = &v->languages;

	v->roles = roles;
	roles[v->nroles++] = (struct span){ "", 0 };
	while (v->nroles <= FILE_CONFIG) {
		const char *name = lang_role_name((enum role_of_file)v->nroles);

		roles[v->nroles++] = (struct span){ name, strlen(name) };
	}
	l->n = c->nlanguages;
	l->name = arena_array(c->arena, l->n, sizeof(*l->name));
	l->files = arena_array(c->arena, l->n, sizeof(*l->files));
	l->code = arena_array(c->arena, l->n, sizeof(*l->code));
	for (size_t i = 0; i < l->n; i++) {
		l->name[i] = read_back(c->arena, lang_name(c->languages[i].lang));
		l->files[i] = read_back_number(c->languages[i].files);
		l->code[i] = read_back_number(c->languages[i].code);
	}
}

static void view_files(struct content *c, struct view *v)
{
	struct view_files *f = &v->files;
	size_t n = c->in->tree->nfiles;

	*f = (struct view_files){
		.n = n,
		.path = arena_array(c->arena, n, sizeof(*f->path)),
		.lang = arena_array(c->arena, n, sizeof(*f->lang)),
		.role = arena_array(c->arena, n, sizeof(*f->role)),
		.code = arena_array(c->arena, n, sizeof(*f->code)),
		.component = arena_array(c->arena, n, sizeof(*f->component)),
	};
	v->graph.n = n;
	v->graph.fan_in = arena_array(c->arena, n, sizeof(*v->graph.fan_in));
	for (size_t i = 0; i < n; i++) {
		const struct map_file *file = &c->in->tree->files[i];

		f->path[i] = c->shown[i] == file->path.data
		                     ? file->path
		                     : (struct span){ c->shown[i], strlen(c->shown[i]) };
		f->lang[i] = c->lang_index[file->facts.lang];
		f->role[i] = (int32_t)file->role;
		f->code[i] = read_back_number(file->facts.code);
		f->component[i] = (int32_t)c->in->structure->file_component[i];
		v->graph.fan_in[i] = (int32_t)c->in->graph->fan_in[i];
	}
}

static void view_components(struct content *c, struct view *v)
{
	const struct structure *s = c->in->structure;
	struct view_components *k = &v->components;
	size_t n = s->ncomponents;

	*k = (struct view_components){
		.n = n,
		.name = arena_array(c->arena, n, sizeof(*k->name)),
		.path = arena_array(c->arena, n, sizeof(*k->path)),
		.kind = arena_array(c->arena, n, sizeof(*k->kind)),
		.reason = arena_array(c->arena, n, sizeof(*k->reason)),
		.files = arena_array(c->arena, n, sizeof(*k->files)),
		.code = arena_array(c->arena, n, sizeof(*k->code)),
	};
	for (size_t i = 0; i < n; i++) {
		const struct structure_component *from = &s->components[i];

		k->name[i] = read_back(c->arena, from->name);
		k->path[i] = read_back(c->arena, content_shown(c, from->path));
		k->kind[i] = read_back(c->arena, from->kind);
		k->reason[i] = read_back(c->arena, from->reason);
		k->files[i] = read_back_number(from->files);
		k->code[i] = read_back_number(from->code);
	}
}

static void view_imports(struct content *c, struct view *v)
{
	const struct resolve_edge *edges = c->in->resolved->edges;
	struct view_imports *to = &v->imports;
	size_t n = c->in->resolved->nedges;

	to->n = n;
	to->from = arena_array(c->arena, n, sizeof(*to->from));
	to->to = arena_array(c->arena, n, sizeof(*to->to));
	for (size_t i = 0; i < n; i++) {
		to->from[i] = (int32_t)edges[i].from;
		to->to[i] = (int32_t)edges[i].to;
	}
}

void content_view(struct ctx *cx, struct arena *arena, const struct content_in *in,
                  struct view *ret)
{
	struct content *c = arena_alloc(arena, sizeof(*c));
	struct content_counts counts = { 0 };

	content_begin(c, cx, arena, in, &counts);
	content_show_paths(c);
	*ret = (struct view){
		.commit = read_back(arena, in->commit),
		.analyser = read_back(arena, in->analyser),
	};
	if (in->ref != NULL)
		ret->ref = read_back(arena, in->ref);
	view_names(c, ret);
	view_files(c, ret);
	view_components(c, ret);
	view_imports(c, ret);
}
