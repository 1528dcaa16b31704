/* Who may do what to whom among members: the whole table (A5). */
#include "fixture.h"

#include "auth/member.h"

#include <string.h>

#define NONE ROLE_UNSET

/* A member is disabled and keeps the role. */
#define DISABLES(who, whom, ...)                                                                   \
	{                                                                                          \
		.actor = (who), .target = (whom), .wanted = (whom), .disables = true,              \
		##__VA_ARGS__                                                                      \
	}

/* A row for each rule; actor, self, target, wanted, last owner, disables. */
static const struct {
	const char *why;
	struct member_act act;
	enum err wanted;
} CASES[] = {
	{ "a viewer invites nobody",
	  { ROLE_VIEWER, false, NONE, ROLE_VIEWER, false, false },
	  ERR_FORBIDDEN },
	{ "nor does a member",
	  { ROLE_MEMBER, false, NONE, ROLE_VIEWER, false, false },
	  ERR_FORBIDDEN },
	{ "nor an operator",
	  { ROLE_OPERATOR, false, NONE, ROLE_VIEWER, false, false },
	  ERR_FORBIDDEN },
	{ "an admin invites a viewer",
	  { ROLE_ADMIN, false, NONE, ROLE_VIEWER, false, false },
	  ERR_OK },
	{ "and an admin", { ROLE_ADMIN, false, NONE, ROLE_ADMIN, false, false }, ERR_OK },
	{ "but no owner", { ROLE_ADMIN, false, NONE, ROLE_OWNER, false, false }, ERR_FORBIDDEN },
	{ "an owner invites an owner",
	  { ROLE_OWNER, false, NONE, ROLE_OWNER, false, false },
	  ERR_OK },
	{ "whose role is gone does nothing",
	  { NONE, false, NONE, ROLE_VIEWER, false, false },
	  ERR_FORBIDDEN },

	{ "an admin raises to admin",
	  { ROLE_ADMIN, false, ROLE_VIEWER, ROLE_ADMIN, false, false },
	  ERR_OK },
	{ "not to owner",
	  { ROLE_ADMIN, false, ROLE_ADMIN, ROLE_OWNER, false, false },
	  ERR_FORBIDDEN },
	{ "not themselves to owner",
	  { ROLE_ADMIN, true, ROLE_ADMIN, ROLE_OWNER, false, false },
	  ERR_FORBIDDEN },
	{ "lowers another admin",
	  { ROLE_ADMIN, false, ROLE_ADMIN, ROLE_VIEWER, false, false },
	  ERR_OK },
	{ "lowers themselves",
	  { ROLE_ADMIN, true, ROLE_ADMIN, ROLE_VIEWER, false, false },
	  ERR_OK },
	{ "not an owner",
	  { ROLE_ADMIN, false, ROLE_OWNER, ROLE_ADMIN, false, false },
	  ERR_FORBIDDEN },
	{ "a member does not raise themselves",
	  { ROLE_MEMBER, true, ROLE_MEMBER, ROLE_ADMIN, false, false },
	  ERR_FORBIDDEN },
	{ "an owner lowers another",
	  { ROLE_OWNER, false, ROLE_OWNER, ROLE_VIEWER, false, false },
	  ERR_OK },
	{ "an owner of several steps down",
	  { ROLE_OWNER, true, ROLE_OWNER, ROLE_ADMIN, false, false },
	  ERR_OK },
	{ "the last does not",
	  { ROLE_OWNER, true, ROLE_OWNER, ROLE_ADMIN, true, false },
	  ERR_STATE },
	{ "staying owner is no step",
	  { ROLE_OWNER, true, ROLE_OWNER, ROLE_OWNER, true, false },
	  ERR_OK },

	{ "a viewer leaves", { ROLE_VIEWER, true, ROLE_VIEWER, NONE, false, false }, ERR_OK },
	{ "a member removes nobody",
	  { ROLE_MEMBER, false, ROLE_VIEWER, NONE, false, false },
	  ERR_FORBIDDEN },
	{ "an admin removes an admin",
	  { ROLE_ADMIN, false, ROLE_ADMIN, NONE, false, false },
	  ERR_OK },
	{ "but no owner", { ROLE_ADMIN, false, ROLE_OWNER, NONE, false, false }, ERR_FORBIDDEN },
	{ "an owner removes an owner",
	  { ROLE_OWNER, false, ROLE_OWNER, NONE, false, false },
	  ERR_OK },
	{ "an owner of several leaves",
	  { ROLE_OWNER, true, ROLE_OWNER, NONE, false, false },
	  ERR_OK },
	{ "the last does not", { ROLE_OWNER, true, ROLE_OWNER, NONE, true, false }, ERR_STATE },
	{ "nor does a program remove the last",
	  { ROLE_OWNER, false, ROLE_OWNER, NONE, true, false },
	  ERR_STATE },

	{ "an admin disables a member", DISABLES(ROLE_ADMIN, ROLE_MEMBER), ERR_OK },
	{ "and another admin", DISABLES(ROLE_ADMIN, ROLE_ADMIN), ERR_OK },
	{ "but no owner", DISABLES(ROLE_ADMIN, ROLE_OWNER), ERR_FORBIDDEN },
	{ "an operator disables nobody", DISABLES(ROLE_OPERATOR, ROLE_VIEWER), ERR_FORBIDDEN },
	{ "an owner of several disables another", DISABLES(ROLE_OWNER, ROLE_OWNER), ERR_OK },
	{ "nobody themselves", DISABLES(ROLE_OWNER, ROLE_OWNER, .self = true), ERR_STATE },
	{ "nor a program the last owner", DISABLES(ROLE_OWNER, ROLE_OWNER, .last_owner = true),
	  ERR_STATE },
};

