/*
 * Version: of the program, as built.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* "0.1.0+1a2b3c4"; the part behind the plus names the commit when it is known. */
extern const char version_text[];

#endif
