/* The keyring file, and what is derived from it. */
#include "auth/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 4096
#define KEY_CHARS      43
#define NUMBER_LIMIT   30000 /* fits the smallint that stores it */
#define KDF_CONTEXT    "portolan"

_Static_assert(KEYRING_KEY_BYTES == crypto_kdf_KEYBYTES, "a master key is one of crypto_kdf");

/* Newest first.  The derived keys are made once: deriving for each request would cost more than hashing. */
struct keyring {
	int n;
	struct {
		int number;
		unsigned char master[KEYRING_KEY_BYTES];
		unsigned char derived[KEYRING_SEAL + 1][KEYRING_KEY_BYTES];
	} keys[KEYRING_MAX];
};

static struct keyring *ring_new(void)
{
	struct keyring *ring;

	secret_init();
	ring = sodium_malloc(sizeof(*ring)); /* locked, guarded, and left out of core files */
	if (ring == NULL)
		abort();
	memset(ring, 0, sizeof(*ring));
	return ring;
}

void keyring_free(struct keyring *ring)
{
	sodium_free(ring); /* wipes */
}

/* Keep the ring sorted, the newest first. */
static bool ring_put(struct keyring *ring, int number, const unsigned char *master)
{
	int at = 0;

	while (at < ring->n && ring->keys[at].number > number)
		at++;
	if (ring->n == KEYRING_MAX || (at < ring->n && ring->keys[at].number == number))
		return false;
	memmove(&ring->keys[at + 1], &ring->keys[at],
	        (size_t)(ring->n - at) * sizeof(ring->keys[0]));
	ring->keys[at].number = number;
	memcpy(ring->keys[at].master, master, KEYRING_KEY_BYTES);
	for (int p = KEYRING_API_KEY; p <= KEYRING_SEAL; p++)
		crypto_kdf_derive_from_key(ring->keys[at].derived[p], KEYRING_KEY_BYTES,
		                           (uint64_t)p, KDF_CONTEXT, master);
	ring->n++;
	return true;
}

struct keyring *keyring_of(const unsigned char master[KEYRING_KEY_BYTES])
{
	struct keyring *ring = ring_new();

	ring_put(ring, 1, master);
	return ring;
}

/* --- The file --- */

/* One line, "<number> <key>". */
static bool read_line(struct keyring *ring, const char *line, size_t n)
{
	unsigned char master[KEYRING_KEY_BYTES];
	size_t got;
	char *end;
	long number;
	bool good;

	if (n == 0 || line[0] < '1' || line[0] > '9')
		return false;
	number = strtol(line, &end, 10);
	if (number > NUMBER_LIMIT || *end != ' ' || n != (size_t)(end + 1 - line) + KEY_CHARS)
		return false;
	good = secret_base64url_decode(end + 1, KEY_CHARS, master, sizeof(master), &got) &&
	       got == sizeof(master) && ring_put(ring, (int)number, master);
	secret_wipe(master, sizeof(master));
	return good;
}

static enum err read_text(struct ctx *cx, const char *path, const char *text, struct keyring *ring)
{
	int number = 0;

