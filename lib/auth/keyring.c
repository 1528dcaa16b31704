/* The keyring file, and what is derived from it. */
#include "auth/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX_BYTES     4096
#define KEY_CHARS          43
#define TIME_DIGITS        12
#define LOOK_S             1 /* between two looks at whether the file has changed */
#define RELOAD_ARENA_BYTES ((size_t)64 * 1024)
#define NUMBER_LIMIT       30000 /* fits the smallint that stores it */
#define KDF_CONTEXT        "portolan"

_Static_assert(KEYRING_KEY_BYTES == crypto_kdf_KEYBYTES, "a master key is one of crypto_kdf");

/* One reading of the file, newest first.  Keys are derived once: doing it for each request would cost more than hashing. */
struct ring {
	int n;
	struct {
		int number;
		int64_t from_s;
		unsigned char master[KEYRING_KEY_BYTES];
		unsigned char derived[KEYRING_PURPOSES][KEYRING_KEY_BYTES];
	} keys[KEYRING_MAX];
};

struct keyring {
	struct ring *ring;        /* replaced as a whole, under the lock */
	pthread_rwlock_t lock;    /* of all but looked_s */
	char *path;               /* NULL: not of a file */
	struct stat id;           /* of the file that was read */
	_Atomic int64_t looked_s; /* monotonic, when the file was last looked at */
};

static struct ring *ring_new(void)
{
	struct ring *ring;

	secret_init();
	ring = sodium_malloc(sizeof(*ring)); /* locked, guarded, and left out of core files */
	if (ring == NULL)
		abort();
	memset(ring, 0, sizeof(*ring));
	return ring;
}

static struct keyring *keyring_new(struct ring *ring, const char *path)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (keyring == NULL || pthread_rwlock_init(&keyring->lock, NULL) != 0)
		abort();
	keyring->ring = ring;
	keyring->path = path == NULL ? NULL : strdup(path);
	return keyring;
}

void keyring_free(struct keyring *ring)
{
	if (ring == NULL)
		return;
	sodium_free(ring->ring); /* wipes */
	pthread_rwlock_destroy(&ring->lock);
	free(ring->path);
	free(ring);
}

/* Keep the ring sorted, the newest first. */
static bool ring_put(struct ring *ring, int number, int64_t from_s, const unsigned char *master)
{
	int at = 0;

	while (at < ring->n && ring->keys[at].number > number)
		at++;
	if (ring->n == KEYRING_MAX || (at < ring->n && ring->keys[at].number == number))
		return false;
	memmove(&ring->keys[at + 1], &ring->keys[at],
	        (size_t)(ring->n - at) * sizeof(ring->keys[0]));
	ring->keys[at].number = number;
	ring->keys[at].from_s = from_s;
	memcpy(ring->keys[at].master, master, KEYRING_KEY_BYTES);
	for (int p = KEYRING_API_KEY; p < KEYRING_PURPOSES; p++)
		crypto_kdf_derive_from_key(ring->keys[at].derived[p], KEYRING_KEY_BYTES,
		                           (uint64_t)p, KDF_CONTEXT, master);
	ring->n++;
	return true;
}

/* The newest key whose time has come; when that of none has, the oldest. */
static int ring_newest(const struct ring *ring)
{
	int64_t now = (int64_t)time(NULL);
	int at = 0;

	while (at < ring->n - 1 && ring->keys[at].from_s > now)
		at++;
	return at;
}

/* @ret -1 when there is none */
static int ring_find(const struct ring *ring, int number)
{
	for (int i = 0; i < ring->n; i++) {
		if (ring->keys[i].number == number)
			return i;
	}
	return -1;
}

struct keyring *keyring_of(const unsigned char master[KEYRING_KEY_BYTES])
{
	struct ring *ring = ring_new();

	ring_put(ring, 1, 0, master);
	return keyring_new(ring, NULL);
}

/* --- The file --- */