static void test_member__rules(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(member_may(cx, &CASES[i].act), CASES[i].wanted);
		if (CASES[i].wanted != ERR_OK)
			assert_non_null(cx->fault.fix);
	}
}

/* Whoever it is, nobody ends with more than the actor has, and the last owner stays. */
static void test_member__rules_hold_for_all(void **state)
{
	for (unsigned n = 0; n < 6 * 6 * 6 * 8; n++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct member_act act = {
			.actor = (enum role)(n % 6),
			.target = (enum role)(n / 6 % 6),
			.wanted = (enum role)(n / 36 % 6),
			.self = n / 216 % 2 == 1,
			.last_owner = n / 432 % 2 == 1,
			.disables = n / 864 % 2 == 1,
		};
		bool leaves = act.self && act.wanted == NONE;

		if (member_may(cx, &act) != ERR_OK)
			continue;
		assert_true(act.wanted <= act.actor);
		assert_true(act.actor >= ROLE_ADMIN || leaves);
		assert_true(act.target <= act.actor || act.self);
		assert_true(!act.last_owner || act.wanted == ROLE_OWNER);
		assert_false(act.disables && (act.last_owner || (act.self && !leaves)));
	}
}

static void test_member_new__body(void **state)
{
	static const struct {
		const char *why, *body, *blamed;
	} BODIES[] = {
		{ "the least", "{'email':'a@b.c','role':'viewer'}", NULL },
		{ "no address", "{'role':'viewer'}", "/email" },
		{ "no @", "{'email':'ab.c','role':'viewer'}", "/email" },
		{ "no role", "{'email':'a@b.c'}", "/role" },
		{ "no such role", "{'email':'a@b.c','role':'root'}", "/role" },
		{ "no name, said so", "{'email':'a@b.c','role':'owner','name':null}", NULL },
		{ "an empty name", "{'email':'a@b.c','role':'owner','name':''}", "/name" },
		{ "a key we do not know", "{'email':'a@b.c','role':'owner','x':1}", "/x" },
	};

	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct member_new in;
		enum err e = schema_decode(cx, &member_new_schema, quotes(cx, BODIES[i].body), &in);

		print_message("# %s\n", BODIES[i].why);
		assert_int_equal(e != ERR_OK, BODIES[i].blamed != NULL);
		if (BODIES[i].blamed != NULL)
			assert_blamed(cx, BODIES[i].blamed, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member__rules),
		cmocka_unit_test(test_member__rules_hold_for_all),
		cmocka_unit_test(test_member_new__body),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
