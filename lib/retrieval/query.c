/* A question's terms: those that were said, and those that say the same in code. */
#include "retrieval/query.h"

#include "retrieval/terms.h"

#include <string.h>

struct reading {
	struct arena *arena;
	struct query_terms *terms;
	bool noise; /* the commonest words count too: there are no others */
	char before[TERM_WORD_MAX];
	size_t nbefore;    /* of the term before; 0: there is none */
	const char *until; /* its end in the text */
};

/* Words and how code shortens them; what their stems have in common is not here. */
static const char *const SHORT[] = {
	"abs absolute",
	"ack acknowledge",
	"addr address",
	"admin administrator",
	"alloc allocate",
	"anon anonymous",
	"app application",
	"arg argument",
	"async asynchronous",
	"attr attribute",
	"auth authentication",
	"auth authorization",
	"bin binary",
	"bool boolean",
	"btn button",
	"buf buffer",
	"calc calculate",
	"cb callback",
	"cfg configuration",
	"char character",
	"cmd command",
	"cmp compare",
	"cnt count",
	"col column",
	"concat concatenate",
	"config configuration",
	"conn connection",
	"ctx context",
	"cur current",
	"curr current",
	"db database",
	"dec decimal",
	"decl declaration",
	"def definition",
	"del delete",
	"desc description",
	"desc descriptor",
	"dest destination",
	"diff difference",
	"dir directory",
	"dir folder",
	"dist distance",
	"dist distribution",
	"doc document",
	"dst destination",
	"dup duplicate",
	"elem element",
	"env environment",
	"eq equal",
	"err error",
	"eval evaluate",
	"ev event",
	"evt event",
	"exc exception",
	"exec execute",
	"expr expression",
	"ext extension",
	"ext external",
	"fd descriptor",
	"fmt format",
	"fn function",
	"freq frequency",
	"func function",
	"gen generate",
	"hdr header",
	"hex hexadecimal",
	"id identifier",
	"idx index",
	"img image",
	"impl implementation",
	"info information",
	"init initialize",
	"init initial",
	"int integer",
	"iter iterate",
	"kw keyword",
	"lang language",
	"len length",
	"lib library",
	"loc location",
	"max maximum",
	"mem memory",
	"min minimum",
	"ms millisecond",
	"msg message",
	"neg negative",
	"ns namespace",
	"num number",
	"obj object",
	"opt option",
	"param parameter",
	"passwd password",
	"perf performance",
	"perm permission",
	"pkg package",
	"pos position",
	"prev previous",
	"prio priority",
	"priv private",
	"proc process",
	"prop property",
	"ptr pointer",
	"pub public",
	"pwd password",
	"qty quantity",
	"rand random",
	"recv receive",
	"ref reference",
	"regex regular",
	"rel relative",
	"repo repository",
	"req request",
	"res response",
	"resp response",
	"rev revision",
	"rm remove",
	"sec second",
	"sep separator",
	"seq sequence",
	"sess session",
	"sig signal",
	"sig signature",
	"spec specification",
	"src source",
	"stat statistic",
	"stmt statement",
	"str string",
	"sync synchronize",
	"sz size",
	"tbl table",
	"temp temporary",
	"thr thread",
	"tmp temporary",
	"tok token",
	"tx transaction",
	"txn transaction",
	"txt text",
	"typ type",
	"uniq unique",
	"upd update",
	"usr user",
	"util utility",
	"val value",
	"var variable",
	"ver version",
	"win window",
};

static struct query_term *find(struct query_terms *terms, const char *name, size_t n)
{
	for (size_t i = 0; i < terms->n; i++)
		if (strlen(terms->items[i].name) == n && memcmp(terms->items[i].name, name, n) == 0)
			return &terms->items[i];
	return NULL;
}

static void take_said(void *arg, const char *name, size_t n, struct span written)
{
	struct reading *r = arg;
	struct query_term *found;

	if (!r->noise && term_is_noise(name, n))
		return;
	found = find(r->terms, name, n);
	if (found != NULL)
		found->times++;
	else if (r->terms->n < QUERY_SAID_MAX)
		r->terms->items[r->terms->n++] = (struct query_term){
			.name = arena_strndup(r->arena, name, n),
			.written = arena_strndup(r->arena, written.data, written.len),
			.worth = 1,
			.times = 1,
		};
}

static void add(struct reading *r, const char *name, size_t n, double worth, const char *of)
{
	if (find(r->terms, name, n) != NULL || r->terms->n == QUERY_TERMS_MAX)
		return;
	name = arena_strndup(r->arena, name, n);
	r->terms->items[r->terms->n++] = (struct query_term){
		.name = name,
		.written = of != NULL ? name : NULL,
		.of = of,
		.worth = worth,
		.times = 1,
	};
}

static void take_pair(void *arg, const char *name, size_t n, struct span written)
{
	struct reading *r = arg;
	char pair[2 * TERM_WORD_MAX];

	if (written.data < r->until) /* its parts were before it */
		return;
	r->until = written.data + written.len;
	if (term_is_noise(name, n)) {
		r->nbefore = 0;
		return;
	}
	if (r->nbefore > 0 && r->nbefore + n <= TERM_WORD_MAX) {
		memcpy(pair, r->before, r->nbefore);
		memcpy(pair + r->nbefore, name, n);
		add(r, pair, r->nbefore + n, QUERY_WORTH_PAIR, NULL);
	}
	memcpy(r->before, name, n);
	r->nbefore = n;
}

/* A short form and its word, as terms. */
struct relation {
	char name[2][TERM_WORD_MAX];
	size_t len[2], n;
};

static void take_relation(void *arg, const char *name, size_t n, struct span written)
{
	struct relation *relation = arg;

	(void)written;
	if (relation->n == 2)
		return;
	memcpy(relation->name[relation->n], name, n);
	relation->len[relation->n++] = n;
}

static void add_related(struct reading *r)
{
	for (size_t i = 0; i < COUNT(SHORT); i++) {
		struct relation relation = { .n = 0 };

		terms_each((struct span){ SHORT[i], strlen(SHORT[i]) }, take_relation, &relation);
		for (size_t from = 0; relation.n == 2 && from < 2; from++) {
			const size_t to = 1 - from;
			const struct query_term *said =
				find(r->terms, relation.name[from], relation.len[from]);

			if (said != NULL && said->worth == 1)
				add(r, relation.name[to], relation.len[to], QUERY_WORTH_RELATED,
				    said->name);
		}
	}
}

void query_read(struct arena *arena, struct span text, struct query_terms *ret)
{
	struct reading r = { .arena = arena, .terms = ret, .until = text.data };

	ret->n = 0;
	terms_each(text, take_said, &r);
	r.noise = ret->n == 0;
	if (r.noise)
		terms_each(text, take_said, &r);
	terms_each(text, take_pair, &r);
	add_related(&r);
}
