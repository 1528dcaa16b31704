/*
 * Objects out of packs: the same bytes as libgit2's, and nothing at all of what is not plain, damaged
 * or made to harm.  (B4, T5)
 */
#include "git_repo.h"
#include "maps/pack.h"

#include <git2.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX ((uint64_t)1 << 20)

/* Versions of one long file, each a line longer, so that git makes chains of deltas. */
static void make_versions(struct git_repo *repo, int n)
{
	struct ctx *cx = repo->cx;
	struct sb s = sb_new(cx->arena, 1 << 22), text = sb_new(cx->arena, 1 << 20);

	for (int i = 0; i < 200; i++)
		sb_addf(&text, "line %d of the first version %x\n", i, i * 2654435761u);
	for (int day = 1; day <= n; day++) {
		sb_addf(&text, "line of day %d %x\n", day, (unsigned)day * 40503u);
		sb_addf(&s,
		        "commit refs/heads/main\ncommitter C <c@example.com> %d +0000\n"
		        "data 1\nx\n",
		        86400 * day);
		sb_addf(&s, "M 100644 inline d/a.c\ndata %zu\n%s\n", text.len, text.data);
		sb_addf(&s, "M 100644 inline d/empty%d\ndata 0\n\n", day);
	}
	git_repo_import(repo, &s);
}

static char *objects_of(const struct git_repo *repo)
{
	return arena_printf(repo->cx->arena, "%s/objects", repo->path);
}

/* Compare each object that git lists.  @ret how many there are */
static size_t compare_all(struct git_repo *repo, struct packs *packs)
{
	char *list = arena_strdup(
		repo->cx->arena,
		git_repo_run(repo, "cat-file --batch-all-objects --batch-check='%%(objectname)'"));
	git_odb *odb = NULL;
	size_t n = 0;

	assert_true(git_libgit2_init() > 0);
	assert_int_equal(git_odb_open(&odb, objects_of(repo)), 0);
	for (char *id = strtok(list, "\n"); id != NULL; id = strtok(NULL, "\n"), n++) {
		git_odb_object *told = NULL;
		struct pack_object *read;
		git_oid oid;

		assert_int_equal(git_oid_fromstr(&oid, id), 0);
		assert_int_equal(git_odb_read(&told, odb, &oid), 0);
		read = packs_read(packs, oid.id, MAX);
		assert_non_null(read);
		assert_int_equal(read->len, git_odb_object_size(told));
		assert_int_equal(read->type, git_odb_object_type(told));
		assert_memory_equal(read->data, git_odb_object_data(told), read->len + 1);
		pack_object_free(read);
		git_odb_object_free(told);
	}
	git_odb_free(odb);
	git_libgit2_shutdown();
	return n;
}

static void check_repack(struct git_repo *repo, const char *offsets)
{
	struct packs *packs;
	const char *bases;

	git_repo_run(repo, "config repack.useDeltaBaseOffset %s", offsets);
	git_repo_run(repo, "repack -adfq --depth=20");
	bases = git_repo_run(repo, "cat-file --batch-all-objects --batch-check='%%(deltabase)'");
	assert_true(strspn(bases, "0\n") < strlen(bases));
	packs = packs_open(objects_of(repo));
	assert_non_null(packs);
	assert_true(compare_all(repo, packs) > 60);
	packs_close(packs);
}

static void test_pack__same_as_libgit2(void **state)
{
	struct git_repo repo;

	git_repo_new(fixture_ctx(*state), &repo);
	make_versions(&repo, 30);
	check_repack(&repo, "true");
	check_repack(&repo, "false");
	git_repo_end(&repo);
}

/* Several packs, one of which has nothing but its index. */
static void test_pack__several(void **state)
{
	struct git_repo repo;
	struct packs *packs;
	char *index;

	git_repo_new(fixture_ctx(*state), &repo);
	make_versions(&repo, 3);
	git_repo_run(&repo, "repack -adq");
	make_versions(&repo, 5);
	git_repo_run(&repo, "repack -dq");
	index = arena_printf(repo.cx->arena, "%s/pack/pack-alone.idx", objects_of(&repo));
	fclose(fopen(index, "w"));
	packs = packs_open(objects_of(&repo));
	assert_non_null(packs);
	assert_true(compare_all(&repo, packs) > 20);
	packs_close(packs);
	git_repo_end(&repo);
}

static void test_pack__left_to_libgit2(void **state)
{
	static const unsigned char NOWHERE[20] = { 1 };
	struct git_repo repo;
	struct packs *packs;
	git_oid oid;

	git_repo_new(fixture_ctx(*state), &repo);
	assert_null(packs_open(objects_of(&repo)));
	assert_null(packs_open("/nowhere"));
	make_versions(&repo, 2);
	git_repo_run(&repo, "repack -adq");
	packs = packs_open(objects_of(&repo));
	assert_null(packs_read(packs, NOWHERE, MAX));
	assert_int_equal(git_oid_fromstrn(&oid, git_repo_run(&repo, "rev-parse main:d/a.c"), 40),
	                 0);
	assert_null(packs_read(packs, oid.id, 100));
	packs_close(packs);
	git_repo_end(&repo);
}

/* --- Hostile ones --- */

struct raw {
	char objects[32], index[64], pack[64];
};

