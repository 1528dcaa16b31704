/* Limits of what is counted: however many add at once, they hold to the last one (A6, T13). */
#include "fixture_db.h"

#include "chats/conversation.h"
#include "retrieval/document.h"

#include <pthread.h>

#define MAKERS 4
#define EACH   10
#define ROOM   7

static enum err make_document(struct ctx *cx, const char *name)
{
	const struct document_new in = { .name = name, .text = "Deploy on Mondays." };
	struct document made;

	return document_create(cx, &in, &made);
}

static enum err make_conversation(struct ctx *cx, const char *name)
{
	const struct conversation_new in = { .title = name };
	struct conversation made;

	return conversation_begin(cx, &in, "conversations", &made);
}

struct maker {
	struct fixture_db *f;
	enum err (*make)(struct ctx *cx, const char *name);
	int64_t tenant_id;
	int place, made, refused;
};

static void *make_many(void *arg)
{
	struct maker *m = arg;
	struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx cx;

	for (int i = 0; i < EACH; i++) {
		enum err e;

		ctx_begin(&cx, &m->f->app, arena, db);
		cx.who = (struct who){ .tenant_id = m->tenant_id,
			               .role = ROLE_OWNER,
			               .actor = "test" };
		e = m->make(&cx, arena_printf(arena, "race-%d-%d", m->place, i));
		m->made += e == ERR_OK;
		m->refused += e == ERR_LIMIT;
	}
	arena_free(arena);
	return NULL;
}

static void race(struct fixture_db *f, int64_t *limit,
                 enum err (*make)(struct ctx *cx, const char *name))
{
	int64_t tenant_id = fixture_db_tenant(fixture_db_ctx(f)), was = *limit;
	struct maker makers[MAKERS];
	pthread_t threads[MAKERS];
	int made = 0, refused = 0;

	*limit = ROOM;
	for (int i = 0; i < MAKERS; i++) {
		makers[i] =
			(struct maker){ .f = f, .make = make, .tenant_id = tenant_id, .place = i };
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, &makers[i]), 0);
	}
	for (int i = 0; i < MAKERS; i++) {
		pthread_join(threads[i], NULL);
		made += makers[i].made;
		refused += makers[i].refused;
	}
	*limit = was;
	assert_int_equal(made, ROOM);
	assert_int_equal(refused, MAKERS * EACH - ROOM);
}

static void test_limit__of_documents(void **state)
{
	struct fixture_db *f = *state;

	race(f, &f->config.documents_max, make_document);
}

static void test_limit__of_conversations(void **state)
{
	struct fixture_db *f = *state;

	race(f, &f->config.conversations_max, make_conversation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit__of_documents),
		cmocka_unit_test(test_limit__of_conversations),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
