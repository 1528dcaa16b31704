/*
 * Conversations and runs against a real server: what is asked, what is kept when a runner is killed, what is told.
 * F1, F2, F4, F6, and A6 (tenants are apart).
 */
#include "side.h"

#include "app/registry_job_kinds.h"
#include "app/registry_jobs.h"
#include "chats/journal.h"
#include "chats/turn_jobs.h"
#include "projects/project.h"

#include <stdio.h>
#include <string.h>

static int64_t make_project(struct ctx *cx)
{
	static int made;
	const struct project_new in = { arena_printf(cx->arena, "asked %d", ++made),
		                        "https://h.example/r", NULL, 0 };
	struct project project = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &project, &job), ERR_OK);
	return project.id;
}

static struct turn ask(struct ctx *cx, int64_t conversation_id, const char *text)
{
	const struct turn_new in = { .content = text };
	struct turn turn = { 0 };

	assert_err(cx, turn_ask(cx, conversation_id, &in, &turn), ERR_OK);
	return turn;
}

static int64_t begin(struct ctx *cx)
{
	const struct conversation_new in = { .project_id = make_project(cx) };
	struct conversation c = { 0 };

	assert_err(cx, conversation_begin(cx, &in, "conversations", &c), ERR_OK);
	return c.id;
}

static int64_t events(struct ctx *cx, const char *kind, int64_t run_id)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
	         "SELECT count(*) FROM app.event_all WHERE kind = '%s'"
	         " AND (payload->>'run_id')::bigint = %lld",
	         kind, (long long)run_id);
	return fixture_db_int(cx, sql);
}

/* The claim of a run's job, as a runner has it. */
static struct job_run take(struct side *s, const struct turn *turn)
{
	const struct job_claim *job;
	struct list list;

	side_claim_of(s, app_jobs, CLAIM_WAITS, 50, &list);
	job = list.items;
	for (size_t i = 0; i < list.n; i++) {
		if (job[i].id == turn->job_id) {
			struct job_run run = { .runner = s->queue.id, .job = &job[i] };

			run_adopt(&s->cx, &run);
			return run;
		}
	}
	fail_msg("the run has no job");
	return (struct job_run){ 0 };
}

static void test_ask__question_run_and_job(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = begin(cx);
	struct turn turn = ask(cx, id, "Where is it?\nAnd why?"), second;
	struct conversation_detail detail;
	const struct message *m;

	assert_string_equal(turn.status, "queued");
	assert_true(turn.job_id > 0);
	assert_int_equal(events(cx, "run.queued", turn.id), 1);
	second = ask(cx, id, "And then?");
	assert_true(second.log_position >= turn.log_position);
	assert_err(cx, conversation_look(cx, id, &detail), ERR_OK);
	assert_string_equal(detail.conversation.title, "Where is it?");
	assert_int_equal(detail.messages.n, 2);
	m = detail.messages.items;
	assert_string_equal(m[0].content, "Where is it?\nAnd why?");
	assert_int_equal(m[0].run_id, turn.id);
	assert_err(cx, conversation_delete(cx, id), ERR_STATE);
	err_clear(cx);
}

/* By the version that was seen; what is said meanwhile is no other version, and does not give the old name back. */
static void test_rename(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = begin(cx);
	struct conversation seen, now;

	assert_err(cx, conversation_get(cx, id, &seen), ERR_OK);
	ask(cx, id, "Where is it?");
	assert_err(cx, conversation_rename(cx, id, seen.version, "Where things are", &now), ERR_OK);
	assert_string_equal(now.title, "Where things are");
	assert_int_equal(now.version, seen.version + 1);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit WHERE action ="
	                                    " 'conversation.changed'"),
	                 1);
	assert_err(cx, conversation_rename(cx, id, seen.version, "Too late", &now), ERR_STALE);
	assert_err(cx, conversation_rename(cx, id, 0, "Whatever it was", &now), ERR_OK);
	ask(cx, id, "And then?");
	assert_err(cx, conversation_get(cx, id, &now), ERR_OK);
	assert_string_equal(now.title, "Whatever it was");
	assert_err(cx, conversation_rename(cx, INT64_MAX, 0, "Nobody", &now), ERR_NOT_FOUND);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, conversation_rename(cx, id, 0, "Theirs", &now), ERR_NOT_FOUND);
}

