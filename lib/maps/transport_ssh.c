/* A stateful smart subtransport of libgit2 on libssh: see the header. */
#include "maps/transport_ssh.h"

#include "base/ctx.h"
#include "base/sb.h"

#include <libssh/libssh.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_DEFAULT_MS 10000
#define IDLE_DEFAULT_MS    60000
#define TOTAL_DEFAULT_MS   300000
#define TICK_MS            100
#define REF_BYTES          512 /* of one advertised ref, generously */
#define LS_MIN_BYTES       ((int64_t)1 << 20)
#define SAID_MAX           200 /* bytes of the server's own words in an error */
#define RSA_TYPE           "ssh-rsa"
#define RSA_SIGNATURES     "rsa-sha2-512,rsa-sha2-256" /* never SHA-1 */

struct stream {
	git_smart_subtransport_stream parent;
	struct transport_ssh *transport;
};

struct transport_ssh {
	git_smart_subtransport parent;
	git_smart_subtransport_definition definition;
	struct ctx *cx;
	struct transport_ssh_options options;
	struct net_ssh url;
	int fd; /* the session's, once that has it */
	ssh_session session;
	ssh_channel channel;
	struct stream *stream;
	bool asked;           /* the refs are known: what comes now is objects */
	int64_t received;     /* bytes */
	int64_t end_ms;       /* monotonic, when all must be done */
	int64_t moved_ms;     /* when a byte last came or went */
	struct fault failure; /* its code is ERR_OK until there is one */
};

static int64_t now_ms(const struct transport_ssh *t)
{
	return t->cx->app->clock->mono_us(t->cx->app->clock) / 1000;
}

/* Remember the first failure and its words: what libgit2 makes of -1 tells less. */
static int fail(struct transport_ssh *t, enum err e)
{
	assert(e == t->cx->fault.code);
	if (t->failure.code == ERR_OK)
		t->failure = t->cx->fault;
	return -1;
}

static enum err check_time(struct transport_ssh *t)
{
	int64_t now = now_ms(t);

	if (t->options.cancelled != NULL && t->options.cancelled(t->options.arg))
		return err_set(t->cx, ERR_CANCELLED, "the fetch from %s was cancelled",
		               t->url.origin);
	if (now >= t->end_ms)
		return err_set(t->cx, ERR_TIMEOUT, "%s was not done after %lld s", t->url.origin,
		               (long long)(t->options.total_ms / 1000));
	if (now - t->moved_ms >= t->options.idle_ms)
		return err_set(t->cx, ERR_TIMEOUT, "%s sent nothing to go on with for %lld s",
		               t->url.origin, (long long)(t->options.idle_ms / 1000));
	return ERR_OK;
}

/* The library would go on when there is something to read or to write. */
static enum err await(struct transport_ssh *t)
{
	int flags = ssh_get_poll_flags(t->session);
	struct pollfd fd = { .fd = ssh_get_fd(t->session), .events = POLLIN };

	if ((flags & SSH_WRITE_PENDING) != 0)
		fd.events |= POLLOUT;
	TRY(check_time(t));
	if (poll(&fd, 1, TICK_MS) > 0)
		t->moved_ms = now_ms(t);
	return ERR_OK;
}

static enum err broken(struct transport_ssh *t, const char *what)
{
	return err_set(t->cx, ERR_REMOTE_FAILED, "%s %s: %.*s", t->url.origin, what, SAID_MAX,
	               ssh_get_error(t->session));
}

/* ---- the session ---- */

/* The types of the pinned keys, when all are known: a server that has several shows one of these. */
static const char *pinned_types(const struct transport_ssh *t)
{
	struct sb sb = sb_new(t->cx->arena, (size_t)4096);

	for (const char *line = t->options.host_keys; *line != '\0';) {
		size_t n = strcspn(line, "\n"), type = strcspn(line, " \n");

		if (type == n)
			return NULL;
		if (sb.len > 0)
			sb_addc(&sb, ',');
		if (type == sizeof(RSA_TYPE) - 1 && strncmp(line, RSA_TYPE, type) == 0)
			sb_add(&sb, RSA_SIGNATURES);
		else
			sb_addn(&sb, line, type);
		line += n + (line[n] == '\n');
	}
	return sb.failed ? NULL : sb.data;
}

static bool set(struct transport_ssh *t, enum ssh_options_e option, const void *value)
{
	return ssh_options_set(t->session, option, value) == SSH_OK;
}

/* Nothing of the machine's configuration counts. */
static enum err prepare(struct transport_ssh *t)
{
	const char *types = pinned_types(t);
	const char *user = t->url.user != NULL ? t->url.user : t->options.user;
	bool none = false;
	bool good;