/* What may follow the key: the time from which it is used.  @ret false when it is none */
static bool read_time(const char *text, size_t n, int64_t *ret)
{
	int64_t time_s = 0;

	if (n < 2 || n > 1 + TIME_DIGITS || text[0] != ' ')
		return false;
	for (size_t i = 1; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		time_s = time_s * 10 + (text[i] - '0');
	}
	*ret = time_s;
	return true;
}

/* One line, "<number> <key>" or "<number> <key> <time>". */
static bool read_line(struct ring *ring, const char *line, size_t n)
{
	unsigned char master[KEYRING_KEY_BYTES];
	int64_t from_s = 0;
	size_t got, head;
	char *end;
	long number;
	bool good;

	if (n == 0 || line[0] < '1' || line[0] > '9')
		return false;
	number = strtol(line, &end, 10);
	head = (size_t)(end + 1 - line) + KEY_CHARS;
	if (number > NUMBER_LIMIT || *end != ' ' || n < head)
		return false;
	if (n > head && !read_time(line + head, n - head, &from_s))
		return false;
	good = secret_base64url_decode(end + 1, KEY_CHARS, master, sizeof(master), &got) &&
	       got == sizeof(master) && ring_put(ring, (int)number, from_s, master);
	secret_wipe(master, sizeof(master));
	return good;
}

static enum err read_text(struct ctx *cx, const char *path, const char *text, struct ring *ring)
{
	int number = 0;

	for (const char *line = text; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		number++;
		if (!read_line(ring, line, n)) {
			err_set(cx, ERR_INVALID, "%s, line %d, is no master key", path, number);
			err_fix(cx,
			        "a line is \"<number> <43 characters of Base64>\", perhaps with a "
			        "time behind it, each number once, at most %d lines; restore the "
			        "file from its copy",
			        KEYRING_MAX);
			return ERR_INVALID;
		}
		line += n + (line[n] == '\n');
	}
	if (ring->n == 0)
		return err_set(cx, ERR_INVALID, "%s holds no master key", path);
	return ERR_OK;
}

/* @ret length, -1 when it cannot be read (errno) or is not its owner's alone (errno 0) */
static ssize_t read_file(const char *path, char text[FILE_MAX_BYTES], struct stat *ret_id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		errno = 0;
		if (S_ISREG(st.st_mode) && (st.st_mode & 0037) == 0 &&
		    ((st.st_mode & 0040) == 0 || st.st_gid == 0))
			n = read(fd, text, FILE_MAX_BYTES - 1);
	}
	close(fd);
	if (n >= 0)
		text[n] = '\0';
	*ret_id = st;
	return n;
}

/* @ret_ring ends with sodium_free() */
static enum err read_ring(struct ctx *cx, const char *path, struct ring **ret, struct stat *ret_id)
{
	char text[FILE_MAX_BYTES];
	struct ring *ring;
	enum err e;

	if (read_file(path, text, ret_id) < 0) {
		err_set(cx, ERR_INVALID, "the master keys in %s cannot be used: %s", path,
		        errno != 0 ? strerror(errno) : "others than the owner may read the file");
		err_fix(cx, "%s",
		        errno == ENOENT
		                ? "restore the file from its copy, or name it by master_key_file; "
		                  "before there was one: portolan keys init"
		        : errno != 0
		                ? "give the file to the account of the service, and to nobody else"
		                : "chmod 600 the file");
		return ERR_INVALID;
	}
	ring = ring_new();
	e = read_text(cx, path, text, ring);
	secret_wipe(text, sizeof(text));
	if (e != ERR_OK)
		sodium_free(ring);
	else
		*ret = ring;
	return e;
}

enum err keyring_open(struct ctx *cx, const char *path, struct keyring **ret)
{
	struct ring *ring;
	struct stat id;

	TRY(read_ring(cx, path, &ring, &id));
	*ret = keyring_new(ring, path);
	(*ret)->id = id;
	return ERR_OK;
}

