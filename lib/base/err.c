/* The rows of err.def, and the making of faults. */
#include "base/err.h"

#include "base/ctx.h"
#include "base/redact.h"
#include "base/secret.h"

#include <string.h>

#define RETRY   true
#define GIVE_UP false

static const struct err_info INFOS[ERR_COUNT] = {
#define ERR(name, status, slug, retry, title) [ERR_##name] = { #name, status, slug, retry, title },
#include "base/err.def"
#undef ERR
};

const struct err_info *err_info(enum err e)
{
	assert(e > ERR_OK && e < ERR_COUNT);
	return &INFOS[e];
}

enum err err_by_slug(const char *slug)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		if (strcmp(INFOS[e].slug, slug) == 0)
			return (enum err)e;
	}
	return ERR_OK;
}

/* Formatted text in the context's arena, without what it hides, cut at FAULT_DETAIL_MAX. */
static const char *text_of(struct ctx *cx, const char *fmt, va_list ap)
{
	char *text = arena_vprintf(cx->arena, fmt, ap);
	char *hidden = cx->words == NULL ? NULL : redact_text(cx, text, redact_next_word);

	if (hidden != NULL) {
		secret_wipe(text, strlen(text));
		text = hidden;
	}
	if (strlen(text) > FAULT_DETAIL_MAX)
		text[FAULT_DETAIL_MAX] = '\0';
	return text;
}

enum err err_set(struct ctx *cx, enum err code, const char *detail, ...)
{
	va_list ap;

	va_start(ap, detail);
	cx->fault = (struct fault){ .code = code, .detail = text_of(cx, detail, ap) };
	va_end(ap);
	return code;
}

void err_cause(struct ctx *cx, const char *cause, ...)
{
	va_list ap;

	va_start(ap, cause);
	cx->fault.cause = text_of(cx, cause, ap);
	va_end(ap);
}

void err_fix(struct ctx *cx, const char *fix, ...)
{
	va_list ap;

	va_start(ap, fix);
	cx->fault.fix = text_of(cx, fix, ap);
	va_end(ap);
}

void err_again(struct ctx *cx, enum err_again again)
{
	cx->fault.again = again;
}

void err_retry(struct ctx *cx, int64_t seconds)
{
	cx->fault.retry_s = seconds;
}

enum err err_field(struct ctx *cx, enum err code, const char *pointer, const char *rule,
                   const char *detail, ...)
{
	struct fault *fault = &cx->fault;
	const char *text;
	va_list ap;

	va_start(ap, detail);
	text = text_of(cx, detail, ap);
	va_end(ap);
	if (fault->nfields == 0)
		*fault = (struct fault){ .code = code, .detail = text };
	if (fault->nfields < FAULT_ERRORS_MAX) {
		fault->fields[fault->nfields] = (struct fault_field){
			.pointer = arena_strdup(cx->arena, pointer),
			.rule = rule,
			.detail = text,
		};
	}
	fault->nfields++;
	return fault->code;
}

void err_clear(struct ctx *cx)
{
	cx->fault = (struct fault){ 0 };
}
