/* GitHub Actions and GitLab CI: the actions, templates and images that a build runs on. */
#include "maps/manifest_parse.h"

#include <string.h>

/* uses: owner/name[/path]@ref, or "./path" of this repository. */
static void use(struct manifest_in *in, const struct doc *uses)
{
	const char *text = doc_text(uses), *at = strrchr(text, '@');

	if (strncmp(text, "docker://", 9) == 0)
		manifest_image(in, text + 9, "ci", uses->line);
	else if (strncmp(text, "./", 2) == 0 && strchr(text, '$') == NULL)
		manifest_item(in, ITEM_LOCAL, "uses", text, uses->line);
	else if (at != NULL && *text != '.' && strchr(text, '/') != NULL &&
	         strchr(text, '$') == NULL)
		manifest_dep_in(in, ECO_ACTIONS,
		                arena_strndup(in->scratch, text, (size_t)(at - text)), at + 1, "ci",
		                uses->line);
}

static void steps(struct manifest_in *in, const struct doc *list)
{
	for (const struct doc *s = list != NULL ? list->child : NULL; s != NULL; s = s->next)
		if (doc_get(s, "uses") != NULL)
			use(in, doc_get(s, "uses"));
}

/* An image, as text or as an object with a member that is one. */
static void image(struct manifest_in *in, const struct doc *at, const char *member)
{
	if (at != NULL && at->type == DOC_OBJECT)
		at = doc_get(at, member);
	if (at != NULL)
		manifest_image(in, doc_text(at), "ci", at->line);
}

static void images(struct manifest_in *in, const struct doc *list, const char *member)
{
	for (const struct doc *d = list != NULL ? list->child : NULL; d != NULL; d = d->next)
		image(in, d, member);
}

/* Workflows and action.yml. */
void manifest_actions(struct manifest_in *in)
{
	const struct doc *root = doc_yaml(in->scratch, in->text);
	const struct doc *jobs = doc_get(root, "jobs"), *runs = doc_get(root, "runs");

	manifest_name(in, doc_member(root, "name"));
	for (const struct doc *job = jobs != NULL ? jobs->child : NULL; job != NULL;
	     job = job->next) {
		if (doc_get(job, "uses") != NULL)
			use(in, doc_get(job, "uses"));
		image(in, doc_get(job, "container"), "image");
		images(in, doc_get(job, "services"), "image");
		steps(in, doc_get(job, "steps"));
	}
	steps(in, doc_get(runs, "steps"));
	if (strncmp(doc_member(runs, "image"), "docker://", 9) == 0)
		manifest_image(in, doc_member(runs, "image") + 9, "ci",
		               doc_get(runs, "image")->line);
}

/* One entry of include: a file of this repository, or of another project. */
static void include(struct manifest_in *in, const struct doc *d)
{
	static const char *const FOREIGN[] = { "project", "remote", "template", "component" };

	const struct doc *here = d->type == DOC_STRING ? d : doc_get(d, "local");
	const char *path = doc_text(here);

	if (d->type == DOC_STRING && strstr(path, "://") != NULL)
		manifest_dep_in(in, ECO_GITLAB, path, "", "ci", d->line);
	else if (*path != '\0' && strpbrk(path, "*$") == NULL)
		manifest_item(in, ITEM_LOCAL, "include", path, here->line);
	for (size_t i = 0; i < COUNT(FOREIGN); i++) {
		const struct doc *at = doc_get(d, FOREIGN[i]);
		const char *text = doc_text(at), *mark = strrchr(text, '@');
		bool component = i == COUNT(FOREIGN) - 1 && mark != NULL;

		if (*text != '\0')
			manifest_dep_in(
				in, ECO_GITLAB,
				component ? arena_strndup(in->scratch, text, (size_t)(mark - text))
					  : text,
				component ? mark + 1 : doc_member(d, "ref"), "ci", at->line);
	}
}

void manifest_gitlab_ci(struct manifest_in *in)
{
	const struct doc *root = doc_yaml(in->scratch, in->text);
	const struct doc *list = doc_get(root, "include");

	if (list != NULL && list->type == DOC_ARRAY)
		for (const struct doc *d = list->child; d != NULL; d = d->next)
			include(in, d);
	else if (list != NULL)
		include(in, list);
	image(in, doc_get(root, "image"), "name");
	images(in, doc_get(root, "services"), "name");
	for (const struct doc *job = root->child; job != NULL; job = job->next) {
		if (job->type != DOC_OBJECT || strcmp(job->key, "include") == 0)
			continue;
		if (strcmp(job->key, "image") != 0)
			image(in, doc_get(job, "image"), "name");
		images(in, doc_get(job, "services"), "name");
	}
}
