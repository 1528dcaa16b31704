/*
 * Refs and objects of a remote, by libgit2's smart protocol over our own transport.
 *
 * libgit2 lists and downloads; writing refs is ours (clone_refs.c), so that they change in one step and
 * only when every object is there.
 */
#include "base/redact.h"
#include "base/secret.h"
#include "maps/clone_private.h"
#include "maps/transport.h"
#include "maps/transport_ssh.h"

#include <string.h>

#define USER_AGENT "git/2.39 (portolan)" /* some forges serve git only to what calls itself git */

/* What libgit2's callbacks get. */
struct fetch {
	struct clone *c;
	struct transport *http; /* one of the two is there */
	struct transport_ssh *ssh;
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

static enum err transport_why(const struct fetch *f)
{
	return f->ssh != NULL ? transport_ssh_failure(f->ssh) : transport_failure(f->http);
}

/* Why the last call of libgit2 failed, in the order of who knows best. */
static enum err failed(struct fetch *f, const char *what)
{
	const git_error *last = git_error_last();

	if (f->c->stopped.code != ERR_OK)
		return clone_stop(f->c);
	if (transport_why(f) != ERR_OK)
		return transport_why(f);
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
	char *specs[3] = { (char *)"+refs/heads/*:refs/heads/*" };
	git_strarray all = { specs, 1 };
	git_fetch_options options;

	if (f->c->detached)
		specs[all.count++] = (char *)"+HEAD:refs/head";
	if (f->c->tag != NULL) /* it may stand beside all branches */
		specs[all.count++] = arena_printf(f->c->cx->arena, "+%s:%s", f->c->tag, f->c->tag);
	if (f->c->nrefs == 0 && !f->c->detached && f->c->tag == NULL)
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

	return f->ssh != NULL ? transport_ssh_create(ret, owner, f->ssh)
	                      : transport_create(ret, owner, f->http);
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

static struct net_policy policy_of(const struct fetch_request *rq, const struct list *ports)
{
	return (struct net_policy){
		.allow_http = rq->allow_http,
		.allow_private = rq->allow_private,
		.allowed = rq->allowed_hosts.items,
		.nallowed = rq->allowed_hosts.n,
		.ports = ports->items,
		.nports = ports->n,
	};
}

/* "Basic " and user:token in Base64; both are hidden from every text from now on. */
static const char *authorization(struct ctx *cx, const struct fetch_credential *credential)
{
	const char *pair =
		arena_printf(cx->arena, "%s:%s", credential->username, credential->secret);
	const char *base64 = secret_base64(cx->arena, pair, strlen(pair));

	redact_also(cx, credential->secret);
	redact_also(cx, base64);
	return arena_printf(cx->arena, "Basic %s", base64);
}

static enum err bound_elsewhere(struct ctx *cx, const char *bound, const char *origin)
{
	err_set(cx, ERR_ORIGIN_MISMATCH, "the secret is bound to %s, the repository is at %s",
	        bound, origin);
	err_fix(cx, "Choose a secret that is bound to %s.", origin);
	return ERR_ORIGIN_MISMATCH;
}

static enum err new_http(struct fetch *f)
{
	const struct fetch_request *rq = f->c->rq;
	struct transport_options options = {
		.http = {
			.policy = policy_of(rq, &rq->allowed_ports),
			.total_ms = (rq->timeout_s + 60) * 1000, /* clone_stopped() is first */
			.ca_file = f->c->hooks.ca_file,
			.user_agent = USER_AGENT,
			.cancelled = is_stopped,
			.arg = f->c,
		},
		.max_bytes = rq->max_bytes,
		.max_refs = rq->max_refs,
	};
	struct net_url url;

	if (rq->credential != NULL) {
		TRY(net_url_parse(f->c->cx, rq->url, &url));
		if (strcmp(url.origin, rq->credential->origin) != 0)
			return bound_elsewhere(f->c->cx, rq->credential->origin, url.origin);
		options.origin = url.origin;
		options.authorization = authorization(f->c->cx, rq->credential);
	}
	return transport_new(f->c->cx, &options, rq->url, &f->http);
}

static enum err new_ssh(struct fetch *f)
{
	const struct fetch_request *rq = f->c->rq;
	const struct fetch_credential *credential = rq->credential;
	struct ctx *cx = f->c->cx;
	struct transport_ssh_options options;
	struct net_ssh url;

	TRY(net_ssh_parse(cx, rq->url, &url));
	if (credential == NULL || credential->host_keys == NULL) {
		err_set(cx, ERR_REPO_AUTH, "%s needs a key and the server's own", url.origin);
		err_fix(cx, "Give the project a secret of kind git_ssh.");
		return ERR_REPO_AUTH;
	}
	if (strcmp(url.origin, credential->origin) != 0)
		return bound_elsewhere(cx, credential->origin, url.origin);
	redact_also(cx, credential->secret);
	redact_also(cx, credential->passphrase);
	options = (struct transport_ssh_options){
		.policy = policy_of(rq, &rq->allowed_ssh_ports),
		.total_ms = (rq->timeout_s + 60) * 1000,
		.max_bytes = rq->max_bytes,
		.max_refs = rq->max_refs,
		.cancelled = is_stopped,
		.arg = f->c,
		.private_key = credential->secret,
		.passphrase = credential->passphrase,
		.host_keys = credential->host_keys,
		.user = credential->username,
	};
	options.policy.ssh = true;
	return transport_ssh_new(cx, &options, rq->url, &f->ssh);
}

enum err clone_remote_fetch(struct clone *c)
{
	struct fetch f = { .c = c };
	enum err e = net_ssh_is(c->rq->url) ? new_ssh(&f) : new_http(&f);

	if (e == ERR_OK)
		e = run(&f);
	/* Frees the streams, and with them the answers, before their client goes. */
	git_remote_free(f.remote);
	transport_free(&f.http);
	transport_ssh_free(&f.ssh);
	return e;
}