	for (const char *line = text; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		number++;
		if (!read_line(ring, line, n)) {
			err_set(cx, ERR_INVALID, "%s, line %d, is no master key", path, number);
			err_fix(cx,
			        "a line is \"<number> <43 characters of Base64>\", each number once, "
			        "at most %d lines; restore the file from its copy",
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
static ssize_t read_file(const char *path, char text[FILE_MAX_BYTES])
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
	return n;
}

enum err keyring_open(struct ctx *cx, const char *path, struct keyring **ret)
{
	char text[FILE_MAX_BYTES];
	struct keyring *ring;
	enum err e;

	if (read_file(path, text) < 0) {
		err_set(cx, ERR_INVALID, "the master keys in %s cannot be used: %s", path,
		        errno != 0 ? strerror(errno) : "others than the owner may read the file");
		err_fix(cx,
		        errno != 0 ? "run `portolan keys init`, or name the file by master_key_file"
		                   : "chmod 600 the file");
		return ERR_INVALID;
	}
	ring = ring_new();
	e = read_text(cx, path, text, ring);
	secret_wipe(text, sizeof(text));
	if (e != ERR_OK)
		keyring_free(ring);
	else
		*ret = ring;
	return e;
}

static enum err write_whole(struct ctx *cx, const char *path, const char *text)
{
	const char *temp = arena_printf(cx->arena, "%s.new", path);
	size_t n = strlen(text);
	bool good;
	int fd;

	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	good = fd >= 0 && write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good && rename(temp, path) == 0)
		return ERR_OK;
	err_set(cx, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
	unlink(temp);
	return ERR_INTERNAL;
}

enum err keyring_add(struct ctx *cx, const char *path, int *ret_number)
{
	unsigned char master[KEYRING_KEY_BYTES];
	char text[FILE_MAX_BYTES] = "";
	struct keyring *ring = NULL;
	int number = 1;
	size_t n;
	enum err e;

	if (access(path, F_OK) == 0) {
		TRY(keyring_open(cx, path, &ring));
		number = keyring_newest(ring) + 1;
		e = ring->n < KEYRING_MAX && number <= NUMBER_LIMIT ? ERR_OK : ERR_LIMIT;
		keyring_free(ring);
		if (e != ERR_OK)
			return err_set(cx, e, "%s has its %d keys", path, KEYRING_MAX);
		if (read_file(path, text) < 0)
			return err_set(cx, ERR_INVALID, "%s cannot be read", path);
	}
	n = strlen(text);
	if (n > 0 && text[n - 1] != '\n')
		text[n++] = '\n';
	n += (size_t)snprintf(text + n, sizeof(text) - n, "%d ", number);
	secret_random(master, sizeof(master));
	n += secret_base64url(master, sizeof(master), text + n, sizeof(text) - n);
	secret_wipe(master, sizeof(master));
	snprintf(text + n, sizeof(text) - n, "\n");
	e = write_whole(cx, path, text);
	secret_wipe(text, sizeof(text));
	if (e == ERR_OK)
		*ret_number = number;
	return e;
}

/* --- Use --- */

int keyring_newest(const struct keyring *ring)
{
	return ring->keys[0].number;
}

int keyring_count(const struct keyring *ring)
{
	return ring->n;
}

int keyring_number(const struct keyring *ring, int i)
{
	assert(i >= 0 && i < ring->n);
	return ring->keys[i].number;
}

bool keyring_derive(const struct keyring *ring, int number, enum keyring_purpose purpose,
                    unsigned char ret[KEYRING_KEY_BYTES])
{
	for (int i = 0; i < ring->n; i++) {
		if (ring->keys[i].number != number)
			continue;
		memcpy(ret, ring->keys[i].derived[purpose], KEYRING_KEY_BYTES);
		return true;
	}
	return false;
}

void keyring_hash(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes,
                  size_t n, unsigned char ret[SECRET_HASH_BYTES])
{
	secret_hash(bytes, n, ring->keys[0].derived[purpose], KEYRING_KEY_BYTES, ret);
}

const char *keyring_hashes(struct arena *arena, const struct keyring *ring,
                           enum keyring_purpose purpose, const void *bytes, size_t n)
{
	/* {"\\x<hex>","\\x<hex>"} */
	size_t each = sizeof("\"\\\\x\",") - 1 + 2 * SECRET_HASH_BYTES;
	char *text = arena_alloc(arena, sizeof("{}") + each * (size_t)ring->n), *p = text;

	*p++ = '{';
	for (int i = 0; i < ring->n; i++) {
		unsigned char hash[SECRET_HASH_BYTES];

		secret_hash(bytes, n, ring->keys[i].derived[purpose], KEYRING_KEY_BYTES, hash);
		if (i > 0)
			*p++ = ',';
		memcpy(p, "\"\\\\x", 4);
		secret_hex(hash, sizeof(hash), p + 4);
		p += 4 + 2 * SECRET_HASH_BYTES;
		*p++ = '"';
	}
	*p++ = '}';
	*p = '\0';
	return text;
}