/* Every key of the ring as a file, without the one of a number. */
static void write_ring(const struct ring *ring, int without, char text[FILE_MAX_BYTES])
{
	size_t n = 0;

	text[0] = '\0';
	for (int i = ring->n - 1; i >= 0; i--) {
		if (ring->keys[i].number == without)
			continue;
		n += (size_t)snprintf(text + n, FILE_MAX_BYTES - n, "%d ", ring->keys[i].number);
		n += secret_base64url(ring->keys[i].master, KEYRING_KEY_BYTES, text + n,
		                      FILE_MAX_BYTES - n);
		if (ring->keys[i].from_s > 0)
			n += (size_t)snprintf(text + n, FILE_MAX_BYTES - n, " %lld",
			                      (long long)ring->keys[i].from_s);
		n += (size_t)snprintf(text + n, FILE_MAX_BYTES - n, "\n");
	}
}

/* The new file belongs to whom the old one did, also when root makes it. */
static bool keep_owner(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT;
	return fchmod(fd, st.st_mode & 0640) == 0 &&
	       (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0);
}

static enum err write_whole(struct ctx *cx, const char *path, const char *text)
{
	const char *temp = arena_printf(cx->arena, "%s.new", path);
	size_t n = strlen(text);
	bool good;
	int fd;

	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	good = fd >= 0 && keep_owner(fd, path) && write(fd, text, n) == (ssize_t)n &&
	       fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good && rename(temp, path) == 0)
		return ERR_OK;
	err_set(cx, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
	err_fix(cx,
	        "run this as the account that owns the file, or change the file where it is made");
	unlink(temp);
	return ERR_INTERNAL;
}

enum err keyring_add(struct ctx *cx, const char *path, int64_t in_s, int *ret_number)
{
	unsigned char master[KEYRING_KEY_BYTES];
	char text[FILE_MAX_BYTES];
	struct ring *ring = NULL;
	struct stat id;
	int number = 1;
	enum err e;

	if (access(path, F_OK) == 0) {
		TRY(read_ring(cx, path, &ring, &id));
		number = ring->keys[0].number + 1;
		if (ring->n == KEYRING_MAX || number > NUMBER_LIMIT) {
			sodium_free(ring);
			err_set(cx, ERR_LIMIT, "%s has its %d keys", path, KEYRING_MAX);
			err_fix(cx, "portolan keys status shows which may be retired");
			return ERR_LIMIT;
		}
	} else {
		ring = ring_new();
	}
	secret_random(master, sizeof(master));
	ring_put(ring, number, in_s > 0 ? (int64_t)time(NULL) + in_s : 0, master);
	secret_wipe(master, sizeof(master));
	write_ring(ring, 0, text);
	sodium_free(ring);
	e = write_whole(cx, path, text);
	secret_wipe(text, sizeof(text));
	if (e == ERR_OK)
		*ret_number = number;
	return e;
}

enum err keyring_remove(struct ctx *cx, const char *path, int number)
{
	char text[FILE_MAX_BYTES];
	struct ring *ring;
	struct stat id;
	int at, used;
	enum err e;

	TRY(read_ring(cx, path, &ring, &id));
	at = ring_find(ring, number);
	used = ring_newest(ring);
	write_ring(ring, number, text);
	sodium_free(ring);
	if (at < 0)
		e = err_set(cx, ERR_NOT_FOUND, "%s has no key %d", path, number);
	else if (at <= used)
		e = err_set(cx, ERR_STATE, "key %d is the one in use, or newer", number);
	else
		e = write_whole(cx, path, text);
	secret_wipe(text, sizeof(text));
	return e;
}

