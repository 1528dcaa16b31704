/*
 * Makes lib/maps/licence_texts.def from a folder of licence texts, "MIT.txt"
 * and so on (from the SPDX list):
 *
 *     licence_tool FOLDER > lib/maps/licence_texts.def
 *
 * What follows the terms (how to apply them) is cut off: repositories often
 * leave it out.  Licences of which one has most of the runs of another are a
 * family, named by its first member.
 */
#include "maps/licence.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXTS_MAX 200
#define TEXT_MAX  ((size_t)200 * 1024)
#define RELATED   60 /* percent */

struct row {
	char id[64];
	struct span text;
	uint32_t sketch[LICENCE_SKETCH], words;
	size_t n, family;
};

static const char *read_file(struct arena *arena, const char *path, size_t *len)
{
	char *text = arena_alloc(arena, TEXT_MAX);
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(1);
	}
	*len = fread(text, 1, TEXT_MAX, f);
	fclose(f);
	return text;
}

static struct span terms(struct span text)
{
	static const char END[] = "END OF TERMS AND CONDITIONS";
	const char *at = memmem(text.data, text.len, END, sizeof(END) - 1);

	return at ? (struct span){ text.data, (size_t)(at - text.data) } : text;
}

static int by_id(const void *a, const void *b)
{
	return strcasecmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* How much of b's sketch stands in all of a's runs, in percent. */
static size_t share(const uint32_t *all, size_t n, const struct row *b)
{
	size_t hits = 0;

	for (size_t i = 0; i < b->n; i++)
		hits += bsearch(&b->sketch[i], all, n, sizeof(*all), by_value) != NULL;
	return b->n ? hits * 100 / b->n : 0;
}

/* Compare all texts with what text @i has in it. */
static void relate(struct arena *arena, struct row *rows, size_t n, size_t i)
{
	uint32_t *all;
	size_t nall = licence_shingles(arena, rows[i].text, &all);

	for (size_t k = 0; k < n; k++) {
		size_t percent = k == i ? 0 : share(all, nall, &rows[k]);
		size_t a = rows[k].family, b = rows[i].family;

		if (percent < RELATED)
			continue;
		for (size_t m = 0; m < n; m++)
			if (rows[m].family == (a > b ? a : b))
				rows[m].family = a > b ? b : a;
	}
}

int main(int argc, char **argv)
{
	static struct row rows[TEXTS_MAX];
	struct arena *arena = arena_new((size_t)1 << 30);
	DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	size_t n = 0;

	if (!dir) {
		fprintf(stderr, "usage: licence_tool FOLDER\n");
		return 1;
	}
	while ((entry = readdir(dir)) != NULL && n < TEXTS_MAX) {
		char *end = strstr(entry->d_name, ".txt");
		struct row *row = &rows[n];
		size_t len;

		if (!end || (size_t)(end - entry->d_name) >= sizeof(row->id))
			continue;
		memcpy(row->id, entry->d_name, (size_t)(end - entry->d_name));
		const char *text = read_file(
			arena, arena_printf(arena, "%s/%s", argv[1], entry->d_name), &len);

		row->text = terms((struct span){ text, len });
		row->n = licence_sketch(arena, row->text, row->sketch, &row->words);
		n++;
	}
	closedir(dir);
	qsort(rows, n, sizeof(rows[0]), by_id);
	for (size_t i = 0; i < n; i++)
		rows[i].family = i;
	for (size_t i = 0; i < n; i++)
		relate(arena, rows, n, i);
	printf("/* Made by tests/bench/licence_tool.c from the texts of the SPDX licence list, CC0-1.0. */\n");
	for (size_t i = 0; i < n; i++) {
		printf("LICENCE_TEXT(\"%s\", \"%s\", %u, %zu", rows[i].id, rows[rows[i].family].id,
		       rows[i].words, rows[i].n);
		for (size_t k = 0; k < rows[i].n; k++)
			printf(",%s0x%x", k % 8 == 0 ? "\n             " : " ", rows[i].sketch[k]);
		printf(")\n");
	}
	arena_free(arena);
	return 0;
}
