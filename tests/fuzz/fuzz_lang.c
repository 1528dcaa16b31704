/*
 * Which language a file is in and what it is for, of any path and any text.  The first byte tells how
 * long the path is; the rest is the text.
 */
#include "maps/lang.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span path, text;
	enum role_of_file role;
	enum lang lang;

	if (size < 1)
		return 0;
	path.data = (const char *)data + 1;
	path.len = data[0] < size - 1 ? data[0] : size - 1;
	text = (struct span){ path.data + path.len, size - 1 - path.len };
	lang = lang_detect(path, text);
	assert(lang >= LANG_NONE && lang < LANG_COUNT);
	assert(lang == LANG_NONE || !lang_is_binary(text));
	role = lang_file_role(path, lang, text);
	assert(*lang_role_name(role) != '\0');
	assert(lang_file_role(path, lang, (struct span){ "", 0 }) != FILE_SOURCE ||
	       role == FILE_SOURCE || role == FILE_GENERATED);
	return 0;
}
