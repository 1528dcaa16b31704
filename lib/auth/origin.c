/* Origins of web pages: their form, and what this process remembers of the lists. */
#include "auth/origin.h"

#include "auth/origin_repo.h"
#include "base/secret.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS   1024
#define KEEP_US 3000000 /* how long an answer is believed */

struct origin_memory {
	pthread_mutex_t lock;
	unsigned char keys[2][SECRET_SIP_KEY_BYTES];
	struct {
		uint64_t hash[2]; /* of origin and tenant, under two keys */
		int64_t until_us;
		bool allowed;
	} slots[SLOTS];
};

struct origin_memory *origin_memory_new(void)
{
	struct origin_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL || pthread_mutex_init(&memory->lock, NULL) != 0)
		abort();
	secret_random(memory->keys, sizeof(memory->keys));
	return memory;
}

void origin_memory_free(struct origin_memory *memory)
{
	if (memory == NULL)
		return;
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

/* --- The form --- */

static bool v6_is_sound(const char *text, size_t n)
{
	char address[INET6_ADDRSTRLEN], normal[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (n < 2 || n - 2 >= sizeof(address) || text[n - 1] != ']')
		return false;
	memcpy(address, text + 1, n - 2);
	address[n - 2] = '\0';
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       inet_ntop(AF_INET6, &v6, normal, sizeof(normal)) != NULL &&
	       strcmp(address, normal) == 0;
}

/* Labels of small letters, digits, hyphens and underscores with single dots between them. */
static bool name_is_sound(const char *text, size_t n)
{
	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool dot = text[i] == '.';

		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", text[i]) == NULL ||
		    (dot && (i == 0 || i + 1 == n || text[i - 1] == '.')))
			return false;
	}
	return true;
}

static bool port_is_sound(const char *text, int usual)
{
	size_t n = strspn(text, "0123456789");
	int port = 0;

	if (n == 0 || n > 5 || text[n] != '\0' || text[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (text[i] - '0');
	return port <= 65535 && port != usual;
}

bool origin_is_sound(const char *text)
{
	static const char HTTP[] = "http://", HTTPS[] = "https://";
	bool secure = strncmp(text, HTTPS, sizeof(HTTPS) - 1) == 0;
	const char *host, *end;

	if (strnlen(text, ORIGIN_MAX + 1) > ORIGIN_MAX)
		return false;
	if (!secure && strncmp(text, HTTP, sizeof(HTTP) - 1) != 0)
		return false;
	host = text + (secure ? sizeof(HTTPS) : sizeof(HTTP)) - 1;
	end = host + strcspn(host, *host == '[' ? "]" : ":");
	end += *end == ']';
	if (*host == '[' ? !v6_is_sound(host, (size_t)(end - host))
	                 : !name_is_sound(host, (size_t)(end - host)))
		return false;
	return *end == '\0' || (*end == ':' && port_is_sound(end + 1, secure ? 443 : 80));
}

/* --- Who may --- */

static size_t slot_of(const struct origin_memory *m, const char *origin, int64_t tenant_id,
                      uint64_t hash[2])
{
	char text[ORIGIN_MAX + 1 + sizeof(tenant_id)];
	size_t n = strlen(origin);

	memcpy(text, &tenant_id, sizeof(tenant_id));
	memcpy(text + sizeof(tenant_id), origin, n);
	n += sizeof(tenant_id);
	hash[0] = secret_siphash(text, n, m->keys[0]);
	hash[1] = secret_siphash(text, n, m->keys[1]);
	return hash[0] % SLOTS;
}

/* @ret false when nothing is remembered */
static bool recall(const struct ctx *cx, const char *origin, int64_t tenant_id, bool *ret)
{
	struct origin_memory *m = cx->app->origins;
	const struct clock *clock = cx->app->clock;
	uint64_t hash[2];
	size_t i = slot_of(m, origin, tenant_id, hash);
	bool known;

	pthread_mutex_lock(&m->lock);
	known = memcmp(m->slots[i].hash, hash, sizeof(hash)) == 0 &&
	        clock->mono_us(clock) < m->slots[i].until_us;
	*ret = known && m->slots[i].allowed;
	pthread_mutex_unlock(&m->lock);
	return known;
}

static void remember(const struct ctx *cx, const char *origin, int64_t tenant_id, bool allowed)
{
	struct origin_memory *m = cx->app->origins;
	const struct clock *clock = cx->app->clock;
	uint64_t hash[2];
	size_t i = slot_of(m, origin, tenant_id, hash);

	pthread_mutex_lock(&m->lock);
	memcpy(m->slots[i].hash, hash, sizeof(hash));
	m->slots[i].until_us = clock->mono_us(clock) + KEEP_US;
	m->slots[i].allowed = allowed;
	pthread_mutex_unlock(&m->lock);
}

bool origin_remembered(const struct ctx *cx, const char *origin)
{
	bool allowed = false;

	if (cx->app->origins != NULL && origin_is_sound(origin))
		(void)recall(cx, origin, 0, &allowed);
	return allowed;
}

enum err origin_allowed(struct ctx *cx, const char *origin, int64_t tenant_id, bool *ret)
{
	*ret = false;
	if (cx->app->origins == NULL || !origin_is_sound(origin) ||
	    recall(cx, origin, tenant_id, ret))
		return ERR_OK;
	TRY(origin_repo_allows(cx, origin, tenant_id, ret));
	remember(cx, origin, tenant_id, *ret);
	return ERR_OK;
}
