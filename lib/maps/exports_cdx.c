/* Exports: CycloneDX 1.5 of the packages that manifests name. */
#include "maps/exports.h"

#include "maps/view_json.h"

#include <string.h>

static bool same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* How ecosystems are called in package URLs; what has none is "generic". */
static const char *purl_type(struct span ecosystem)
{
	static const struct {
		const char *ecosystem, *type;
	} TYPES[] = {
		{ "npm", "npm" },
		{ "pypi", "pypi" },
		{ "go", "golang" },
		{ "cargo", "cargo" },
		{ "maven", "maven" },
		{ "rubygems", "gem" },
		{ "packagist", "composer" },
		{ "nuget", "nuget" },
		{ "docker", "docker" },
		{ "github_actions", "github" },
	};

	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (view_json_is(ecosystem, TYPES[i].ecosystem))
			return TYPES[i].type;
	return "generic";
}

/* @ret a version, where the text is one and no range: what a lock file says, or "==1.2", "=1.2" */
static struct span exact_version(struct span ecosystem, struct span spec)
{
	size_t skip = 0;

	while (skip < spec.len && skip < 3 && spec.data[skip] == '=')
		skip++;
	/* Cargo reads a bare number as a range, npm and Go as that version. */
	if (skip == 0 && (view_json_is(ecosystem, "cargo") || view_json_is(ecosystem, "pypi")))
		return (struct span){ "", 0 };
	spec = (struct span){ spec.data + skip, spec.len - skip };
	if (skip == 0 && spec.len > 1 && spec.data[0] == 'v')
		skip = 1;
	else
		skip = 0;
	if (spec.len <= skip || spec.data[skip] < '0' || spec.data[skip] > '9')
		return (struct span){ "", 0 };
	for (size_t i = skip; i < spec.len; i++) {
		char c = spec.data[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    strchr(".-+_", c) == NULL)
			return (struct span){ "", 0 };
	}
	/* "1.x" is a range as well. */
	return memchr(spec.data, 'x', spec.len) != NULL || memchr(spec.data, 'X', spec.len) != NULL
	               ? (struct span){ "", 0 }
	               : spec;
}

static void percent(struct sb *sb, struct span text, const char *also)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c != '\0' && strchr(".-_~", c) != NULL) ||
		    (c != '\0' && strchr(also, c) != NULL))
			sb_addc(sb, (char)c);
		else
			sb_addf(sb, "%%%02X", c);
	}
}

/* pkg:type/namespace/name@version; Maven's group and artifact are the two. */
static const char *purl(struct arena *arena, const struct view *v, size_t i, struct span version)
{
	const char *type = purl_type(v->externals.ecosystem[i]);
	struct span name = v->externals.name[i];
	const char *colon = strcmp(type, "maven") == 0 ? memchr(name.data, ':', name.len) : NULL;
	struct sb sb = sb_new(arena, 3 * (name.len + version.len) + 64);

	sb_addf(&sb, "pkg:%s/", type);
	if (colon != NULL) {
		size_t group = (size_t)(colon - name.data);

		percent(&sb, (struct span){ name.data, group }, "");
		sb_addc(&sb, '/');
		percent(&sb, (struct span){ colon + 1, name.len - group - 1 }, "");
	} else {
		percent(&sb, name, "/");
	}
	if (version.len > 0) {
		sb_addc(&sb, '@');
		percent(&sb, version, "");
	}
	return sb.data != NULL ? sb.data : "";
}

static void write_property(struct sb *sb, bool *first, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	sb_addf(sb, "%s{\"name\":\"portolan:%s\",\"value\":", *first ? "" : ",", name);
	sb_jsonn(sb, value.data, value.len);
	sb_addc(sb, '}');
	*first = false;
}

/* One package: rows `first` to `end` of the externals name it. */
static void write_component(struct sb *sb, struct arena *arena, const struct view *v, size_t first,
                            size_t end)
{
	const struct view_externals *e = &v->externals;
	struct span version = exact_version(e->ecosystem[first], e->spec[first]);
	int64_t used = 0;
	bool none = true, required = false;

	for (size_t i = first; i < end; i++) {
		used += e->used_by[i];
		required |= !view_json_is(e->scope[i], "dev") &&
		            !view_json_is(e->scope[i], "test") &&
		            !view_json_is(e->scope[i], "optional") &&
		            !view_json_is(e->scope[i], "peer");
	}
	sb_addf(sb, "{\"type\":\"library\",\"bom-ref\":\"p%zu\",\"name\":", first);
	sb_jsonn(sb, e->name[first].data, e->name[first].len);
	if (version.len > 0) {
		sb_add(sb, ",\"version\":");
		sb_jsonn(sb, version.data, version.len);
	}
	sb_addf(sb, ",\"scope\":\"%s\",\"purl\":", required ? "required" : "optional");
	sb_json(sb, purl(arena, v, first, version));
	sb_add(sb, ",\"evidence\":{\"occurrences\":[");
	for (size_t i = first; i < end; i++) {
		struct span path = v->files.path[e->manifest[i]];

		sb_add(sb, i > first ? ",{\"location\":" : "{\"location\":");
		sb_json(sb, arena_printf(arena, "%.*s:%d", (int)path.len, path.data, e->line[i]));
		sb_addc(sb, '}');
	}
	sb_add(sb, "]},\"properties\":[");
	write_property(sb, &none, "ecosystem", e->ecosystem[first]);
	for (size_t i = first; i < end; i++)
		write_property(sb, &none, "spec", e->spec[i]);
	sb_addf(sb, "%s{\"name\":\"portolan:used_by\",\"value\":\"%lld\"}]}", none ? "" : ",",
	        (long long)used);
}

/* A UUID's form, made of the commit: version 8, "of one's own making" (RFC 9562). */
static void write_serial(struct sb *sb, struct span commit)
{
	const char *c = commit.data;

	if (commit.len < 40)
		return;
	sb_addf(sb, "\"serialNumber\":\"urn:uuid:%.8s-%.4s-8%.3s-a%.3s-%.12s\",", c, c + 8, c + 12,
	        c + 15, c + 18);
}

enum err export_cyclonedx(struct ctx *cx, struct arena *arena, const struct view *v,
                          const char *project, struct span *ret)
{
	struct sb sb = sb_new(arena, EXPORT_CDX_MAX);
	const struct view_externals *e = &v->externals;
	const char *text;

	sb_add(&sb, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",");
	write_serial(&sb, v->commit);
	sb_add(&sb,
	       "\"version\":1,\"metadata\":{\"tools\":{\"components\":[{\"type\":\"application\","
	       "\"name\":\"portolan\",\"version\":");
	sb_jsonn(&sb, v->analyser.data, v->analyser.len);
	sb_add(&sb,
	       "}]},\"component\":{\"type\":\"application\",\"bom-ref\":\"project\",\"name\":");
	sb_json(&sb, project);
	sb_add(&sb, ",\"version\":");
	sb_jsonn(&sb, v->commit.data, v->commit.len);
	sb_add(&sb, "}},\"components\":[");
	for (size_t i = 0, end; i < e->n && !sb.failed; i = end) {
		for (end = i + 1; end < e->n && same(e->ecosystem[end], e->ecosystem[i]) &&
		                  same(e->name[end], e->name[i]);)
			end++;
		if (i > 0)
			sb_addc(&sb, ',');
		write_component(&sb, arena, v, i, end);
	}
	sb_add(&sb, "]}");
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}