	t->session = ssh_new();
	if (t->session == NULL)
		return err_set(t->cx, ERR_OUT_OF_MEMORY, "no memory for a session");
	good = set(t, SSH_OPTIONS_PROCESS_CONFIG, &none) && set(t, SSH_OPTIONS_HOST, t->url.host) &&
	       set(t, SSH_OPTIONS_USER, user) && set(t, SSH_OPTIONS_SSH_DIR, "/nonexistent") &&
	       set(t, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") &&
	       set(t, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") &&
	       set(t, SSH_OPTIONS_COMPRESSION, "no") &&
	       (types == NULL || set(t, SSH_OPTIONS_HOSTKEYS, types)) &&
	       set(t, SSH_OPTIONS_FD, &t->fd);
	if (!good)
		return err_set(t->cx, ERR_INTERNAL, "the ssh library refuses an option: %.*s",
		               SAID_MAX, ssh_get_error(t->session));
	t->fd = -1; /* the session closes it */
	ssh_set_blocking(t->session, 0);
	return ERR_OK;
}

/* Is a fingerprint among the pinned ones? */
static bool is_pinned(const struct transport_ssh *t, const char *fingerprint)
{
	size_t n = strlen(fingerprint);

	for (const char *line = t->options.host_keys; *line != '\0';) {
		size_t end = strcspn(line, "\n");

		if (end >= n && strncmp(line + end - n, fingerprint, n) == 0 &&
		    (end == n || line[end - n - 1] == ' '))
			return true;
		line += end + (line[end] == '\n');
	}
	return false;
}

static enum err judge_host_key(struct transport_ssh *t, ssh_key key)
{
	const char *type = ssh_key_type_to_char(ssh_key_type(key));
	unsigned char *hash = NULL;
	char *fingerprint = NULL;
	enum err e = ERR_OK;
	size_t n;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0)
		fingerprint = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	if (fingerprint == NULL) {
		e = broken(t, "has a key that cannot be read");
	} else if (!is_pinned(t, fingerprint)) {
		err_set(t->cx, ERR_HOST_KEY, "%s shows the key %s %s, which is not pinned",
		        t->url.origin, type == NULL ? "" : type, fingerprint);
		err_fix(t->cx, "If the server's owner confirms that key, set it as the secret's "
		               "host_key; if not, somebody is in between.");
		e = ERR_HOST_KEY;
	}
	ssh_string_free_char(fingerprint);
	ssh_clean_pubkey_hash(&hash);
	return e;
}

static enum err check_host_key(struct transport_ssh *t)
{
	ssh_key key = NULL;
	enum err e;

	if (ssh_get_server_publickey(t->session, &key) != SSH_OK)
		return broken(t, "shows no key");
	e = judge_host_key(t, key);
	ssh_key_free(key);
	return e;
}

static enum err handshake(struct transport_ssh *t)
{
	int rc;

	while ((rc = ssh_connect(t->session)) == SSH_AGAIN)
		TRY(await(t));
	if (rc != SSH_OK)
		return broken(t, "does not answer as an ssh server should");
	return check_host_key(t);
}

static enum err offer_key(struct transport_ssh *t, ssh_key key)
{
	int rc;

	while ((rc = ssh_userauth_publickey(t->session, NULL, key)) == SSH_AUTH_AGAIN)
		TRY(await(t));
	if (rc == SSH_AUTH_SUCCESS)
		return ERR_OK;
	if (rc == SSH_AUTH_ERROR)
		return broken(t, "broke the sign-in off");
	err_set(t->cx, ERR_CREDENTIAL_REFUSED, "%s refused the key of the secret for the user %s",
	        t->url.origin, t->url.user != NULL ? t->url.user : t->options.user);
	err_fix(t->cx,
	        "Give the secret's public key access to the repository there, for instance as a "
	        "deploy key, or store another key.");
	return ERR_CREDENTIAL_REFUSED;
}

static enum err sign_in(struct transport_ssh *t)
{
	const char *phrase = t->options.passphrase;
	ssh_key key = NULL;
	enum err e;

	if (ssh_pki_import_privkey_base64(t->options.private_key, phrase == NULL ? "" : phrase,
	                                  NULL, NULL, &key) != SSH_OK)
		return err_set(t->cx, ERR_UNSEALABLE, "the stored private key cannot be read");
	e = offer_key(t, key);
	ssh_key_free(key); /* wipes */
	return e;
}

/* The path holds nothing that would end the quotes: net_ssh_parse() saw to it. */
static enum err run_git(struct transport_ssh *t)
{
	const char *command = arena_printf(t->cx->arena, "git-upload-pack '%s'", t->url.path);
	int rc;

