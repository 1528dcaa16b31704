/* The messages between the runner and its helper programs. */
#include "maps/child.h"

#include "base/ctx.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_FD       3
#define PROGRESS_LINE_MAX 256

static const struct field CREDENTIAL_FIELDS[] = {
	F_TEXT(struct fetch_credential, origin, .required = true),
	F_TEXT(struct fetch_credential, username, .required = true),
	F_TEXT(struct fetch_credential, secret, .required = true),
	F_TEXT(struct fetch_credential, passphrase, .nullable = true),
	F_TEXT(struct fetch_credential, host_keys, .nullable = true),
};
static const struct schema CREDENTIAL =
	SCHEMA(struct fetch_credential, "FetchCredential", CREDENTIAL_FIELDS);

static const struct field FETCH_REQUEST_FIELDS[] = {
	F_TEXT(struct fetch_request, url, .required = true),
	F_TEXT(struct fetch_request, directory, .required = true),
	F_TEXT(struct fetch_request, ref, .nullable = true),
	F_TEXT(struct fetch_request, wanted, .nullable = true, .max = 255),
	F_INT(struct fetch_request, timeout_s, .required = true),
	F_INT(struct fetch_request, max_bytes, .required = true),
	F_INT(struct fetch_request, max_objects, .required = true),
	F_INT(struct fetch_request, max_refs, .required = true),
	F_INT(struct fetch_request, min_free_bytes),
	F_LIST(struct fetch_request, local_roots, .item = FIELD_TEXT),
	F_BOOL(struct fetch_request, allow_http),
	F_BOOL(struct fetch_request, allow_private),
	F_LIST(struct fetch_request, allowed_hosts, .item = FIELD_TEXT),
	F_LIST(struct fetch_request, allowed_ports, .item = FIELD_TEXT),
	F_LIST(struct fetch_request, allowed_ssh_ports, .item = FIELD_TEXT),
	F_OBJ(struct fetch_request, credential, .nullable = true, .of = &CREDENTIAL),
};
const struct schema fetch_request_schema =
	SCHEMA(struct fetch_request, "FetchRequest", FETCH_REQUEST_FIELDS);

static const struct field FETCH_REPLY_FIELDS[] = {
	F_TEXT(struct fetch_reply, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct fetch_reply, ref, .nullable = true, .max = 255),
	F_TEXT(struct fetch_reply, note, .nullable = true, .max = 500),
};
const struct schema fetch_reply_schema =
	SCHEMA(struct fetch_reply, "FetchReply", FETCH_REPLY_FIELDS);

static const struct field BASE_FIELDS[] = {
	F_TEXT(struct patch_base, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct patch_base, print, .required = true, .max = PATCH_PRINT_LEN),
	F_TEXT(struct patch_base, edges, .required = true, .max = PATCH_PRINT_LEN),
};
static const struct schema BASE = SCHEMA(struct patch_base, "AnalyseBase", BASE_FIELDS);

static const struct field ANALYSE_REQUEST_FIELDS[] = {
	F_TEXT(struct analyse_request, directory, .required = true),
	F_TEXT(struct analyse_request, commit, .required = true, .min = 40, .max = 64),
	F_TEXT(struct analyse_request, cache, .nullable = true),
	F_TEXT(struct analyse_request, history, .nullable = true),
	F_INT(struct analyse_request, max_cache_bytes),
	F_INT(struct analyse_request, max_blob_bytes, .required = true),
	F_INT(struct analyse_request, max_files, .required = true),
	F_INT(struct analyse_request, max_depth, .required = true),
	F_INT(struct analyse_request, max_bytes, .required = true),
	F_INT(struct analyse_request, history_commits),
	F_INT(struct analyse_request, history_days),
	F_INT(struct analyse_request, history_line_commits),
	F_OBJ(struct analyse_request, base, .nullable = true, .of = &BASE),
};
const struct schema analyse_request_schema =
	SCHEMA(struct analyse_request, "AnalyseRequest", ANALYSE_REQUEST_FIELDS);