/* --- Following the file --- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Read the file again if it is another one now.  A file that cannot be used changes nothing. */
static void reload(struct keyring *k)
{
	struct arena *arena;
	struct app app = { .component = "keyring" };
	struct ring *ring, *old = NULL;
	struct stat id;
	struct ctx cx;

	if (stat(k->path, &id) != 0)
		return;
	pthread_rwlock_rdlock(&k->lock);
	bool same = same_file(&id, &k->id);
	pthread_rwlock_unlock(&k->lock);
	if (same)
		return;
	arena = arena_new(RELOAD_ARENA_BYTES);
	ctx_begin_unnamed(&cx, &app, arena, NULL);
	if (read_ring(&cx, k->path, &ring, &id) == ERR_OK) {
		pthread_rwlock_wrlock(&k->lock);
		old = k->ring;
		k->ring = ring;
		k->id = id;
		pthread_rwlock_unlock(&k->lock);
		sodium_free(old);
	}
	arena_free(arena);
}

/* Look at the file, at most every LOOK_S unless at once.  Then take the lock for reading. */
static const struct ring *hold(const struct keyring *ring, bool at_once)
{
	struct keyring *k = (struct keyring *)ring;
	int64_t looked = atomic_load_explicit(&k->looked_s, memory_order_relaxed);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (k->path != NULL && (at_once || now.tv_sec - looked >= LOOK_S) &&
	    (atomic_compare_exchange_strong(&k->looked_s, &looked, (int64_t)now.tv_sec) || at_once))
		reload(k);
	pthread_rwlock_rdlock(&k->lock);
	return k->ring;
}

static void let_go(const struct keyring *ring)
{
	pthread_rwlock_unlock(&((struct keyring *)ring)->lock);
}

/* --- Use --- */

int keyring_newest(const struct keyring *ring)
{
	const struct ring *r = hold(ring, false);
	int number = r->keys[ring_newest(r)].number;

	let_go(ring);
	return number;
}

int keyring_list(const struct keyring *ring, struct keyring_key ret[KEYRING_MAX])
{
	const struct ring *r = hold(ring, true);
	int n = r->n, used = ring_newest(r);

	for (int i = 0; i < n; i++)
		ret[i] = (struct keyring_key){
			.number = r->keys[i].number,
			.from_s = r->keys[i].from_s,
			.in_use = i == used,
		};
	let_go(ring);
	return n;
}

bool keyring_derive(const struct keyring *ring, int number, enum keyring_purpose purpose,
                    unsigned char ret[KEYRING_KEY_BYTES])
{
	int at = -1;

	/* One that is not known may be newer than what was read. */
	for (int again = 0; again < 2 && at < 0; again++) {
		const struct ring *r = hold(ring, again == 1);

		at = ring_find(r, number);
		if (at >= 0)
			memcpy(ret, r->keys[at].derived[purpose], KEYRING_KEY_BYTES);
		let_go(ring);
	}
	return at >= 0;
}

int keyring_hash(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes,
                 size_t n, unsigned char ret[SECRET_HASH_BYTES])
{
	const struct ring *r = hold(ring, false);

	int at = ring_newest(r), number = r->keys[at].number;

	secret_hash(bytes, n, r->keys[at].derived[purpose], KEYRING_KEY_BYTES, ret);
	let_go(ring);
	return number;
}

const char *keyring_hashes(struct arena *arena, const struct keyring *ring,
                           enum keyring_purpose purpose, const void *bytes, size_t n)
{
	/* {"\\x<hex>","\\x<hex>"} */
	size_t each = sizeof("\"\\\\x\",") - 1 + 2 * SECRET_HASH_BYTES;
	char *text = arena_alloc(arena, sizeof("{}") + each * KEYRING_MAX), *p = text;
	const struct ring *r = hold(ring, false);

	*p++ = '{';
	for (int i = 0; i < r->n; i++) {
		unsigned char hash[SECRET_HASH_BYTES];

		secret_hash(bytes, n, r->keys[i].derived[purpose], KEYRING_KEY_BYTES, hash);
		if (i > 0)
			*p++ = ',';
		memcpy(p, "\"\\\\x", 4);
		secret_hex(hash, sizeof(hash), p + 4);
		p += 4 + 2 * SECRET_HASH_BYTES;
		*p++ = '"';
	}
	let_go(ring);
	*p++ = '}';
	*p = '\0';
	return text;
}
