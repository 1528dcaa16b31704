/*
 * Calls to the service, as any client makes them.
 *
 * A problem that the service answers becomes the fault of the call, with its
 * own detail, blamed fields and fix; a service that does not answer becomes
 * ERR_UNAVAILABLE with the command that starts one.
 */
#ifndef CLI_API_H
#define CLI_API_H

#include "cli/cli.h"
#include "base/json.h"

struct api_answer {
	int status;
	struct span body;        /* as received, in the context's arena */
	struct json_object *doc; /* parsed; release with api_done() */
	const char *etag;        /* NULL when there is none */
	const char *next_cursor; /* of a header, where the body has no room for it; NULL: none */
};

struct api_call {
	const char *method, *path; /* path with its query string, under the service's URL */
	const char *body;          /* JSON text; NULL: none */
	struct span bytes;         /* instead, a body as it is ... */
	const char *bytes_type;    /* ... of this media type; NULL: none */
	const char *if_match;      /* NULL: none */
	bool raw;                  /* do not parse: the caller wants the bytes */
};

/** A POST gets an Idempotency-Key and is repeated once when the answer was lost. */
NODISCARD
enum err api_call(struct cli *cli, const struct api_call *call, struct api_answer *ret);

/** GET a path made by printf; texts in it must have passed api_quote(). */
NODISCARD
enum err api_get(struct cli *cli, struct api_answer *ret, const char *path, ...) PRINTF(3, 4);

/** GET a path and give what comes to standard output, or write it to a file.  @file may be NULL */
NODISCARD
enum err cli_fetch(struct cli *cli, const char *path, const char *file);

/** @ret the project with that repository, 0 when there is none */
NODISCARD
enum err cli_project_of(struct cli *cli, const char *url, int64_t *ret);

void api_done(struct api_answer *answer);

/** @ret text percent-encoded for a query string, in arena */
const char *api_quote(struct arena *arena, const char *text);

/** Append "&name=value" (or "?" first) for an option of the command that is set. */
void api_query(struct cli *cli, struct sb *path, const char *name, const char *value);

#endif
