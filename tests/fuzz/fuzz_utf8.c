/* Any bytes as a text that comes in pieces: however it is cut, it is valid when it is so whole. */
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte says how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data + 1;
	struct utf8_run run = { 0 };
	size_t size;

	if (n < 2)
		return 0;
	size = (size_t)data[0] + 1;
	n--;
	for (size_t at = 0; at < n; at += size)
		utf8_run_add(&run, text + at, n - at < size ? n - at : size);
	if (utf8_run_valid(&run) != (utf8_valid(text, n) == n))
		abort();
	return 0;
}