static const struct field READS_FIELDS[] = {
	F_INT(struct analyse_reads, read, .required = true, .min = 0, .max = INT32_MAX),
	F_INT(struct analyse_reads, cached, .required = true, .min = 0, .max = INT32_MAX),
};
const struct schema analyse_reads_schema =
	SCHEMA(struct analyse_reads, "AnalyseReads", READS_FIELDS);

static const struct field FAULT_FIELDS[] = {
	F_TEXT(struct child_fault, type, .required = true, .max = 50),
	F_TEXT(struct child_fault, detail, .nullable = true, .max = FAULT_DETAIL_MAX),
	F_TEXT(struct child_fault, fix, .nullable = true, .max = FAULT_DETAIL_MAX),
};
const struct schema child_fault_schema = SCHEMA(struct child_fault, "ChildFault", FAULT_FIELDS);

enum err child_read(struct ctx *cx, const struct schema *s, void *ret)
{
	char *text = arena_alloc(cx->arena, CHILD_REQUEST_MAX_BYTES + 1);
	size_t n = 0;
	enum err e;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, text + n, CHILD_REQUEST_MAX_BYTES + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n > CHILD_REQUEST_MAX_BYTES)
			return err_set(cx, ERR_LIMIT, "the request passes %zu bytes",
			               CHILD_REQUEST_MAX_BYTES);
	}
	e = schema_decode(cx, s, (struct span){ text, n }, ret);
	secret_wipe(text, n);
	return e;
}

int child_report(struct ctx *cx)
{
	const struct fault *fault = &cx->fault;
	const struct child_fault told = {
		.type = err_info(fault->code)->slug,
		.detail = fault->detail,
		.fix = fault->fix,
	};
	struct sb sb = sb_new(cx->arena, CHILD_FAULT_MAX_BYTES);

	schema_encode(&sb, &child_fault_schema, &told);
	fwrite(sb.data, 1, sb.len, stdout);
	fflush(stdout);
	return 1;
}

void child_progress(int percent, const char *words)
{
	char line[PROGRESS_LINE_MAX];
	int n = snprintf(line, sizeof(line), "%d %s\n", percent, words);

	if (n > 0 && (size_t)n < sizeof(line) && write(PROGRESS_FD, line, (size_t)n) < 0)
		return; /* nobody listens */
}

/* --- For who starts one --- */

const char *child_program(struct arena *arena, const char *libexec_dir, const char *name)
{
	char self[4096];
	char *slash;
	ssize_t n;

	if (libexec_dir[0] == '\0') {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n <= 0)
			return NULL;
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		libexec_dir = self;
	}
	return arena_printf(arena, "%s/%s", libexec_dir, name);
}

/* A fault may come when a part of the answer has been sent: it is the last line. */
static struct span last_line(struct span output)
{
	const char *feed;

	while (output.len > 0 && output.data[output.len - 1] == '\n')
		output.len--;
	feed = output.len > 0 ? memrchr(output.data, '\n', output.len) : NULL;
	if (feed == NULL)
		return output;
	return (struct span){ feed + 1, output.len - (size_t)(feed + 1 - output.data) };
}

/* Exit status 1 with a fault on standard output is a child's way to fail; all else is a crash. */
enum err child_failure(struct ctx *cx, const char *name, const struct tool_result *result)
{
	struct child_fault told;
	enum err code;

	if (result->exit_code != 1 ||
	    schema_decode(cx, &child_fault_schema, last_line(result->output), &told) != ERR_OK) {
		err_set(cx, ERR_CHILD_KILLED, "%s ended with status %d", name, result->exit_code);
		err_cause(cx, "%s", result->stderr_tail);
		return ERR_CHILD_KILLED;
	}
	code = err_by_slug(told.type);
	if (code == ERR_OK)
		code = ERR_INTERNAL;
	if (told.detail != NULL)
		err_set(cx, code, "%s", told.detail);
	else
		err_set(cx, code, "%s failed", name);
	if (told.fix != NULL)
		err_fix(cx, "%s", told.fix);
	return code;
}
