/*
 * Fuzz: a settings file, environment variables and flags of any bytes.
 *
 * The file is what stands before the first NUL; each text after one is a variable and a flag.
 */
#include "config/config.h"

#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define TEXTS_MAX   16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void show_all(struct arena *arena, const struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		struct config_entry entry = config_entry(arena, config, i);

		if (entry.value == NULL || entry.origin == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = { .arena = arena };
	char *text = arena_strndup(arena, (const char *)data, n), path[64];
	const char *env[TEXTS_MAX + 1] = { NULL };
	size_t texts = 0;
	int fd = memfd_create("settings", MFD_CLOEXEC);
	const struct config *config;

	secret_init();
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t at = strlen(text) + 1; at < n && texts < TEXTS_MAX; at += strlen(text + at) + 1)
		env[texts++] = text + at;
	if (config_load(&cx,
	                &(struct config_sources){
				.file = path, .env = env, .sets = env, .nsets = texts },
	                &config) == ERR_OK)
		show_all(arena, config);
	else if (cx.fault.nfields == 0)
		abort();
	close(fd);
	arena_free(arena);
	return 0;
}
