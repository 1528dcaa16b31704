/* The version, handed in by the Makefile so that only this file is compiled anew. */
#include "base/version.h"

const char version_text[] = PORTOLAN_VERSION;