/* Steps and pieces are the row's; the next attempt does not do or tell them again. */
static void test_journal__goes_on_after_a_kill(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct turn turn = ask(cx, begin(cx), "Where is it?"), now;
	struct job_run run = take(s, &turn);
	const char *output = NULL;
	struct conversation_detail detail;
	const struct message *m;
	struct journal j;

	assert_err(&s->cx, journal_open(&j, &s->cx, &run, &turn), ERR_OK);
	assert_false(journal_has(&j, "retrieve", "", &output));
	assert_err(&s->cx, journal_keep(&j, "retrieve", "", "2 passages", "{\"items\":[1,2]}"),
	           ERR_OK);
	assert_err(&s->cx, journal_say(&j, "One, ", 5), ERR_OK);
	assert_err(&s->cx, journal_say(&j, "tw\xc3\xb6 ", 5), ERR_OK);
	assert_err(&s->cx, journal_flush(&j), ERR_OK);

	/* Another attempt, which says the same and more, and at last something else. */
	assert_err(&s->cx, turn_get(&s->cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.answer, "One, tw\xc3\xb6 ");
	assert_err(&s->cx, journal_open(&j, &s->cx, &run, &now), ERR_OK);
	assert_true(journal_has(&j, "retrieve", "", &output));
	assert_string_equal(output, "{\"items\": [1, 2]}");
	assert_false(journal_has(&j, "call", "", &output));
	assert_err(&s->cx, journal_say(&j, "One, ", 5), ERR_OK);
	assert_err(&s->cx, journal_flush(&j), ERR_OK);
	assert_int_equal(
		events(cx, "run.delta", turn.id),
		fixture_db_int(
			cx,
			arena_printf(
				cx->arena,
				"SELECT count(DISTINCT payload) FROM app.event_all WHERE kind = 'run.delta'"
				" AND (payload->>'run_id')::bigint = %lld",
				(long long)turn.id)));
	assert_err(&s->cx, journal_say(&j, "tw\xc3\xa4 three", 10), ERR_OK);
	assert_err(&s->cx, journal_end(&j), ERR_OK);

	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.status, "completed");
	assert_string_equal(now.answer, "One, tw\xc3\xa4 three");
	assert_err(cx, conversation_look(cx, now.conversation_id, &detail), ERR_OK);
	m = detail.messages.items;
	assert_int_equal(m[0].npassages, 0);
	assert_int_equal(m[1].npassages, 2);
	assert_string_equal(m[1].status, "completed");
	assert_int_equal(now.steps.n, 1);
	assert_int_equal(events(cx, "run.ended", turn.id), 1);
	/* What differs begins behind seven characters, which two bytes of one do not make eight. */
	assert_int_equal(
		fixture_db_int(
			cx,
			arena_printf(
				cx->arena,
				"SELECT max((payload->>'offset')::int) FROM app.event_all WHERE kind = 'run.delta'"
				" AND (payload->>'run_id')::bigint = %lld",
				(long long)turn.id)),
		7);
	side_close(s);
}

/* Who has lost the lease writes nothing. */
static void test_journal__under_the_claim_alone(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct turn turn = ask(cx, begin(cx), "Where is it?"), now;
	struct job_run run = take(s, &turn);
	struct job_claim stale = *run.job;
	struct journal j;

	stale.token--;
	run.job = &stale;
	assert_err(&s->cx, journal_open(&j, &s->cx, &run, &turn), ERR_OK);
	assert_err(&s->cx, journal_keep(&j, "retrieve", "", "", "{}"), ERR_LEASE_LOST);
	err_clear(&s->cx);
	assert_err(&s->cx, journal_say(&j, "x", 1), ERR_LEASE_LOST);
	err_clear(&s->cx);
	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.answer, "");
	assert_int_equal(now.steps.n, 0);
	side_close(s);
}

