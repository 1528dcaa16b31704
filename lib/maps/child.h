/*
 * Child: how the runner and its two helper programs talk.
 *
 *   portolan-fetch    clones or updates a bare repository; the only program that talks to remotes
 *   portolan-analyse  reads one commit of a bare repository and writes its map; with the word
 *                     "source" it reads one file (maps/source.h), with "chunks" and "subjects" what
 *                     the search wants (retrieval/cut.h)
 *
 * Each gets one JSON object on standard input, writes its answer to standard output, and says how far
 * it is on file descriptor 3, one line at a time: a percentage, a space, and a few words.
 *
 *     37 receiving objects
 *
 * Exit status 0: standard output is the answer (struct fetch_reply, or the map as a maps/bundle.h).
 * Exit status 1: standard output is a struct child_fault.  Anything else is a crash.
 */
#ifndef MAPS_CHILD_H
#define MAPS_CHILD_H

#include "base/schema.h"
#include "base/tool.h"
#include "maps/analyse.h"

/*
 * Names what makes maps: it rises whenever the same commit would give other bytes.  A commit that has a
 * map of this analyser is not analysed again.
 */
#define CHILD_ANALYSER ANALYSER_VERSION

/*
 * What opens a private repository.  It goes over standard input alone: never into arguments, environment,
 * files or texts.
 */
struct fetch_credential {
	const char
		*origin; /* scheme, host and port that it is bound to: it is shown to nobody else */
	const char *username; /* https: of Basic authentication; ssh: when the address names none */
	const char *secret;   /* https: password or token; ssh: private key */
	const char *passphrase; /* ssh: of the key; NULL: none */
	const char *host_keys;  /* ssh: what pins the server, see auth/ssh_key.h; NULL for https */
};

/* What portolan-fetch is asked. */
struct fetch_request {
	const char *url;       /* as in project.repository_url */
	const char *directory; /* absolute, of the bare repository; made when missing */
	const char *ref;       /* branch; NULL: what the remote's HEAD names */
	const char *wanted; /* branch, tag or digits of the commit to be read; NULL: that of ref */
	int64_t timeout_s, max_bytes, max_objects, max_refs;
	int64_t min_free_bytes; /* that must stay free on the disk; 0: 256 MiB */
	struct list
		local_roots; /* const char *: absolute folders below which local paths are allowed */
	bool allow_http, allow_private;
	struct list
		allowed_hosts; /* const char *: private hosts, host:port pairs and CIDR blocks */
	struct list allowed_ports, allowed_ssh_ports; /* const char * */
	struct fetch_credential *credential;          /* NULL: the repository is public */
};

/* What it answers. */
struct fetch_reply {
	const char *commit; /* 40 zeros: a repository without commits */
	const char
		*ref; /* branch or tag without refs/heads/; NULL for a detached HEAD or a commit */
	const char *note; /* a sentence about an unusual choice of commit; NULL: nothing to say */
};

/* What portolan-analyse is asked. */
struct analyse_request {
	const char *directory;   /* absolute, of the bare repository */
	const char *commit;      /* 40 zeros: a repository without commits */
	const char *cache;       /* file of maps/cache.h; NULL: none */
	const char *history;     /* file of maps/history_kept.h; NULL: none */
	int64_t max_cache_bytes; /* of each of the two */
	int64_t max_blob_bytes, max_files, max_depth;
	int64_t history_commits; /* most of them; negative: no history.  Of these three 0 is the default */
	int64_t history_days;
	int64_t history_line_commits; /* negative: no lines */
	int64_t max_bytes;            /* of the map's content */
	struct patch_base *base;      /* NULL: its tables are told whole */
};

/* Why a child did not do it: cx->fault on the way to the other process. */
struct child_fault {
	const char *type;   /* slug of err.def */
	const char *detail; /* may be NULL, as may fix */
	const char *fix;
};

extern const struct schema fetch_request_schema, fetch_reply_schema, analyse_request_schema,
	analyse_reads_schema, child_fault_schema;

#define CHILD_REQUEST_MAX_BYTES ((size_t)256 * 1024) /* of the JSON on standard input */
#define CHILD_FAULT_MAX_BYTES   ((size_t)16 * 1024)

/** In a child: decode standard input.  Returns what schema_decode() returns, ERR_LIMIT */
NODISCARD
enum err child_read(struct ctx *cx, const struct schema *s, void *ret);

/** In a child: write cx->fault to standard output.  @ret the exit status, 1 */
int child_report(struct ctx *cx);

/** In a child: write a line of progress, if somebody listens on descriptor 3. */
void child_progress(int percent, const char *words);

/**
 * Where the helper program of that name lies: in libexec_dir, or where the running program
 * does when that is empty.  It need not be there.
 *
 * @ret the path, in arena; NULL when /proc does not tell where the running program is
 */
const char *child_program(struct arena *arena, const char *libexec_dir, const char *name);

/**
 * Describe why a child failed: exit status 1 with a fault on standard output is its way to; all else is
 * a crash.  @ret the code, for `return child_failure(...)`
 */
enum err child_failure(struct ctx *cx, const char *name, const struct tool_result *result);

#endif