	t->channel = ssh_channel_new(t->session);
	if (t->channel == NULL)
		return err_set(t->cx, ERR_OUT_OF_MEMORY, "no memory for a channel");
	while ((rc = ssh_channel_open_session(t->channel)) == SSH_AGAIN)
		TRY(await(t));
	if (rc != SSH_OK)
		return broken(t, "opens no channel");
	while ((rc = ssh_channel_request_exec(t->channel, command)) == SSH_AGAIN)
		TRY(await(t));
	return rc == SSH_OK ? ERR_OK : broken(t, "does not serve git");
}

static enum err open_session(struct transport_ssh *t)
{
	const struct net_patience patience = {
		.connect_ms = t->options.connect_ms,
		.cancelled = t->options.cancelled,
		.arg = t->options.arg,
	};

	t->moved_ms = now_ms(t);
	t->end_ms = t->moved_ms + t->options.total_ms;
	TRY(net_connect(t->cx, &t->options.policy, t->url.host, t->url.port, &patience, &t->fd));
	TRY(prepare(t));
	TRY(handshake(t));
	TRY(sign_in(t));
	return run_git(t);
}

/* ---- the stream ---- */

/* The server's first line of complaint, fit to be shown. */
static const char *complaint(struct transport_ssh *t)
{
	char text[SAID_MAX + 1];
	int n = ssh_channel_read_nonblocking(t->channel, text, SAID_MAX, 1);

	if (n <= 0)
		return NULL;
	text[n] = '\0';
	n = (int)strcspn(text, "\r\n");
	for (int i = 0; i < n; i++) {
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f)
			text[i] = '?';
	}
	return arena_strndup(t->cx->arena, text, (size_t)n);
}

static enum err ended_early(struct transport_ssh *t)
{
	const char *said = complaint(t);

	if (said == NULL)
		return err_set(t->cx, ERR_REMOTE_FAILED, "%s ended without an answer",
		               t->url.origin);
	if (strstr(said, "does not appear to be a git repository") != NULL ||
	    strcasestr(said, "not found") != NULL || strcasestr(said, "does not exist") != NULL) {
		err_set(t->cx, ERR_REPO_NOT_FOUND, "%s has no repository at %s for this key",
		        t->url.origin, t->url.path);
		err_fix(t->cx, "Check the spelling of the address, and that the key may read it.");
		return ERR_REPO_NOT_FOUND;
	}
	return err_set(t->cx, ERR_REMOTE_FAILED, "%s says: %s", t->url.origin, said);
}

static enum err count(struct transport_ssh *t, size_t n)
{
	int64_t refs = t->options.max_refs * REF_BYTES + LS_MIN_BYTES;

	t->received += (int64_t)n;
	if (!t->asked && t->received > refs) {
		err_set(t->cx, ERR_REPO_TOO_LARGE, "%s offers more than %lld branches and tags",
		        t->url.text, (long long)t->options.max_refs);
		err_fix(t->cx, "Raise the setting clone_max_refs.");
		return ERR_REPO_TOO_LARGE;
	}
	if (t->received > t->options.max_bytes) {
		err_set(t->cx, ERR_REPO_TOO_LARGE, "%s sends more than %lld bytes", t->url.text,
		        (long long)t->options.max_bytes);
		err_fix(t->cx, "Raise the setting clone_max_bytes.");
		return ERR_REPO_TOO_LARGE;
	}
	return ERR_OK;
}

static enum err read_some(struct transport_ssh *t, char *buffer, size_t max, size_t *ret_n)
{
	for (;;) {
		uint32_t want = max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
		int n = ssh_channel_read_nonblocking(t->channel, buffer, want, 0);

		if (n > 0) {
			t->moved_ms = now_ms(t);
			*ret_n = (size_t)n;
			return count(t, (size_t)n);
		}
		if (n == SSH_EOF || (n == 0 && ssh_channel_is_eof(t->channel))) {
			*ret_n = 0;
			return t->received == 0 ? ended_early(t) : ERR_OK;
		}
		if (n != 0 && n != SSH_AGAIN)
			return broken(t, "broke the connection off");
		TRY(await(t));
	}
}

static int stream_read(git_smart_subtransport_stream *stream, char *buffer, size_t max,
                       size_t *ret_n)
{
	struct transport_ssh *t = ((struct stream *)stream)->transport;
	enum err e = read_some(t, buffer, max, ret_n);

	return e == ERR_OK ? 0 : fail(t, e);
}

