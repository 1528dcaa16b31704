/* The client of pdftotext's broker, and what its answers mean. */
#include "maps/pdf.h"

#include "base/sb.h"
#include "base/schema.h"
#include "base/utf8.h"
#include "config/config.h"
#include "maps/broker.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/pdftotext"

#define REQUEST_MAX ((size_t)300 << 20) /* above the largest pdf_max_bytes */
#define PIECE_BYTES 65536

static const struct field LIMITS_FIELDS[] = {
	F_INT(struct pdf_limits, max_bytes, .required = true, .min = 0, .max = INT32_MAX),
	F_INT(struct pdf_limits, max_pages, .required = true, .min = 1, .max = INT32_MAX),
	F_INT(struct pdf_limits, timeout_s, .required = true, .min = 1, .max = 86400),
	F_INT(struct pdf_limits, memory_bytes, .required = true),
};
const struct schema pdf_limits_schema = SCHEMA(struct pdf_limits, "PdfLimits", LIMITS_FIELDS);

struct pdf {
	int fd;
	size_t max_bytes;
	bool gone; /* the broker answers no more */
};

bool pdf_is_path(struct span path)
{
	return path.len > 4 && strncasecmp(path.data + path.len - 4, ".pdf", 4) == 0;
}

void pdf_limits_of(const struct ctx *cx, struct pdf_limits *ret)
{
	const struct config *config = cx->app->config;

	*ret = (struct pdf_limits){
		.max_bytes = config->pdf_max_bytes,
		.max_pages = config->pdf_max_pages,
		.timeout_s = config->pdf_timeout_s,
		.memory_bytes = WITH_ASAN ? 0 : config->pdf_memory_bytes,
	};
}

enum err pdf_start(struct ctx *cx, const struct pdf_limits *limits, struct pdf **ret)
{
	pid_t pid;
	int fd;

	*ret = NULL;
	if (access(PROGRAM, X_OK) != 0)
		return ERR_OK;
	fd = broker_fork(&pid);
	if (fd < 0)
		return err_set(cx, ERR_INTERNAL, "cannot start the reader of PDFs");
	if (pid == 0)
		pdf_broker(fd, limits);
	*ret = arena_alloc(cx->arena, sizeof(**ret));
	**ret = (struct pdf){ .fd = fd, .max_bytes = (size_t)limits->max_bytes };
	return ERR_OK;
}

/* What was printed may hold anything: what is no text becomes a blank. */
static struct span clean(struct arena *arena, char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' && strchr("\n\t\f", text[i]) == NULL)
			text[i] = ' ';
	for (size_t at = 0; (at += utf8_valid(text + at, n - at)) < n;)
		text[at++] = ' ';
	n -= n > 0 && text[n - 1] == '\f'; /* each page ends with one */
	return (struct span){ arena_strndup(arena, text, n), n };
}

enum pdf_result pdf_read(struct pdf *pdf, struct arena *arena, struct span bytes, struct span *ret)
{
	struct pdf_answer answer = { 0 };
	uint32_t n = (uint32_t)bytes.len;
	char *text;

	*ret = (struct span){ "", 0 };
	if (pdf == NULL)
		return PDF_NO_TOOL;
	if (bytes.len == 0 || bytes.len > pdf->max_bytes)
		return bytes.len == 0 ? PDF_DAMAGED : PDF_TOO_LARGE;
	if (pdf->gone || !broker_write_all(pdf->fd, &n, sizeof(n)) ||
	    !broker_write_all(pdf->fd, bytes.data, n) ||
	    !broker_read_all(pdf->fd, &answer, sizeof(answer)) || answer.bytes > PDF_TEXT_BYTES) {
		pdf->gone = true;
		return PDF_DAMAGED;
	}
	text = arena_alloc(arena, answer.bytes + 1);
	if (!broker_read_all(pdf->fd, text, answer.bytes)) {
		pdf->gone = true;
		return PDF_DAMAGED;
	}
	if (answer.result == PDF_OK)
		*ret = clean(arena, text, answer.bytes);
	/* Of one that is encrypted and could be opened there is text. */
	if (answer.result == PDF_DAMAGED &&
	    memmem(bytes.data, bytes.len, "/Encrypt", strlen("/Encrypt")) != NULL)
		return PDF_LOCKED;
	return (enum pdf_result)answer.result;
}

enum err pdf_fault(struct ctx *cx, enum pdf_result result)
{
	switch (result) {
	case PDF_OK:
		return ERR_OK;
	case PDF_NO_TOOL:
		err_set(cx, ERR_STATE, "this machine has no pdftotext");
		err_fix(cx, "install the package poppler-utils");
		return ERR_STATE;
	case PDF_TOO_LARGE:
		err_set(cx, ERR_TOO_LARGE, "the PDF has more bytes than may be read");
		err_fix(cx, "raise the setting pdf_max_bytes");
		return ERR_TOO_LARGE;
	case PDF_TOO_MUCH:
		return err_set(cx, ERR_LIMIT, "the PDF has more than %zu bytes of text",
		               PDF_TEXT_BYTES);
	case PDF_TIMED_OUT:
		err_set(cx, ERR_TIMEOUT, "the PDF was not read in the time allowed");
		err_fix(cx, "raise the setting pdf_timeout_s");
		return ERR_TIMEOUT;
	case PDF_LOCKED:
		err_set(cx, ERR_INVALID, "the PDF is locked by a password");
		err_fix(cx, "save it without one");
		return ERR_INVALID;
	case PDF_DAMAGED:
		break;
	}
	return err_set(cx, ERR_INVALID, "the PDF cannot be read: it is damaged");
}

enum err pdf_request_read(struct ctx *cx, int fd, struct pdf_limits *ret, struct span *ret_bytes)
{
	struct sb sb = sb_new(cx->arena, REQUEST_MAX);
	char piece[PIECE_BYTES];
	const char *feed;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sb_addn(&sb, piece, (size_t)n);
	}
	if (sb.failed)
		return err_set(cx, ERR_TOO_LARGE, "the PDF passes %zu bytes", REQUEST_MAX);
	feed = sb.len > 0 ? memchr(sb.data, '\n', sb.len) : NULL;
	if (feed == NULL)
		return err_set(cx, ERR_INVALID, "the request has no bytes");
	TRY(schema_decode(cx, &pdf_limits_schema,
	                  (struct span){ sb.data, (size_t)(feed - sb.data) }, ret));
	*ret_bytes = (struct span){ feed + 1, sb.len - (size_t)(feed + 1 - sb.data) };
	return ERR_OK;
}
