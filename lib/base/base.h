/*
 * The few words that every file of the program uses.
 *
 * Nothing here allocates, fails or knows a domain.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define NODISCARD         __attribute__((warn_unused_result))
#define NORETURN          __attribute__((noreturn))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED            __attribute__((unused))

/*
 * Declare a variable that is put away when its scope ends, on every path:
 *
 *     CLEANUP(db_end) struct db_tx tx = { 0 };
 *
 * The function takes a pointer to the variable and accepts the zero value.
 */
#define CLEANUP(put_away) __attribute__((cleanup(put_away)))

/* A borrowed run of bytes, not NUL-terminated, possibly holding any byte. */
struct span {
	const char *data;
	size_t len;
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })

/* 1 where AddressSanitizer watches: its shadow is terabytes of address space, so that is not limited. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif

#endif
