/* SQL of searches; of lib/maps/search*.c alone. */
#ifndef MAPS_SEARCH_REPO_H
#define MAPS_SEARCH_REPO_H

#include "base/db.h"
#include "maps/search.h"

/* The two collections of texts. */
enum search_about { SEARCH_FILES, SEARCH_SYMBOLS };

struct search_gram {
	int64_t gram, texts;
	int64_t present; /* how many of the grams some text has */
	const char *postings;
};

struct search_text {
	int64_t place;
	const char *text;
};

/**
 * @grams, @places  arrays in PostgreSQL's text form: "{1,2}"
 * @limit           of the grams that texts have, the rarest so many
 */
NODISCARD
enum err search_repo_grams(struct ctx *cx, int64_t index_id, enum search_about about,
                           const char *grams, int64_t limit, struct list *ret);
/** @only of files: the beginning of their paths; of symbols: a kind of definition; NULL: any */
NODISCARD
enum err search_repo_texts(struct ctx *cx, int64_t index_id, enum search_about about,
                           const char *places, const char *only, struct list *ret);
NODISCARD
enum err search_repo_files(struct ctx *cx, int64_t index_id, const char *places, struct list *ret);
NODISCARD
enum err search_repo_definitions(struct ctx *cx, int64_t index_id, const char *places,
                                 const char *kind, int64_t limit, struct list *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err search_repo_entry(struct ctx *cx, int64_t index_id, const char *path,
                           struct map_entry *ret);
NODISCARD
enum err search_repo_folder(struct ctx *cx, int64_t index_id, int64_t folder, int64_t after,
                            int64_t limit, struct list *ret);
/** @ret place of a name.  Returns ERR_NOT_FOUND */
NODISCARD
enum err search_repo_name(struct ctx *cx, int64_t index_id, const char *name, int64_t *ret);
/** @ret 0 when there are none */
NODISCARD
enum err search_repo_count_uses(struct ctx *cx, int64_t index_id, int64_t place, int64_t *ret);
NODISCARD
enum err search_repo_uses(struct ctx *cx, int64_t index_id, int64_t place, int64_t limit,
                          struct list *ret);

#endif
