/* Dockerfile and Compose files: the images that are built on and run. */
#include "maps/manifest_parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define STAGES_MAX 256
#define ARGS_MAX   64
#define IMAGE_MAX  1024 /* bytes of its name */
#define BASES_MAX  64   /* steps from a stage to the image that it is built on */

struct stage {
	struct span name; /* "" when it has none */
	const char *image;
	uint32_t line;
	bool runs; /* the last stage, or one that it is built on */
};

struct build {
	struct manifest_in *in;
	struct stage stages[STAGES_MAX];
	size_t nstages;
	struct {
		struct span name, value;
	} args[ARGS_MAX];
	size_t nargs;
};

void manifest_image(struct manifest_in *in, const char *image, const char *scope, uint32_t line)
{
	size_t len = strcspn(image, "@");
	const char *slash = memrchr(image, '/', len);
	const char *name = slash != NULL ? slash : image;
	const char *colon = memchr(name, ':', (size_t)(image + len - name));
	const char *stop = colon != NULL ? colon : image + len;

	if (*image == '\0' || strpbrk(image, "$ {<%") != NULL || strcmp(image, "scratch") == 0)
		return;
	manifest_dep_in(in, ECO_DOCKER, arena_strndup(in->scratch, image, (size_t)(stop - image)),
	                *stop != '\0' ? stop + 1 : "", scope, line);
}

static bool same_name(struct span a, const char *b)
{
	return a.len > 0 && a.len == strlen(b) && strncasecmp(a.data, b, a.len) == 0;
}

static struct stage *find_stage(struct build *b, size_t before, const char *name)
{
	for (size_t i = before; i-- > 0;)
		if (same_name(b->stages[i].name, name))
			return &b->stages[i];
	return NULL;
}

/* ${NAME}, $NAME and ${NAME:-default}, by the ARG lines above the first FROM. */
static const char *expand(struct build *b, struct span text)
{
	char *out = arena_alloc(b->in->scratch, IMAGE_MAX + 1);
	const char *p = text.data, *end = text.data + text.len;
	size_t n = 0;

	while (p < end) {
		if (n == IMAGE_MAX)
			return "";
		if (*p != '$') {
			out[n++] = *p++;
			continue;
		}
		bool braces = p + 1 < end && p[1] == '{';
		const char *name = p + 1 + braces, *q = name, *value = NULL;
		size_t len = 0;

		while (q < end && (isalnum((unsigned char)*q) || *q == '_'))
			q++;
		for (size_t i = 0; i < b->nargs; i++)
			if (b->args[i].name.len == (size_t)(q - name) &&
			    memcmp(b->args[i].name.data, name, b->args[i].name.len) == 0) {
				value = b->args[i].value.data;
				len = b->args[i].value.len;
			}
		const char *close = braces ? memchr(q, '}', (size_t)(end - q)) : q;

		if (close == NULL)
			return "";
		if ((value == NULL || len == 0) && close - q > 2 && q[0] == ':' && q[1] == '-') {
			value = q + 2;
			len = (size_t)(close - value);
		}
		if (value == NULL || memchr(value, '$', len) != NULL || len > IMAGE_MAX - n)
			return "";
		memcpy(out + n, value, len);
		n += len;
		p = close + braces;
	}
	out[n] = '\0';
	return out;
}

static struct span without_quotes(struct span s)
{
	if (s.len >= 2 && (*s.data == '"' || *s.data == '\'') && s.data[s.len - 1] == *s.data)
		return (struct span){ s.data + 1, s.len - 2 };
	return s;
}

static void read_arg(struct build *b, struct span rest)
{
	struct span word;
	const char *equals;

	while (span_word(&rest, "", &word) && b->nargs < ARGS_MAX) {
		equals = memchr(word.data, '=', word.len);
		if (equals == NULL)
			continue;
		b->args[b->nargs].name = (struct span){ word.data, (size_t)(equals - word.data) };
		b->args[b->nargs++].value = without_quotes(
			(struct span){ equals + 1, (size_t)(word.data + word.len - equals - 1) });
	}
}

