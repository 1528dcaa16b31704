/* A10: one process's share of the buckets, on a clock that is set by hand. */
#include "fixture.h"

#include "auth/rate_local.h"

#define SECOND INT64_C(1000000)

static struct rate_outcome pay(struct rate_memory *m, struct rate_payer *p, int n, int64_t cost,
                               int64_t now_us)
{
	return rate_local_pay(m, p, n, cost, now_us);
}

/* As the database would answer: a batch, and what is left behind it. */
static struct rate_grant batch(int64_t quota, int64_t granted, int64_t remaining)
{
	return (struct rate_grant){
		.quota = quota, .granted = granted, .remaining = remaining, .return_ms = 62500
	};
}

static struct rate_grant nothing(int64_t quota, int64_t remaining, int64_t wait_ms)
{
	return (struct rate_grant){
		.quota = quota, .remaining = remaining, .wait_ms = wait_ms, .return_ms = wait_ms
	};
}

static void test_rate__a_batch_is_used_and_no_more(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_KEY, 17, 600);
	struct rate_grant g = batch(600, 6, 594);
	struct rate_outcome out;

	(void)state;
	assert_int_equal(pay(m, &p, 1, 1, SECOND).answer, RATE_ASK);
	out = rate_local_settle(m, &p, 1, 1, &g, SECOND, SECOND);
	assert_int_equal(out.answer, RATE_PAID);
	assert_int_equal(out.state.kind, RATE_OF_KEY);
	assert_int_equal(out.state.quota, 600);
	assert_int_equal(out.state.left, 599);
	assert_int_equal(out.state.return_s, 63);
	for (int left = 598; left >= 594; left--) {
		out = pay(m, &p, 1, 1, SECOND + 1000);
		assert_int_equal(out.answer, RATE_PAID);
		assert_int_equal(out.state.left, left);
	}
	assert_int_equal(pay(m, &p, 1, 1, SECOND + 1000).answer, RATE_ASK);
	assert_int_equal(p.back, 0);
	rate_memory_free(m);
}

/* What is left of a batch after two seconds is handed back, once; the time counts from the asking. */
static void test_rate__a_batch_lapses(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_KEY, 17, 600);
	struct rate_grant g = batch(600, 6, 594);

	(void)state;
	assert_int_equal(pay(m, &p, 1, 1, 0).answer, RATE_ASK);
	assert_int_equal(rate_local_settle(m, &p, 1, 1, &g, 0, SECOND).answer, RATE_PAID);
	assert_int_equal(pay(m, &p, 1, 1, 2 * SECOND - 1).answer, RATE_PAID);
	assert_int_equal(pay(m, &p, 1, 1, 2 * SECOND).answer, RATE_ASK);
	assert_int_equal(p.back, 4);
	assert_int_equal(pay(m, &p, 1, 1, 2 * SECOND).answer, RATE_ASK);
	assert_int_equal(p.back, 0);
	rate_memory_free(m);
}

/* An empty bucket is not asked about again before it has something. */
static void test_rate__empty_is_remembered(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_TENANT, 3, 600);
	struct rate_grant g = nothing(600, 0, 7000);
	struct rate_outcome out;

	(void)state;
	assert_int_equal(pay(m, &p, 1, 1, 0).answer, RATE_ASK);
	out = rate_local_settle(m, &p, 1, 1, &g, 0, 0);
	assert_int_equal(out.answer, RATE_REFUSED);
	assert_int_equal(out.wait_us, 7 * SECOND);
	assert_int_equal(out.state.kind, RATE_OF_TENANT);
	assert_int_equal(out.state.left, 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pay(m, &p, 1, 1, 5 * SECOND - 1).answer, RATE_REFUSED);
	assert_int_equal(pay(m, &p, 1, 1, 4 * SECOND).wait_us, 3 * SECOND);
	assert_int_equal(pay(m, &p, 1, 1, 5 * SECOND).answer,
	                 RATE_ASK); /* the limit may be higher */
	rate_memory_free(m);
}

/* Of two buckets both pay or none; the one that refuses is named, the tighter one is shown. */
static void test_rate__two_buckets(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p[2] = { rate_payer_id(RATE_OF_KEY, 17, 600),
		                   rate_payer_id(RATE_OF_TENANT, 3, 1000) };
	struct rate_grant good[2] = { batch(600, 6, 594), batch(20, 5, 15) };
	struct rate_grant bad = nothing(20, 3, 5000);
	struct rate_outcome out;

	(void)state;
	assert_int_equal(pay(m, p, 2, 5, 0).answer, RATE_ASK);
	out = rate_local_settle(m, p, 2, 5, good, 0, 0);
	assert_int_equal(out.answer, RATE_PAID);
	assert_int_equal(out.state.kind, RATE_OF_TENANT);
	assert_int_equal(out.state.left, 15);

	assert_int_equal(pay(m, p, 2, 1, 0).answer, RATE_ASK);
	assert_true(p[0].paid);
	assert_false(p[1].paid);
	out = rate_local_settle(m, p, 2, 1, &bad, 0, 0);
	assert_int_equal(out.answer, RATE_REFUSED);
	assert_int_equal(out.state.kind, RATE_OF_TENANT);
	out = pay(m, p, 1, 1, 0); /* the key's token is still there */
	assert_int_equal(out.answer, RATE_PAID);
	assert_int_equal(out.state.left, 594);
	rate_memory_free(m);
}

