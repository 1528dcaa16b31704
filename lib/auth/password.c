/* Hashes of passwords by libsodium, and the turns in which they are computed. */
#include "auth/password.h"

#include "base/secret.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SALT_BYTES  crypto_pwhash_SALTBYTES
#define SALT_CHARS  22
#define HASH_BYTES  32
#define WAIT_MS     5000 /* for a turn */
#define PAUSE_MS    5    /* between two looks */
#define MEMORY_UNIT 1024 /* of m= */

struct password_gate {
	int most;
	atomic_int inside;
};

struct password_gate *password_gate_new(int most)
{
	struct password_gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		abort();
	gate->most = most > 0 ? most : 1;
	return gate;
}

void password_gate_free(struct password_gate *gate)
{
	free(gate);
}

/* --- Turns --- */

/* A locked file of run_dir, or -1: errno is EWOULDBLOCK when it is another's. */
static int try_place(struct ctx *cx, int64_t i)
{
	const char *dir = cx->app->config->run_dir;
	char path[4096];
	int fd, saved;

	snprintf(path, sizeof(path), "%s/password.%lld.lock", dir, (long long)i);
	/* To read, which locking needs no more than: root's command line may have made the file. */
	fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno == ENOENT && mkdir(dir, 0700) == 0)
		fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum err too_many(struct ctx *cx)
{
	return err_set(cx, ERR_UNAVAILABLE,
	               "Too many people are signing in at this moment; try again in a second.");
}

static enum err wait_place(struct ctx *cx, struct password_turn *turn)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int64_t places = cx->app->config->password_hashes_max;

	for (int waited = 0; waited < WAIT_MS && ctx_left_ms(cx) > 0; waited += PAUSE_MS) {
		for (int64_t i = 0; i < places; i++) {
			int fd = try_place(cx, i);

			if (fd >= 0) {
				turn->fd = fd + 1;
				return ERR_OK;
			}
			if (errno != EWOULDBLOCK && errno != EINTR) {
				err_set(cx, ERR_UNAVAILABLE, "Nobody can sign in right now.");
				err_cause(cx, "run_dir %s: %s", cx->app->config->run_dir,
				          strerror(errno));
				return ERR_UNAVAILABLE;
			}
		}
		nanosleep(&pause, NULL);
	}
	return too_many(cx);
}

enum err password_turn_begin(struct ctx *cx, struct password_turn *turn)
{
	struct password_gate *gate = cx->app->passwords;

	assert(turn->gate == NULL && turn->fd == 0);
	if (gate != NULL) {
		if (atomic_fetch_add(&gate->inside, 1) >= gate->most) {
			atomic_fetch_sub(&gate->inside, 1);
			return too_many(cx);
		}
		turn->gate = gate;
	}
	return wait_place(cx, turn);
}

void password_turn_end(struct password_turn *turn)
{
	if (turn->fd > 0)
		close(turn->fd - 1); /* which unlocks it */
	if (turn->gate != NULL)
		atomic_fetch_sub(&turn->gate->inside, 1);
	*turn = (struct password_turn){ 0 };
}

/* --- Hashes --- */

/* What a hash costs, and its salt. */
struct recipe {
	unsigned long long passes;
	size_t memory_bytes;
	unsigned char salt[SALT_BYTES];
};

/* The beginning of a hash, as app.password_salt() gives it. */
static bool read_recipe(const char *salted, struct recipe *ret)
{
	unsigned memory, passes;
	int at = 0;
	size_t n;

	if (sscanf(salted, "$argon2id$v=19$m=%7u,t=%3u,p=1$%n", &memory, &passes, &at) != 2 ||
	    at == 0 || strlen(salted + at) != SALT_CHARS)
		return false;
	ret->memory_bytes = (size_t)memory * MEMORY_UNIT;
	ret->passes = passes;
	return sodium_base642bin(ret->salt, sizeof(ret->salt), salted + at, SALT_CHARS, NULL, &n,
	                         NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
	       n == sizeof(ret->salt);
}

static struct recipe fresh_recipe(const struct ctx *cx)
{
	struct recipe r = {
		.passes = (unsigned long long)cx->app->config->password_passes,
		.memory_bytes = (size_t)cx->app->config->password_memory_bytes,
	};

	secret_random(r.salt, sizeof(r.salt));
	return r;
}

/* libsodium's own text form takes a salt of its own choice only, so the text is made here. */
static enum err compute(struct ctx *cx, const struct recipe *r, const char *password,
                        char ret[PASSWORD_HASH_MAX])
{
	unsigned char hash[HASH_BYTES];
	size_t n;

	if (crypto_pwhash(hash, sizeof(hash), password, strlen(password), r->salt, r->passes,
	                  r->memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
		err_set(cx, ERR_UNAVAILABLE, "Nobody can sign in right now.");
		err_cause(cx, "argon2id with %zu bytes: %s", r->memory_bytes, strerror(errno));
		return ERR_UNAVAILABLE;
	}
	n = (size_t)snprintf(ret, PASSWORD_HASH_MAX, "$argon2id$v=19$m=%zu,t=%llu,p=1$",
	                     r->memory_bytes / MEMORY_UNIT, r->passes);
	sodium_bin2base64(ret + n, PASSWORD_HASH_MAX - n, r->salt, sizeof(r->salt),
	                  sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	n = strlen(ret);
	ret[n++] = '$';
	sodium_bin2base64(ret + n, PASSWORD_HASH_MAX - n, hash, sizeof(hash),
	                  sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	secret_wipe(hash, sizeof(hash));
	return ERR_OK;
}

enum err password_hash(struct ctx *cx, const char *password, char ret[PASSWORD_HASH_MAX])
{
	struct recipe r = fresh_recipe(cx);

	return compute(cx, &r, password, ret);
}

enum err password_prove(struct ctx *cx, const char *salted, const char *password,
                        char ret[PASSWORD_HASH_MAX])
{
	struct recipe r;

	if (salted == NULL)
		r = fresh_recipe(cx);
	else if (!read_recipe(salted, &r))
		return err_set(cx, ERR_INTERNAL, "the stored hash is not of a known form");
	return compute(cx, &r, password, ret);
}

bool password_is_cheap(const struct ctx *cx, const char *salted)
{
	struct recipe r;

	return salted != NULL && read_recipe(salted, &r) &&
	       (r.passes < (unsigned long long)cx->app->config->password_passes ||
	        r.memory_bytes / MEMORY_UNIT <
	                (size_t)cx->app->config->password_memory_bytes / MEMORY_UNIT);
}

void password_random(char ret[PASSWORD_RANDOM_MAX])
{
	unsigned char bytes[18];

	secret_random(bytes, sizeof(bytes));
	secret_base64url(bytes, sizeof(bytes), ret, PASSWORD_RANDOM_MAX);
	secret_wipe(bytes, sizeof(bytes));
}
