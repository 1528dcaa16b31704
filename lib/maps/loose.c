/* Loose: a stream of the object, counted. */
#include "maps/loose.h"

#include <stdio.h>
#include <sys/stat.h>

#define CHUNK_BYTES ((size_t)16 << 10)
#define PATH_BYTES  4096
#define FIRST_BYTES 256 /* folders "00" to "ff" */

bool loose_is_whole(git_odb *odb, const git_oid *oid)
{
	git_odb_stream *stream = NULL;
	git_object_t type;
	size_t told, found = 0;
	char chunk[CHUNK_BYTES];
	int n;

	/* only the store of loose objects has streams */
	if (git_odb_open_rstream(&stream, &told, &type, odb, oid) != 0)
		return true;
	while ((n = git_odb_stream_read(stream, chunk, sizeof(chunk))) > 0 && found <= told)
		found += (size_t)n;
	git_odb_stream_free(stream);
	return n == 0 && found == told;
}

bool loose_may_be(const char *objects)
{
	char path[PATH_BYTES];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/info/alternates", objects) >= (int)sizeof(path) ||
	    stat(path, &st) == 0)
		return true;
	for (unsigned i = 0; i < FIRST_BYTES; i++) {
		snprintf(path, sizeof(path), "%s/%02x", objects, i);
		if (stat(path, &st) == 0)
			return true;
	}
	return false;
}