/* A bucket smaller than the cost of a request lets one through when it is full. */
static void test_rate__small_bucket(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_KEY, 1, 3);
	struct rate_grant g = batch(3, 3, 0);

	(void)state;
	assert_int_equal(pay(m, &p, 1, RATE_COST_WRITE, 0).answer, RATE_ASK);
	assert_int_equal(rate_local_settle(m, &p, 1, RATE_COST_WRITE, &g, 0, 0).answer, RATE_PAID);
	assert_int_equal(pay(m, &p, 1, 1, 0).answer, RATE_ASK);
	rate_memory_free(m);
}

/* A tenant without limit is asked about every two seconds, because it may get one. */
static void test_rate__no_limit(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_TENANT, 3, 0);
	struct rate_grant g = { 0 };

	(void)state;
	assert_int_equal(pay(m, &p, 1, 1, 0).answer, RATE_ASK);
	assert_int_equal(rate_local_settle(m, &p, 1, 1, &g, 0, 0).answer, RATE_PAID);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(pay(m, &p, 1, 5, SECOND).answer, RATE_PAID);
	assert_int_equal(pay(m, &p, 1, 1, SECOND).state.kind, 0);
	assert_int_equal(pay(m, &p, 1, 1, 2 * SECOND).answer, RATE_ASK);
	assert_int_equal(p.back, 0);
	rate_memory_free(m);
}

static void test_rate__paused(void **state)
{
	struct rate_memory *m = rate_memory_new();
	struct rate_payer p = rate_payer_id(RATE_OF_KEY, 1, 3);

	(void)state;
	rate_local_pause(m, 0);
	assert_int_equal(pay(m, &p, 1, 1, SECOND - 1).answer, RATE_PAID);
	assert_int_equal(pay(m, &p, 1, 1, SECOND).answer, RATE_ASK);
	rate_memory_free(m);
}

/* More buckets than there is room for: the newest work, none is mixed up with another. */
static void test_rate__many(void **state)
{
	struct rate_memory *m = rate_memory_new();

	(void)state;
	for (int64_t id = 1; id <= 40000; id++) {
		struct rate_payer p = rate_payer_id(RATE_OF_USER, id, 600);
		struct rate_grant g = batch(600, 6, id);

		assert_int_equal(pay(m, &p, 1, 1, id).answer, RATE_ASK);
		(void)rate_local_settle(m, &p, 1, 1, &g, id, id);
		assert_int_equal(pay(m, &p, 1, 1, id).state.left, id + 4);
	}
	rate_memory_free(m);
}

static void test_rate__names(void **state)
{
	static const struct {
		const char *address, *name;
	} CASES[] = {
		{ "203.0.113.9", "a203.0.113.9" },
		{ "::ffff:203.0.113.9", "a203.0.113.9" },
		{ "2001:db8:1:2:3:4:5:6", "a2001:db8:1:2::/64" },
		{ "2001:db8:1:2::", "a2001:db8:1:2::/64" },
		{ "::1", "a::/64" },
		{ "unix:", "a?" },
		{ "1.2.3.4, 5.6.7.8", "a?" },
		{ "{1,2}", "a?" },
		{ NULL, "a?" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(rate_payer_address(RATE_OF_ADDRESS, CASES[i].address, 1).name,
		                    CASES[i].name);
	assert_string_equal(rate_payer_id(RATE_OF_TENANT, INT64_MAX, 1).name,
	                    "t9223372036854775807");
}

static void test_rate__who_was_seen(void **state)
{
	struct rate_memory *m = rate_memory_new();
	const struct who in = { .key_id = 7, .tenant_id = 3, .role = ROLE_OWNER };
	struct who out = { 0 };

	(void)state;
	assert_false(rate_known(m, "Bearer a", &out));
	rate_remember(m, "Bearer a", &in);
	assert_true(rate_known(m, "Bearer a", &out));
	assert_int_equal(out.key_id, 7);
	assert_int_equal(out.tenant_id, 3);
	assert_int_equal(out.role, ROLE_UNSET); /* nothing is admitted by it */
	assert_false(rate_known(m, "Bearer b", &out));
	rate_forget(m, "Bearer b");
	assert_true(rate_known(m, "Bearer a", &out));
	rate_forget(m, "Bearer a");
	assert_false(rate_known(m, "Bearer a", &out));
	rate_memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate__a_batch_is_used_and_no_more),
		cmocka_unit_test(test_rate__a_batch_lapses),
		cmocka_unit_test(test_rate__empty_is_remembered),
		cmocka_unit_test(test_rate__two_buckets),
		cmocka_unit_test(test_rate__small_bucket),
		cmocka_unit_test(test_rate__no_limit),
		cmocka_unit_test(test_rate__paused),
		cmocka_unit_test(test_rate__many),
		cmocka_unit_test(test_rate__names),
		cmocka_unit_test(test_rate__who_was_seen),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