static void read_from(struct build *b, struct span rest, uint32_t line)
{
	struct span word, name = { "", 0 };
	const char *image;

	do {
		if (!span_word(&rest, "", &word))
			return;
	} while (span_starts(word, "--"));
	image = expand(b, without_quotes(word));
	if (span_word(&rest, "", &word) && word.len == 2 && strncasecmp(word.data, "as", 2) == 0)
		span_word(&rest, "", &name);
	if (b->nstages == STAGES_MAX) {
		b->in->out->truncated = true;
		return;
	}
	b->stages[b->nstages++] = (struct stage){ .name = name, .image = image, .line = line };
	if (name.len > 0)
		manifest_item(b->in, ITEM_STAGE, span_text(b->in, name), image, line);
}

/* COPY --from=image: what is no stage and no number is an image. */
static void read_copy(struct build *b, struct span rest, uint32_t line)
{
	struct span word;

	while (span_word(&rest, "", &word) && span_starts(word, "--")) {
		const char *from;

		if (!span_starts(word, "--from="))
			continue;
		from = expand(b, (struct span){ word.data + 7, word.len - 7 });
		if (!isdigit((unsigned char)*from) && find_stage(b, b->nstages, from) == NULL)
			manifest_image(b->in, from, "build", line);
	}
}

/* Stages that the last one is built on run as well; the others only build. */
static void note_stages(struct build *b)
{
	struct stage *s = b->nstages > 0 ? &b->stages[b->nstages - 1] : NULL;

	for (int i = 0; s != NULL && i < BASES_MAX; i++) {
		s->runs = true;
		s = find_stage(b, (size_t)(s - b->stages), s->image);
	}
	for (size_t i = 0; i < b->nstages; i++) {
		s = &b->stages[i];
		if (find_stage(b, i, s->image) == NULL)
			manifest_image(b->in, s->image, s->runs ? "runtime" : "build", s->line);
	}
}

void manifest_dockerfile(struct manifest_in *in)
{
	struct build *b = arena_alloc(in->scratch, sizeof(*b));
	struct lines lines = lines_of(in->text);

	b->in = in;
	while (lines_next(&lines)) {
		struct span rest = span_trim(lines.line), verb;

		if (rest.len == 0 || *rest.data == '#' || !span_word(&rest, "", &verb))
			continue;
		if (verb.len == 4 && strncasecmp(verb.data, "FROM", 4) == 0)
			read_from(b, rest, lines.number);
		else if (verb.len == 3 && strncasecmp(verb.data, "ARG", 3) == 0 && b->nstages == 0)
			read_arg(b, rest);
		else if (verb.len == 4 && strncasecmp(verb.data, "COPY", 4) == 0)
			read_copy(b, rest, lines.number);
	}
	note_stages(b);
}

/* build: folder, or its parts */
static void compose_build(struct manifest_in *in, const struct doc *build)
{
	const struct doc *context = build->type == DOC_OBJECT ? doc_get(build, "context") : build;
	const char *folder = context != NULL ? doc_text(context) : ".";
	const char *file = doc_member(build, "dockerfile");

	if (strpbrk(folder, "$:") != NULL || strchr(file, '$') != NULL || *folder == '/')
		return;
	if (*file == '\0')
		file = "Dockerfile";
	manifest_item(in, ITEM_LOCAL, "build", arena_printf(in->scratch, "%s/%s", folder, file),
	              build->line);
}

void manifest_compose(struct manifest_in *in)
{
	const struct doc *root = doc_yaml(in->scratch, in->text);
	const struct doc *services = doc_get(root, "services");

	manifest_name(in, doc_member(root, "name"));
	for (const struct doc *s = services != NULL ? services->child : NULL; s != NULL;
	     s = s->next) {
		const struct doc *image = doc_get(s, "image"), *build = doc_get(s, "build");

		if (build != NULL)
			compose_build(in, build);
		else if (image != NULL)
			manifest_image(in, doc_text(image), "service", image->line);
	}
}
