/*
 * What AddressSanitizer keeps for an execution, which is a small one here and ends with all of its memory
 * given back: of the blocks that were freed the last so many megabytes, so that memory is not always new to
 * the caches, and a few callers of each.  ASAN_OPTIONS holds over these.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=1:quarantine_size_mb=4:malloc_context_size=4:"
	       "max_malloc_fill_size=256";
}