static void test_cancel__one_that_waits(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct turn turn = ask(cx, begin(cx), "Where is it?"), now;
	struct job job;

	assert_err(cx, turn_cancel(cx, app_job_kinds, turn.id, &now), ERR_OK);
	assert_string_equal(now.status, "cancelled");
	assert_int_equal(events(cx, "run.ended", turn.id), 1);
	assert_err(cx, turn_cancel(cx, app_job_kinds, turn.id, &now), ERR_STATE);
	err_clear(cx);
	turn = ask(cx, now.conversation_id, "And by its job?");
	assert_err(cx, job_cancel(cx, app_job_kinds, turn.job_id, &job), ERR_OK);
	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.status, "cancelled");
}

static int64_t messages(struct ctx *cx, int64_t id)
{
	struct conversation c;

	assert_err(cx, conversation_get(cx, id, &c), ERR_OK);
	return c.nmessages;
}

/* A question that is asked otherwise takes what came after it along, also its summary; not what was before. */
static void test_ask__in_the_place_of_another(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = begin(cx), other = begin(cx);
	struct turn first = ask(cx, id, "One?"), second = ask(cx, id, "Two?"), now;
	struct turn_new in = { .content = "Three?", .replaces = second.message_id };

	assert_err(cx, turn_ask(cx, id, &in, &now), ERR_STATE);
	assert_err(cx, turn_cancel(cx, app_job_kinds, first.id, &now), ERR_OK);
	assert_err(cx, turn_cancel(cx, app_job_kinds, second.id, &now), ERR_OK);
	assert_err(cx, turn_ask(cx, other, &in, &now), ERR_INVALID);
	assert_int_equal(messages(cx, id), 2);
	assert_err(cx, turn_ask(cx, id, &in, &now), ERR_OK);
	assert_int_equal(messages(cx, id), 2);
	assert_err(cx, turn_get(cx, second.id, &second), ERR_NOT_FOUND);
	assert_err(cx, turn_get(cx, first.id, &first), ERR_OK);
	err_clear(cx);
}

/* What a run has cost is what the ledger has of its job's calls, and nothing of others'. */
static void test_look__steps_and_cost(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct turn turn = ask(cx, begin(cx), "Where is it?"), now;
	struct job_run run = take(s, &turn);
	const struct turn_kept *kept;
	struct turn_journal steps;
	struct journal j;

	assert_err(&s->cx, journal_open(&j, &s->cx, &run, &turn), ERR_OK);
	assert_err(&s->cx, journal_keep(&j, "tool", "read", "{}", "{\"text\":\"x\"}"), ERR_OK);
	for (int i = 0; i < 3; i++)
		fixture_db_int(cx,
		               arena_printf(cx->arena,
		                            "INSERT INTO app.llm_call (tenant_id, attempt, kind,"
		                            " provider, model, remote_name, actor, request_id,"
		                            " cost_micro, job_id) VALUES (%lld, 1, 'chat', 'p',"
		                            " 'm', 'r', 'a', 'q', 20, %lld) RETURNING id",
		                            (long long)cx->who.tenant_id,
		                            (long long)turn.job_id + i / 2));
	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_int_equal(now.cost_micro, 40);
	assert_err(cx, turn_look(cx, turn.id, &steps), ERR_OK);
	assert_int_equal(steps.items.n, 1);
	kept = steps.items.items;
	assert_string_equal(kept->output, "{\"text\": \"x\"}");
	side_close(s);
}

/* A question about a project without a map, and one about all: told so, not failed. */
static void test_run__of_what_is_not_there(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct turn turn = ask(cx, begin(cx), "Where is it?"), now;
	struct job_run run = take(s, &turn);
	struct run_report report;

	assert_err(&s->cx, run_attempt(&s->cx, app_jobs, &run, &report), ERR_OK);
	assert_string_equal(report.outcome, "completed");
	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.status, "completed");
	assert_string_equal(now.mode, "extractive");
	assert_non_null(strstr(now.answer, "has no map yet"));
	side_close(s);
}

/* A run of a question in a conversation of its own (0: a new one).  @ret as it is in the end */
static struct turn answered(struct ctx *cx, struct side *s, int64_t project_id,
                            int64_t conversation_id, const char *text)
{
	const struct conversation_new in = { .project_id = project_id };
	struct conversation c = { .id = conversation_id };
	struct run_report report;
	struct turn turn, now = { 0 };
	struct job_run run;

	if (conversation_id == 0)
		assert_err(cx, conversation_begin(cx, &in, "conversations", &c), ERR_OK);
	turn = ask(cx, c.id, text);
	run = take(s, &turn);
	assert_err(&s->cx, run_attempt(&s->cx, app_jobs, &run, &report), ERR_OK);
	assert_err(cx, turn_get(cx, turn.id, &now), ERR_OK);
	assert_string_equal(now.status, "completed");
	return now;
}