static enum err write_all(struct transport_ssh *t, const char *bytes, size_t n)
{
	while (n > 0) {
		uint32_t most = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
		int done = ssh_channel_write(t->channel, bytes, most);

		if (done == SSH_ERROR)
			return broken(t, "takes nothing any more");
		if (done > 0) {
			t->moved_ms = now_ms(t);
			bytes += done;
			n -= (size_t)done;
			continue;
		}
		/* The server's window is full: let the library see that it opens. */
		if (ssh_channel_poll_timeout(t->channel, TICK_MS, 0) == SSH_ERROR)
			return broken(t, "broke the connection off");
		TRY(check_time(t));
	}
	return ERR_OK;
}

static int stream_write(git_smart_subtransport_stream *stream, const char *bytes, size_t n)
{
	struct transport_ssh *t = ((struct stream *)stream)->transport;
	enum err e;

	t->asked = true;
	e = write_all(t, bytes, n);
	return e == ERR_OK ? 0 : fail(t, e);
}

static void stream_free(git_smart_subtransport_stream *stream)
{
	struct stream *s = (struct stream *)stream;

	s->transport->stream = NULL;
	free(s);
}

/* ---- the subtransport ---- */

/* One connection serves both halves: libgit2 asks for the same stream again. */
static int action(git_smart_subtransport_stream **ret, git_smart_subtransport *parent,
                  const char *url, git_smart_service_t what)
{
	struct transport_ssh *t = (struct transport_ssh *)parent;
	struct stream *s = t->stream;
	enum err e;

	(void)url; /* ours was parsed strictly */
	if (what != GIT_SERVICE_UPLOADPACK_LS && what != GIT_SERVICE_UPLOADPACK)
		return fail(t, err_set(t->cx, ERR_INTERNAL, "nothing is ever pushed"));
	if (s != NULL) {
		*ret = &s->parent;
		return 0;
	}
	e = t->session == NULL ? open_session(t)
	                       : err_set(t->cx, ERR_INTERNAL, "a session serves one stream");
	if (e != ERR_OK)
		return fail(t, e);
	s = calloc(1, sizeof(*s));
	assert(s != NULL);
	s->parent = (git_smart_subtransport_stream){
		.subtransport = parent,
		.read = stream_read,
		.write = stream_write,
		.free = stream_free,
	};
	s->transport = t;
	t->stream = s;
	*ret = &s->parent;
	return 0;
}

static int close_subtransport(git_smart_subtransport *parent)
{
	(void)parent; /* the owner closes */
	return 0;
}

static void free_subtransport(git_smart_subtransport *parent)
{
	(void)parent;
}

static int create_subtransport(git_smart_subtransport **ret, git_transport *owner, void *param)
{
	struct transport_ssh *t = param;

	(void)owner;
	*ret = &t->parent;
	return 0;
}

int transport_ssh_create(git_transport **ret, git_remote *owner, void *transport)
{
	struct transport_ssh *t = transport;

	return git_transport_smart(ret, owner, &t->definition);
}

static int64_t or_default(int64_t given, int64_t preset)
{
	return given == 0 ? preset : given;
}

enum err transport_ssh_new(struct ctx *cx, const struct transport_ssh_options *options,
                           const char *url, struct transport_ssh **ret)
{
	struct transport_ssh *t = calloc(1, sizeof(*t));
	enum err e;

	assert(t != NULL);
	t->fd = -1;
	t->parent = (git_smart_subtransport){
		.action = action,
		.close = close_subtransport,
		.free = free_subtransport,
	};
	t->definition = (git_smart_subtransport_definition){
		.callback = create_subtransport,
		.rpc = 0,
		.param = t,
	};
	t->cx = cx;
	t->options = *options;
	t->options.connect_ms = or_default(options->connect_ms, CONNECT_DEFAULT_MS);
	t->options.idle_ms = or_default(options->idle_ms, IDLE_DEFAULT_MS);
	t->options.total_ms = or_default(options->total_ms, TOTAL_DEFAULT_MS);
	e = net_ssh_parse(cx, url, &t->url);
	if (e != ERR_OK)
		transport_ssh_free(&t);
	else
		*ret = t;
	return e;
}

void transport_ssh_free(struct transport_ssh **transport)
{
	struct transport_ssh *t = *transport;

	if (t == NULL)
		return;
	ssh_channel_free(t->channel);
	if (t->session != NULL)
		ssh_disconnect(t->session);
	ssh_free(t->session);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	*transport = NULL;
}

enum err transport_ssh_failure(const struct transport_ssh *t)
{
	if (t->failure.code != ERR_OK)
		t->cx->fault = t->failure;
	return t->failure.code;
}
