/*
 * YAML through libyaml's events: they expand no alias and call no constructor, so
 * a document takes no more than its text.  Deeper nesting than DOC_DEPTH_MAX ends
 * the reading, which also bounds what the library looks at for each token.
 */
#include "maps/doc.h"

#include <string.h>
#include <yaml.h>

struct builder {
	struct doc_reader *r;
	struct doc *stack[DOC_DEPTH_MAX];
	const char *keys[DOC_DEPTH_MAX]; /* waiting for a value; NULL: the next scalar is a key */
	size_t depth;
};

/* Where the next node goes.  @ret NULL when there is no place for it */
static struct doc *add(struct builder *b, enum doc_type type, uint32_t line)
{
	struct doc *in = b->stack[b->depth - 1], *made;
	const char *key = in->type == DOC_OBJECT ? b->keys[b->depth - 1] : "";

	b->r->line = line;
	made = doc_add(b->r, in, key != NULL ? key : "", type);
	b->keys[b->depth - 1] = NULL;
	return made;
}

static bool scalar(struct builder *b, const yaml_event_t *event, uint32_t line)
{
	const char *value = (const char *)event->data.scalar.value;
	const char *text = arena_strndup(b->r->arena, value, event->data.scalar.length);
	const struct doc *in = b->stack[b->depth - 1];
	struct doc *made;

	if (in->type == DOC_OBJECT && b->keys[b->depth - 1] == NULL) {
		b->keys[b->depth - 1] = text;
		return true;
	}
	made = add(b, DOC_STRING, line);
	if (made != NULL)
		made->text = text;
	return made != NULL;
}

static bool open_node(struct builder *b, enum doc_type type, uint32_t line)
{
	struct doc *in = b->stack[b->depth - 1], *made;

	if (b->depth == DOC_DEPTH_MAX)
		return false;
	if (in->type == DOC_OBJECT && b->keys[b->depth - 1] == NULL)
		return false; /* a key that is no text */
	made = add(b, type, line);
	if (made == NULL)
		return false;
	b->keys[b->depth] = NULL;
	b->stack[b->depth++] = made;
	return true;
}

/* @ret whether to go on */
static bool take(struct builder *b, const yaml_event_t *event)
{
	uint32_t line = (uint32_t)event->start_mark.line + 1;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return scalar(b, event, line);
	case YAML_ALIAS_EVENT:
		if (b->stack[b->depth - 1]->type == DOC_OBJECT && b->keys[b->depth - 1] == NULL)
			return false;
		return add(b, DOC_NULL, line) != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return open_node(b, DOC_ARRAY, line);
	case YAML_MAPPING_START_EVENT:
		return open_node(b, DOC_OBJECT, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return b->depth > 0;
	default:
		return event->type != YAML_STREAM_END_EVENT;
	}
}

const struct doc *doc_yaml(struct arena *arena, struct span text)
{
	struct doc_reader r = doc_reader_new(arena, text);
	struct builder b = { .r = &r };
	struct doc *root = doc_add(&r, NULL, "", DOC_ARRAY);
	yaml_parser_t parser;
	bool more = true;

	if (r.p < r.end && yaml_parser_initialize(&parser)) {
		yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&parser, (const unsigned char *)r.p,
		                             (size_t)(r.end - r.p));
		b.stack[b.depth++] = root;
		while (more) {
			yaml_event_t event;

			if (!yaml_parser_parse(&parser, &event))
				break;
			more = take(&b, &event);
			yaml_event_delete(&event);
		}
		yaml_parser_delete(&parser);
	}
	/* The first document is the tree; those behind it are read as its siblings. */
	return root->child != NULL ? root->child : doc_add(&r, NULL, "", DOC_OBJECT);
}
