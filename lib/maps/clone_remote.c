/*
 * Refs and objects of a remote, by libgit2's smart protocol over our own transport.
 *
 * libgit2 lists and downloads; writing refs is ours (clone_refs.c), so that they change in one step and
 * only when every object is there.
 */
#include "maps/clone_private.h"
#include "maps/transport.h"

#include <string.h>

#define USER_AGENT "git/2.39 (portolan)" /* some forges serve git only to what calls itself git */

/* What libgit2's callbacks get. */
struct fetch {
	struct clone *c;
	struct transport *transport;
	git_remote *remote;
	bool too_many; /* objects */
};

static bool is_stopped(void *arg)
{
	return clone_stopped(arg);
}

static int on_progress(const git_indexer_progress *p, void *arg)
{
	struct fetch *f = arg;
	struct clone *c = f->c;
	unsigned total = p->total_objects == 0 ? 1 : p->total_objects;

	if ((int64_t)p->total_objects > c->rq->max_objects) {
		f->too_many = true;
		return GIT_EUSER;
	}
	if (p->received_objects < p->total_objects)
		clone_progress(c, (int)(5 + 70ULL * p->received_objects / total),
		               "receiving objects, %u of %u, %.1f MiB", p->received_objects,
		               p->total_objects, (double)p->received_bytes / (1 << 20));
	else
		clone_progress(c, (int)(75 + 20ULL * p->indexed_objects / total),
		               "resolving objects, %u of %u", p->indexed_objects, p->total_objects);
	return clone_stopped(c) ? GIT_EUSER : 0;
}

/* Why the last call of libgit2 failed, in the order of who knows best. */
static enum err failed(struct fetch *f, const char *what)
{
	const git_error *last = git_error_last();

	if (f->c->stopped.code != ERR_OK)
		return clone_stop(f->c);
	if (transport_failure(f->transport) != ERR_OK)
		return transport_failure(f->transport);
	if (f->too_many)
		return clone_too_many_objects(f->c);
	/* Some malformed packets are refused without words; what is left then is of a setting that is
	 * looked for before, and never there. */
	if (last != NULL && last->klass == GIT_ERROR_CONFIG)
		return err_set(f->c->cx, ERR_REMOTE_FAILED,
		               "%s: it does not keep to git's protocol", what);
	return clone_git_failed(f->c, what);
}

static enum err too_many_refs(struct clone *c, size_t n)
{
	err_set(c->cx, ERR_REPO_TOO_LARGE,
	        "the remote offers %zu branches and tags, more than %lld", n,
	        (long long)c->rq->max_refs);
	err_fix(c->cx, "Raise the setting clone_max_refs.");
	return ERR_REPO_TOO_LARGE;
}

/* What the remote has: its branches, and what its HEAD is. */
static enum err list_refs(struct fetch *f)
{
	struct clone *c = f->c;
	const git_remote_head **heads;
	size_t n;

	if (git_remote_ls(&heads, &n, f->remote) != 0)
		return failed(f, "the remote does not list its branches");
	if ((int64_t)n > c->rq->max_refs)
		return too_many_refs(c, n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(heads[i]->name, "HEAD") != 0) {
			clone_refs_add(c, heads[i]->name, &heads[i]->oid);
		} else if (heads[i]->symref_target != NULL) {
			c->head_ref = arena_strdup(c->cx->arena, heads[i]->symref_target);
		} else {
			c->detached = true;
			c->head_oid = heads[i]->oid;
		}
	}
	return clone_refs_check(c);
}

static enum err download(struct fetch *f, const git_remote_callbacks *callbacks)
{
	char *specs[] = { (char *)"+refs/heads/*:refs/heads/*", (char *)"+HEAD:refs/head" };
	const git_strarray all = { specs, f->c->detached ? 2 : 1 };
	git_fetch_options options;

	if (f->c->nrefs == 0 && !f->c->detached)
		return ERR_OK; /* nothing there yet */
	if (git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION) != 0)
		return clone_git_failed(f->c, "the git library is another one");
	options.callbacks = *callbacks;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	if (git_remote_download(f->remote, &all, &options) != 0)
		return failed(f, "the objects cannot be fetched");
	return ERR_OK;
}

/* libgit2 hands the payload of all callbacks to the one that makes the transport. */
static int create_transport(git_transport **ret, git_remote *owner, void *payload)
{
	struct fetch *f = payload;

	return transport_create(ret, owner, f->transport);
}

static enum err run(struct fetch *f)
{
	git_remote_create_options create;
	git_remote_callbacks callbacks;
	struct clone *c = f->c;

	if (git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION) != 0)
		return clone_git_failed(c, "the git library is another one");
	callbacks.transport = create_transport;
	callbacks.transfer_progress = on_progress;
	callbacks.payload = f;
	if (git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION) != 0)
		return clone_git_failed(c, "the git library is another one");
	create.repository = c->repo;
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
	if (git_remote_create_with_opts(&f->remote, c->rq->url, &create) != 0)
		return clone_git_failed(c, "the address cannot be used");
	if (git_remote_connect(f->remote, GIT_DIRECTION_FETCH, &callbacks, NULL, NULL) != 0)
		return failed(f, "the remote cannot be asked");
	clone_progress(c, 5, "listing branches");
	TRY(list_refs(f));
	return download(f, &callbacks);
}

enum err clone_remote_fetch(struct clone *c)
{
	const struct fetch_request *rq = c->rq;
	const struct transport_options options = {
		.http = {
			.policy = {
				.allow_http = rq->allow_http,
				.allow_private = rq->allow_private,
				.allowed = rq->allowed_hosts.items,
				.nallowed = rq->allowed_hosts.n,
				.ports = rq->allowed_ports.items,
				.nports = rq->allowed_ports.n,
			},
			.total_ms = (rq->timeout_s + 60) * 1000, /* clone_stopped() is first */
			.ca_file = c->hooks.ca_file,
			.user_agent = USER_AGENT,
			.cancelled = is_stopped,
			.arg = c,
		},
		.max_bytes = rq->max_bytes,
		.max_refs = rq->max_refs,
	};
	struct fetch f = { .c = c };
	enum err e = transport_new(c->cx, &options, rq->url, &f.transport);

	if (e == ERR_OK)
		e = run(&f);
	/* Frees the streams, and with them the answers, before their client goes. */
	git_remote_free(f.remote);
	transport_free(&f.transport);
	return e;
}