static void put_file(const char *path, const void *bytes, size_t n)
{
	FILE *f;

	unlink(path); /* git's own may not be written */
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A pack of one entry, whose object has the id 01 00 ... 00. */
static void raw_write(struct raw *raw, const void *entry, size_t n)
{
	unsigned char index[8 + 1024 + 28 + 40] = "\377tOc\0\0\0\2", pack[4096] = "PACK";

	for (size_t i = 1; i < 256; i++)
		index[8 + 4 * i + 3] = 1;
	index[8 + 1024] = 1;
	index[8 + 1024 + 27] = 12;
	assert_true(n < sizeof(pack) - 12);
	memcpy(pack + 12, entry, n);
	put_file(raw->index, index, sizeof(index));
	put_file(raw->pack, pack, 12 + n);
}

static void raw_new(struct raw *raw)
{
	char folder[48];

	snprintf(raw->objects, sizeof(raw->objects), "/tmp/portolan-pack.XXXXXX");
	assert_non_null(mkdtemp(raw->objects));
	snprintf(folder, sizeof(folder), "%s/pack", raw->objects);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(raw->index, sizeof(raw->index), "%s/pack-a.idx", folder);
	snprintf(raw->pack, sizeof(raw->pack), "%s/pack-a.pack", folder);
}

static void raw_end(const struct raw *raw)
{
	char folder[48];

	snprintf(folder, sizeof(folder), "%s/pack", raw->objects);
	unlink(raw->index);
	unlink(raw->pack);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(raw->objects), 0);
}

static const unsigned char ONE[20] = { 1 };

/* @ret what the one object is; NULL when it is not given */
static const char *raw_read(struct fixture *f, const struct raw *raw)
{
	struct packs *packs = packs_open(raw->objects);
	struct pack_object *object = packs != NULL ? packs_read(packs, ONE, MAX) : NULL;
	const char *text =
		object != NULL ? arena_strndup(f->arena, object->data, object->len) : NULL;

	pack_object_free(object);
	packs_close(packs);
	return text;
}

#define ZLIB_HI "\x78\x9c\xcb\xc8\x04\x00\x01\x3b\x00\xd2" /* "hi", its sum at the end */

static void test_pack__made_to_harm(void **state)
{
	unsigned char self[40] = { 0x72, 1 }; /* a delta whose base is itself, by id */
	struct raw raw;

	raw_new(&raw);
	raw_write(&raw, "\x32" ZLIB_HI, 11);
	assert_string_equal(raw_read(*state, &raw), "hi");
	raw_write(&raw, "\x33" ZLIB_HI, 11); /* more told than there is */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, "\x31" ZLIB_HI, 11); /* less */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, "\x32" ZLIB_HI, 8); /* cut */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, "\xb2\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	          11); /* a length without end */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, "\x62\x0c" ZLIB_HI, 12); /* the base stands in the pack's own head */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, "\x62\x7f" ZLIB_HI, 12); /* ... before its start */
	assert_null(raw_read(*state, &raw));
	raw_write(&raw, self, sizeof(self));
	assert_null(raw_read(*state, &raw));
	raw_end(&raw);
}

static unsigned char *take_file(struct ctx *cx, const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	unsigned char *bytes = arena_alloc(cx->arena, 1 << 16);

	assert_non_null(f);
	*n = fread(bytes, 1, 1 << 16, f);
	fclose(f);
	return bytes;
}

/* Each bit of a byte of the file turned over in turn; what is still read is no larger than it may be. */
static void turn_bytes(struct ctx *cx, const char *path, const char *objects,
                       const unsigned char *oid)
{
	size_t n;
	unsigned char *bytes = take_file(cx, path, &n);

	for (size_t i = 0; i < n; i++) {
		struct packs *packs;
		struct pack_object *object = NULL;
		unsigned char was = bytes[i];

		bytes[i] = (unsigned char)(was ^ (1u << (i % 8)));
		put_file(path, bytes, n);
		packs = packs_open(objects);
		if (packs != NULL)
			object = packs_read(packs, oid, MAX);
		assert_true(object == NULL || object->len <= MAX);
		pack_object_free(object);
		packs_close(packs);
		bytes[i] = was;
	}
	put_file(path, bytes, n);
}

/* The one pack's file that ends so. */
static const char *file_of(const struct git_repo *repo, const char *ending)
{
	glob_t found;
	const char *path;

	assert_int_equal(
		glob(arena_printf(repo->cx->arena, "%s/pack/*.%s", objects_of(repo), ending), 0,
	             NULL, &found),
		0);
	assert_int_equal(found.gl_pathc, 1);
	path = arena_strdup(repo->cx->arena, found.gl_pathv[0]);
	globfree(&found);
	return path;
}

static void test_pack__damage(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct git_repo repo;
	git_oid oid;

	git_repo_new(cx, &repo);
	make_versions(&repo, 4);
	git_repo_run(&repo, "repack -adfq");
	assert_int_equal(git_oid_fromstrn(&oid, git_repo_run(&repo, "rev-parse main~3:d/a.c"), 40),
	                 0);
	turn_bytes(cx, file_of(&repo, "idx"), objects_of(&repo), oid.id);
	turn_bytes(cx, file_of(&repo, "pack"), objects_of(&repo), oid.id);
	git_repo_end(&repo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack__same_as_libgit2),
		cmocka_unit_test(test_pack__several),
		cmocka_unit_test(test_pack__left_to_libgit2),
		cmocka_unit_test(test_pack__made_to_harm),
		cmocka_unit_test(test_pack__damage),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
