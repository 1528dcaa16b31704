/* RFC 9457 problems from faults, and the page that explains them. */
#include "problem.h"

#include <string.h>

/* Room for FAULT_ERRORS_MAX errors twice, each byte of them escaped. */
#define PROBLEM_MAX_BYTES   ((size_t)1024 * 1024)
#define POINTER_SHOWN_BYTES 200 /* a client may send names of any length */

/* Where a blamed field stands, by the form of its pointer (base/err.h). */
static void add_place(struct sb *sb, const char *pointer)
{
	size_t n = strnlen(pointer, POINTER_SHOWN_BYTES);

	if (pointer[0] == '?') {
		sb_add(sb, "\"parameter\":");
		sb_jsonn(sb, pointer + 1, n - 1);
	} else if (n > 0 && pointer[0] != '/' && pointer[n - 1] == ':') {
		sb_add(sb, "\"header\":");
		sb_jsonn(sb, pointer, n - 1);
	} else {
		sb_add(sb, "\"pointer\":");
		sb_jsonn(sb, pointer, n);
	}
}

static void add_errors(struct sb *sb, const struct fault *fault)
{
	int n = fault->nfields < FAULT_ERRORS_MAX ? fault->nfields : FAULT_ERRORS_MAX;

	sb_addc(sb, '[');
	for (int i = 0; i < n; i++) {
		const struct fault_field *field = &fault->fields[i];

		sb_add(sb, i > 0 ? ",{" : "{");
		add_place(sb, field->pointer);
		sb_add(sb, ",\"rule\":");
		sb_json(sb, field->rule);
		sb_add(sb, ",\"detail\":");
		sb_json(sb, field->detail);
		sb_addc(sb, '}');
	}
	sb_addc(sb, ']');
}

/* What the client is told of this occurrence. */
static const char *detail_of(struct reply *rp, const struct err_info *info)
{
	const struct fault *fault = &rp->cx->fault;

	if (info->status == 500)
		return arena_printf(rp->cx->arena,
		                    "Please try again. If it goes on, give the operator the "
		                    "request id %s.",
		                    rp->cx->request_id);
	if (fault->nfields > FAULT_ERRORS_MAX)
		return arena_printf(rp->cx->arena,
		                    "%d fields break a rule; the first %d are listed.",
		                    fault->nfields, FAULT_ERRORS_MAX);
	if (fault->nfields > 1)
		return arena_printf(rp->cx->arena, "%d fields break a rule.", fault->nfields);
	return fault->detail == NULL ? info->title : fault->detail;
}

/* {"error": {...}}, as the clients of OpenAI know it; a field is named without its slash. */
static void add_openai(struct sb *sb, const struct fault *fault, const struct err_info *info,
                       const char *detail)
{
	const struct fault_field *field = fault->nfields > 0 ? &fault->fields[0] : NULL;

	sb_add(sb, "{\"error\":{\"message\":");
	if (field != NULL)
		sb_json(sb, field->detail);
	else
		sb_json(sb, detail);
	sb_add(sb, ",\"type\":");
	sb_json(sb, info->status == 429   ? "rate_limit_error"
	            : info->status == 401 ? "authentication_error"
	            : info->status < 500  ? "invalid_request_error"
	                                  : "server_error");
	sb_add(sb, ",\"param\":");
	if (field != NULL && field->pointer[0] == '/')
		sb_jsonn(sb, field->pointer + 1, strnlen(field->pointer + 1, POINTER_SHOWN_BYTES));
	else
		sb_add(sb, "null");
	sb_add(sb, ",\"code\":");
	sb_json(sb, info->slug);
	sb_add(sb, "}}");
}

static bool is_openai(const struct request *rq)
{
	return rq != NULL && rq->path != NULL && strncmp(rq->path, "/v1/", 4) == 0;
}

static void add_problem(struct sb *sb, struct reply *rp, const struct err_info *info,
                        const char *detail)
{
	const struct fault *fault = &rp->cx->fault;

	sb_add(sb, "{\"type\":\"" PROBLEM_TYPE_BASE);
	sb_add(sb, info->slug);
	sb_add(sb, "\",\"title\":");
	sb_json(sb, info->title);
	sb_add(sb, ",\"status\":");
	sb_int(sb, info->status);
	sb_add(sb, ",\"detail\":");
	sb_json(sb, detail);
	sb_add(sb, ",\"errors\":");
	add_errors(sb, fault);
	sb_add(sb, ",\"request_id\":");
	sb_json(sb, rp->cx->request_id);
	if (fault->fix != NULL) {
		sb_add(sb, ",\"fix\":");
		sb_json(sb, fault->fix);
	}
	sb_add(sb, ",\"error\":");
	sb_json(sb, info->title);
	sb_add(sb, ",\"details\":");
	if (fault->nfields > 0)
		add_errors(sb, fault);
	else
		sb_json(sb, detail);
	sb_addc(sb, '}');
}

void problem_reply(struct reply *rp)
{
	const struct fault *fault = &rp->cx->fault;
	const struct err_info *info = err_info(fault->code);
	struct sb sb = sb_new(rp->cx->arena, PROBLEM_MAX_BYTES);
	const char *detail = detail_of(rp, info);
	bool openai = is_openai(rp->rq);

	if (openai)
		add_openai(&sb, fault, info, detail);
	else
		add_problem(&sb, rp, info, detail);
	assert(!sb.failed);

	rp->status = info->status;
	reply_text(rp, openai ? "application/json" : PROBLEM_MEDIA,
	           (struct span){ sb.data, sb.len });
	if (info->status == 401)
		reply_header(rp, "WWW-Authenticate", "Bearer realm=\"portolan\"");
	if (info->status == 429 || info->status == 503)
		reply_header(rp, "Retry-After",
		             arena_printf(rp->cx->arena, "%lld",
		                          (long long)(fault->retry_s > 0 ? fault->retry_s : 1)));
}

void problem_page(struct sb *sb)
{
	sb_add(sb, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width\">\n"
	           "<title>Problems · Portolan</title>\n"
	           "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n"
	           "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n"
	           "<h1>Problems</h1>\n"
	           "<p>An answer of type application/problem+json names one of these in "
	           "<code>type</code>. The meaning of a name never changes.</p>\n");
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		const struct err_info *info = err_info((enum err)e);

		sb_addf(sb, "<h2 id=\"%s\">%s</h2>\n<p>", info->slug, info->slug);
		sb_markup(sb, info->title);
		sb_addf(sb, " Status %d. %s</p>\n", info->status,
		        info->retry ? "The same request may succeed later."
		                    : "The same request would fail the same way again.");
	}
	sb_add(sb, "</main>\n</body>\n</html>\n");
}
