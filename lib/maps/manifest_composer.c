/* PHP's composer.json: packages, where classes are loaded from, commands, packages beside it. */
#include "maps/manifest_parse.h"

#include <string.h>

static void packages(struct manifest_in *in, const struct doc *group, const char *scope)
{
	for (const struct doc *d = group != NULL ? group->child : NULL; d != NULL; d = d->next)
		if (strchr(d->key, '/') != NULL) /* not "php", "ext-json": the platform */
			manifest_dep(in, d->key, doc_text(d), scope, d->line);
}

/* A value that is one text or a list of them. */
static void texts(struct manifest_in *in, enum item_kind kind, const char *key,
                  const struct doc *value)
{
	if (value == NULL)
		return;
	if (value->type == DOC_STRING)
		manifest_item(in, kind, key, value->text, value->line);
	for (const struct doc *d = value->child; d != NULL; d = d->next)
		if (d->type == DOC_STRING)
			manifest_item(in, kind, key, d->text, d->line);
}

static void autoload(struct manifest_in *in, const struct doc *at)
{
	const struct doc *psr4 = doc_get(at, "psr-4"), *psr0 = doc_get(at, "psr-0");

	for (const struct doc *d = psr4 != NULL ? psr4->child : NULL; d != NULL; d = d->next)
		texts(in, ITEM_AUTOLOAD_PSR4, d->key, d);
	for (const struct doc *d = psr0 != NULL ? psr0->child : NULL; d != NULL; d = d->next)
		texts(in, ITEM_AUTOLOAD_PSR0, d->key, d);
	texts(in, ITEM_AUTOLOAD, "", doc_get(at, "classmap"));
	texts(in, ITEM_AUTOLOAD, "", doc_get(at, "files"));
}

void manifest_composer(struct manifest_in *in)
{
	const struct doc *root = doc_json(in->scratch, in->text);
	const struct doc *bin = doc_get(root, "bin");
	const struct doc *sources = doc_get(root, "repositories");

	manifest_name(in, doc_member(root, "name"));
	manifest_licence(in, doc_get(root, "license"));
	packages(in, doc_get(root, "require"), "runtime");
	packages(in, doc_get(root, "require-dev"), "dev");
	autoload(in, doc_get(root, "autoload"));
	autoload(in, doc_get(root, "autoload-dev"));
	if (bin != NULL && bin->type == DOC_STRING)
		manifest_item(in, ITEM_ENTRY, bin->text, bin->text, bin->line);
	for (const struct doc *d = bin != NULL ? bin->child : NULL; d != NULL; d = d->next)
		manifest_item(in, ITEM_ENTRY, doc_text(d), doc_text(d), d->line);
	for (const struct doc *d = sources != NULL ? sources->child : NULL; d != NULL; d = d->next)
		if (strcmp(doc_member(d, "type"), "path") == 0)
			manifest_item(in, ITEM_WORKSPACE, "", doc_member(d, "url"), d->line);
}
