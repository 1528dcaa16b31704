/* Bundle: written with as many calls as there are lines, read without copying. */
#include "maps/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "portolan-bundle 1\n"
#define END    "end"

/* Of a number of bytes: more than any part has, and no overflow. */
#define DIGITS_MAX 15
#define LINE_MAX   (BUNDLE_NAME_MAX + DIGITS_MAX + 3)

static bool is_name(struct span name)
{
	if (name.len == 0 || name.len > BUNDLE_NAME_MAX || name.data[0] < 'a' || name.data[0] > 'z')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return !(name.len == sizeof(END) - 1 && memcmp(name.data, END, name.len) == 0);
}

static const struct span *find(const struct bundle *bundle, struct span name)
{
	for (size_t i = 0; i < bundle->nparts; i++) {
		const struct bundle_part *part = &bundle->parts[i];

		if (strlen(part->name) == name.len && memcmp(part->name, name.data, name.len) == 0)
			return &part->data;
	}
	return NULL;
}

const struct span *bundle_find(const struct bundle *bundle, const char *name)
{
	return find(bundle, (struct span){ name, strlen(name) });
}

static bool add(struct bundle *bundle, struct span name, struct span data)
{
	struct bundle_part *part;

	if (bundle->nparts == BUNDLE_PARTS_MAX || !is_name(name) || find(bundle, name) != NULL)
		return false;
	part = &bundle->parts[bundle->nparts++];
	memcpy(part->name, name.data, name.len);
	part->name[name.len] = '\0';
	part->data = data;
	return true;
}

/* --- Writing --- */

static bool send_bytes(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_header(int fd)
{
	return send_bytes(fd, HEADER, sizeof(HEADER) - 1);
}

static bool send_part(int fd, const char *name, struct span data)
{
	char line[LINE_MAX + 1];
	int n = snprintf(line, sizeof(line), "%s %zu\n", name, data.len);

	return send_bytes(fd, line, (size_t)n) && send_bytes(fd, data.data, data.len) &&
	       send_bytes(fd, "\n", 1);
}

static bool send_end(int fd, size_t nparts)
{
	char line[LINE_MAX + 1];
	int n = snprintf(line, sizeof(line), END " %zu\n", nparts);

	return send_bytes(fd, line, (size_t)n);
}

struct bundle bundle_to(int fd)
{
	return (struct bundle){ .sends = true, .fd = fd };
}

void bundle_add(struct bundle *bundle, const char *name, struct span data)
{
	const struct span sent = { 0 };
	bool first = bundle->nparts == 0;

	if (!add(bundle, (struct span){ name, strlen(name) }, bundle->sends ? sent : data))
		abort();
	if (bundle->sends)
		bundle->failed |=
			(first && !send_header(bundle->fd)) || !send_part(bundle->fd, name, data);
}

bool bundle_end(struct bundle *bundle)
{
	return !bundle->failed && (bundle->nparts > 0 || send_header(bundle->fd)) &&
	       send_end(bundle->fd, bundle->nparts);
}

bool bundle_send(const struct bundle *bundle, int fd)
{
	if (!send_header(fd))
		return false;
	for (size_t i = 0; i < bundle->nparts; i++)
		if (!send_part(fd, bundle->parts[i].name, bundle->parts[i].data))
			return false;
	return send_end(fd, bundle->nparts);
}

/* --- Reading --- */

static enum err refuse(struct ctx *cx, const char *why, struct span whole, struct span rest)
{
	err_set(cx, ERR_INVALID, "the analyser gave an answer that is none");
	err_cause(cx, "bundle: %s, at byte %zu", why, whole.len - rest.len);
	return ERR_INVALID;
}

/* Take "name number\n" from the front. */
static bool take_line(struct span *rest, struct span *ret_name, size_t *ret_number)
{
	const char *feed = memchr(rest->data, '\n', rest->len < LINE_MAX ? rest->len : LINE_MAX);
	const char *space, *p;
	size_t number = 0;

	if (feed == NULL)
		return false;
	space = memchr(rest->data, ' ', (size_t)(feed - rest->data));
	if (space == NULL || feed == space + 1 || feed - space > DIGITS_MAX + 1 ||
	    (space[1] == '0' && feed != space + 2))
		return false;
	for (p = space + 1; p < feed; p++) {
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (size_t)(*p - '0');
	}
	*ret_name = (struct span){ rest->data, (size_t)(space - rest->data) };
	*ret_number = number;
	rest->len -= (size_t)(feed + 1 - rest->data);
	rest->data = feed + 1;
	return true;
}

enum err bundle_read(struct ctx *cx, struct span text, struct bundle *ret)
{
	struct span rest = text, name;
	size_t n;

	*ret = (struct bundle){ 0 };
	if (rest.len < sizeof(HEADER) - 1 || memcmp(rest.data, HEADER, sizeof(HEADER) - 1) != 0)
		return refuse(cx, "no header of version 1", text, rest);
	rest.data += sizeof(HEADER) - 1;
	rest.len -= sizeof(HEADER) - 1;
	for (;;) {
		if (!take_line(&rest, &name, &n))
			return refuse(cx, "no line of a part", text, rest);
		if (name.len == sizeof(END) - 1 && memcmp(name.data, END, name.len) == 0)
			break;
		if (n >= rest.len || rest.data[n] != '\n')
			return refuse(cx, "a part does not end where it says", text, rest);
		if (!add(ret, name, (struct span){ rest.data, n }))
			return refuse(cx, "a name that is none or twice", text, rest);
		rest.data += n + 1;
		rest.len -= n + 1;
	}
	if (n != ret->nparts || rest.len != 0)
		return refuse(cx, "it does not end with its last line", text, rest);
	return ERR_OK;
}
