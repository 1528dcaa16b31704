/* What schema.c needs of the decoder, for columns that hold JSON. */
#ifndef BASE_SCHEMA_DECODE_H
#define BASE_SCHEMA_DECODE_H

#include "base/schema.h"

/**
 * Fill a FIELD_OBJ or FIELD_LIST member from the JSON text of a column; NULL data is SQL NULL.
 *
 * The database is trusted: rules are not checked, what is not known or of another type is left out.
 */
void schema_decode_column(struct arena *arena, const struct field *f, struct span text,
                          void *member);

#endif