/* H7: the same is answered once a minute; what is asked of another project, index or past is another question. */
static void test_again__until_the_map_is_another(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t project = make_project(cx), other = make_project(cx);
	struct turn first = answered(cx, s, project, 0, "Where is it?"), now;

	assert_int_equal(first.cached_from, 0);
	now = answered(cx, s, project, 0, "Where is it?");
	assert_int_equal(now.cached_from, first.id);
	assert_string_equal(now.answer, first.answer);
	assert_string_equal(now.mode, "extractive");
	assert_int_equal(answered(cx, s, project, now.conversation_id, "Where is it?").cached_from,
	                 0);
	assert_int_equal(answered(cx, s, project, 0, "Where is that?").cached_from, 0);
	assert_int_equal(answered(cx, s, other, 0, "Where is it?").cached_from, 0);
	/* One that was given again is not what the next one is given. */
	assert_int_equal(answered(cx, s, project, 0, "Where is it?").cached_from, first.id);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH u AS (UPDATE app.chat_run SET finished_at = now() -"
	                                " interval '61 seconds' WHERE id = %lld RETURNING 1)"
	                                " SELECT count(*) FROM u",
	                                (long long)first.id));
	now = answered(cx, s, project, 0, "Where is it?");
	assert_int_equal(now.cached_from, 0);
	assert_int_equal(answered(cx, s, project, 0, "Where is it?").cached_from, now.id);
	fixture_db_int(
		&s->cx,
		arena_printf(cx->arena,
	                     "WITH i AS (INSERT INTO app.search_state (tenant_id, project_id,"
	                     " commit, version, complete) VALUES (%lld, %lld, repeat('a', 40), 1,"
	                     " true) RETURNING 1) SELECT count(*) FROM i",
	                     (long long)cx->who.tenant_id, (long long)project));
	assert_int_equal(answered(cx, s, project, 0, "Where is it?").cached_from, 0);
	side_close(s);
}

static void test_tenants_are_apart(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = begin(cx), tenant = cx->who.tenant_id;
	struct turn turn = ask(cx, id, "Where is it?");
	const struct turn_new in = { .content = "x" };
	struct conversation c;
	struct list list;

	cx->who.tenant_id = fixture_db_int(cx, "SELECT max(id) + 1 FROM app.tenant");
	assert_err(cx, conversation_get(cx, id, &c), ERR_NOT_FOUND);
	assert_err(cx, turn_ask(cx, id, &in, &turn), ERR_NOT_FOUND);
	assert_err(cx, turn_get(cx, turn.id, &turn), ERR_NOT_FOUND);
	assert_err(cx, turn_cancel(cx, app_job_kinds, turn.id, &turn), ERR_NOT_FOUND);
	assert_err(cx, conversation_delete(cx, id), ERR_NOT_FOUND);
	err_clear(cx);
	assert_err(cx, conversation_list(cx, &(struct conversation_filter){ .limit = 10 }, &list),
	           ERR_OK);
	assert_int_equal(list.n, 0);
	cx->who.tenant_id = tenant;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ask__question_run_and_job, side_begin),
		cmocka_unit_test_setup(test_rename, side_begin),
		cmocka_unit_test_setup(test_journal__goes_on_after_a_kill, side_begin),
		cmocka_unit_test_setup(test_journal__under_the_claim_alone, side_begin),
		cmocka_unit_test_setup(test_cancel__one_that_waits, side_begin),
		cmocka_unit_test_setup(test_ask__in_the_place_of_another, side_begin),
		cmocka_unit_test_setup(test_look__steps_and_cost, side_begin),
		cmocka_unit_test_setup(test_run__of_what_is_not_there, side_begin),
		cmocka_unit_test_setup(test_again__until_the_map_is_another, side_begin),
		cmocka_unit_test_setup(test_tenants_are_apart, side_begin),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
