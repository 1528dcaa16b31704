#include "git_repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX ((size_t)16 << 20)
#define COMMON                                                                                     \
	"HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C git -C '%s'" \
	" -c core.quotePath=false -c protocol.file.allow=always"

void git_repo_new(struct ctx *cx, struct git_repo *ret)
{
	*ret = (struct git_repo){ .cx = cx };
	snprintf(ret->path, sizeof(ret->path), "/tmp/history.XXXXXX");
	assert_non_null(mkdtemp(ret->path));
	git_repo_run(ret, "init -q --bare -b main");
}

void git_repo_end(struct git_repo *repo)
{
	char command[128];

	scan_close(repo->scan);
	snprintf(command, sizeof(command), "rm -rf '%s'", repo->path);
	assert_int_equal(system(command), 0);
}

const char *git_repo_run(struct git_repo *repo, const char *arguments, ...)
{
	struct sb sb = sb_new(repo->cx->arena, OUTPUT_MAX);
	char buffer[4096];
	va_list ap;
	size_t n;
	FILE *f;

	sb_addf(&sb, COMMON " ", repo->path);
	va_start(ap, arguments);
	sb_add(&sb, arena_vprintf(repo->cx->arena, arguments, ap));
	va_end(ap);
	f = popen(sb.data, "re");
	assert_non_null(f);
	sb_truncate(&sb, 0);
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
		sb_addn(&sb, buffer, n);
	assert_int_equal(pclose(f), 0);
	sb_addc(&sb, '\0');
	return arena_strdup(repo->cx->arena, sb.data);
}

void git_repo_import(struct git_repo *repo, const struct sb *stream)
{
	char command[512];
	FILE *f;

	snprintf(command, sizeof(command), COMMON " fast-import --quiet --force", repo->path);
	f = popen(command, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(stream->data, 1, stream->len, f), stream->len);
	assert_int_equal(pclose(f), 0);
}

void git_repo_data(struct sb *stream, const char *text)
{
	sb_addf(stream, "data %zu\n%s\n", strlen(text), text);
}

void git_repo_history(struct git_repo *repo, const char *revision,
                      const struct history_limits *limits, struct history *ret)
{
	struct ctx *cx = repo->cx;
	const struct scan_limits scan_limits = { 1 << 20, 100000, 100 };
	struct history_in in = { .tree = &repo->tree, .structure = &repo->structure };
	char *commit = arena_strdup(cx->arena, git_repo_run(repo, "rev-parse %s", revision));

	commit[strcspn(commit, "\n")] = '\0';
	in.commit = commit;
	if (limits != NULL)
		in.limits = *limits;
	scan_close(repo->scan);
	assert_int_equal(scan_open(cx, repo->path, &repo->scan), ERR_OK);
	assert_int_equal(scan_tree(cx, repo->scan, commit, &scan_limits, NULL, &repo->tree),
	                 ERR_OK);
	for (size_t i = 0; i < repo->tree.nfiles; i++) {
		repo->tree.files[i].role = FILE_SOURCE;
		repo->tree.files[i].facts.code = 1;
	}
	repo->structure = (struct structure){
		.ncomponents = 1,
		.file_component = arena_array(cx->arena, repo->tree.nfiles, sizeof(uint32_t)),
	};
	if (history_read(cx, repo->scan, &in, ret) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
}

uint32_t git_repo_file(const struct git_repo *repo, const char *path)
{
	for (uint32_t i = 0; i < repo->tree.nfiles; i++)
		if (strcmp(repo->tree.files[i].path.data, path) == 0)
			return i;
	fail_msg("there is no %s", path);
	return 0;
}
