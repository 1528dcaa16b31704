/*
 * What the server's refusals mean to us.
 *
 * The client is told our own words; the server's go to the cause, which only
 * the log shows.  Functions of ours that raise PT401 and the like wrote their
 * message for the client, and it is passed on.
 */
#include "base/db_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The code that stands for an HTTP status when one of our functions raises it. */
static const struct {
	int status;
	enum err code;
} RAISED[] = {
	{ 400, ERR_BAD_REQUEST }, { 401, ERR_UNAUTHENTICATED }, { 403, ERR_FORBIDDEN },
	{ 404, ERR_NOT_FOUND },   { 409, ERR_CONFLICT },        { 412, ERR_STALE },
	{ 413, ERR_TOO_LARGE },   { 422, ERR_LIMIT },           { 429, ERR_RATE },
	{ 500, ERR_INTERNAL },    { 503, ERR_UNAVAILABLE },     { 504, ERR_TIMEOUT },
};

/* By SQLSTATE or the beginning of one; the first that fits. */
static const struct {
	const char *state;
	enum err code;
	const char *detail;
} STATES[] = {
	{ "23505", ERR_CONFLICT, "an item with the same value exists" },
	{ "23503", ERR_CONFLICT,
	  "an item that this one refers to, or that refers to it, forbids it" },
	{ "23P01", ERR_CONFLICT, "the value overlaps with that of an existing item" },
	{ "57014", ERR_TIMEOUT, "the database did not finish within the time allowed" },
	{ "55P03", ERR_UNAVAILABLE, "another change holds the item; please try again" },
	{ "08", ERR_UNAVAILABLE, "the database is not reachable" },
	{ "53", ERR_UNAVAILABLE, "the database has no room for the request right now" },
	{ "57P", ERR_UNAVAILABLE, "the database is being restarted" },
	{ "25P03", ERR_UNAVAILABLE, "the database ended an idle transaction" },
	{ "40", ERR_UNAVAILABLE, "the change met another one; please try again" },
};

static const char *field(const PGresult *res, int code)
{
	const char *text = PQresultErrorField(res, code);

	return text != NULL ? text : "";
}

/* The detail of PT403: <tenant>:<user>:<key>:<actor>. */
static void note_denied(struct ctx *cx, const char *detail)
{
	int64_t ids[3];

	for (size_t i = 0; i < COUNT(ids); i++) {
		char *end;

		ids[i] = strtoll(detail, &end, 10);
		if (end == detail || *end != ':')
			return;
		detail = end + 1;
	}
	cx->denied = (struct who){
		.tenant_id = ids[0],
		.user_id = ids[1],
		.key_id = ids[2],
		.actor = arena_strdup(cx->arena, detail),
	};
}

static enum err fault_raised(struct ctx *cx, const PGresult *res, const char *state)
{
	const char *hint = field(res, PG_DIAG_MESSAGE_HINT);
	int status = (int)strtol(state + 2, NULL, 10);
	enum err code = ERR_DATABASE;

	for (size_t i = 0; i < COUNT(RAISED); i++) {
		if (RAISED[i].status == status)
			code = RAISED[i].code;
	}
	err_set(cx, code, "%s", field(res, PG_DIAG_MESSAGE_PRIMARY));
	if (code == ERR_FORBIDDEN)
		note_denied(cx, field(res, PG_DIAG_MESSAGE_DETAIL));
	if (hint[0] != '\0')
		err_fix(cx, "%s", hint);
	return code;
}

enum err db_fault(struct ctx *cx, const PGresult *res, const char *what)
{
	const char *state = field(res, PG_DIAG_SQLSTATE);
	const char *message = field(res, PG_DIAG_MESSAGE_PRIMARY);
	enum err code = ERR_DATABASE;
	const char *detail = "the database refused the statement";

	snprintf(cx->db->constraint, sizeof(cx->db->constraint), "%s",
	         field(res, PG_DIAG_CONSTRAINT_NAME));
	if (strncmp(state, "PT", 2) == 0)
		return fault_raised(cx, res, state);
	for (size_t i = 0; i < COUNT(STATES); i++) {
		if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0) {
			code = STATES[i].code;
			detail = STATES[i].detail;
			break;
		}
	}
	err_set(cx, code, "%s", detail);
	err_cause(cx, "SQLSTATE %s in %s: %s", state[0] != '\0' ? state : "none", what,
	          message[0] != '\0' ? message : PQresultErrorMessage(res));
	return code;
}

enum err db_fault_lost(struct ctx *cx, const char *what)
{
	err_set(cx, ERR_UNAVAILABLE, "the database is not reachable");
	err_cause(cx, "%s: %s", what, cx->db->trouble);
	return ERR_UNAVAILABLE;
}

bool db_fault_ends_session(const PGresult *res)
{
	const char *state = field(res, PG_DIAG_SQLSTATE);
	const char *severity = field(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	return state[0] == '\0' || strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
}

bool db_fault_is_stale_plan(const PGresult *res)
{
	const char *state = field(res, PG_DIAG_SQLSTATE);

	return strcmp(state, "26000") == 0 ||
	       (strcmp(state, "0A000") == 0 &&
	        strcmp(field(res, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0);
}
