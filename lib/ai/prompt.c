/* Templates: read, checked, filled.  A file is read each time: calls are rare, and an edit counts at once. */
#include "ai/prompt.h"

#include "base/sb.h"
#include "base/secret.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define VERSION_MAX 1000000

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum err read_file(struct ctx *cx, const char *path, struct span *ret)
{
	CLEANUP(close_file) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = arena_alloc(cx->arena, PROMPT_FILE_MAX + 1);
	size_t n = 0;
	ssize_t got;

	if (fd < 0) {
		err_set(cx, ERR_INTERNAL, "the template %s cannot be read: %s", path,
		        strerror(errno));
		err_fix(cx, "Set prompts_dir to the folder of the templates.");
		return ERR_INTERNAL;
	}
	while ((got = read(fd, bytes + n, PROMPT_FILE_MAX + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0 || n > PROMPT_FILE_MAX)
		return err_set(cx, ERR_INTERNAL, "the template %s passes %zu bytes", path,
		               PROMPT_FILE_MAX);
	*ret = (struct span){ bytes, n };
	return ERR_OK;
}

/* "version: 3" and the end of the line.  @ret bytes of the line; 0: it is not there */
static size_t read_version(const struct span *file, int *ret)
{
	static const char WORD[] = "version: ";
	size_t at = sizeof(WORD) - 1;
	int n = 0;

	if (file->len <= at || memcmp(file->data, WORD, at) != 0)
		return 0;
	for (; at < file->len && file->data[at] >= '0' && file->data[at] <= '9'; at++) {
		n = n * 10 + (file->data[at] - '0');
		if (n > VERSION_MAX)
			return 0;
	}
	if (n == 0 || at == file->len || file->data[at] != '\n')
		return 0;
	*ret = n;
	return at + 1;
}

static const char *value_of(const struct prompt_value *values, size_t n, const char *name,
                            size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(values[i].name) == len && memcmp(values[i].name, name, len) == 0)
			return values[i].text;
	}
	return NULL;
}

static enum err fill(struct ctx *cx, const char *path, struct span text,
                     const struct prompt_value *values, size_t nvalues, struct sb *sb)
{
	int line = 2;
	size_t i = 0;

	while (i < text.len) {
		const char *open = memmem(text.data + i, text.len - i, "{{", 2), *close, *value;
		size_t end = open == NULL ? text.len : (size_t)(open - text.data);

		sb_addn(sb, text.data + i, end - i);
		for (; i < end; i++)
			line += text.data[i] == '\n';
		if (open == NULL)
			break;
		close = memmem(open, text.len - end, "}}", 2);
		value = close == NULL
		                ? NULL
		                : value_of(values, nvalues, open + 2, (size_t)(close - open - 2));
		if (value == NULL)
			return err_set(cx, ERR_INTERNAL,
			               "%s, line %d: %.*s is no value that there is", path, line,
			               close == NULL
			                       ? 2
			                       : (int)(close - open < 60 ? close - open + 2 : 60),
			               open);
		sb_add(sb, value);
		i = (size_t)(close - text.data) + 2;
	}
	return ERR_OK;
}

enum err prompt_fill(struct ctx *cx, const char *name, const struct prompt_value *values,
                     size_t nvalues, struct prompt *ret)
{
	const char *path = arena_printf(cx->arena, "%s/%s.md", cx->app->config->prompts_dir, name);
	struct sb sb = sb_new(cx->arena, PROMPT_TEXT_MAX);
	unsigned char hash[SECRET_HASH_BYTES];
	char hex[SECRET_HEX_MAX];
	struct span file = { 0 };
	const char *text;
	int version;
	size_t head;

	assert(strlen(name) <= PROMPT_NAME_MAX && nvalues <= PROMPT_VALUES_MAX);
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
	TRY(read_file(cx, path, &file));
	head = read_version(&file, &version);
	if (head == 0) {
		err_set(cx, ERR_INTERNAL, "the template %s has no version", path);
		err_fix(cx, "Its first line says it: \"version: 1\".");
		return ERR_INTERNAL;
	}
	secret_hash(file.data, file.len, NULL, 0, hash);
	secret_hex(hash, 4, hex);
	TRY(fill(cx, path, (struct span){ file.data + head, file.len - head }, values, nvalues,
	         &sb));
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct prompt){
		.name = arena_strdup(cx->arena, name),
		.version = arena_printf(cx->arena, "%d-%.8s", version, hex),
		.text = text == NULL ? "" : text,
	};
	return ERR_OK;
}
