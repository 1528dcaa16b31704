/* People of the tests of accounts and sessions. */
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct db *gate;
static char dir[] = "/tmp/portolan-turns.XXXXXX";
static char emails[200][60]; /* of the newest so many, for as long as the program runs */
static int people;

int people_open(void **state)
{
	struct fixture_db *f;

	if (fixture_db_open(state) != 0 || mkdtemp(dir) == NULL)
		return -1;
	f = *state;
	f->config.run_dir = dir;
	f->config.password_memory_bytes = 8192;
	f->config.password_passes = 1;
	gate = fixture_db_connect(FIXTURE_GATE);
	return gate == NULL ? -1 : 0;
}

int people_close(void **state)
{
	char command[100];

	db_close(gate);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		return -1;
	return fixture_db_close(state);
}

/* A context as the edge begins it: nobody yet. */
struct ctx *people_nobody(void *state)
{
	struct ctx *cx = fixture_db_ctx(state);

	cx->who = (struct who){ 0 };
	return cx;
}

/* The operator's, on the gate's connection. */
struct ctx *people_operator(void *state)
{
	struct ctx *cx = people_nobody(state);

	cx->db = gate;
	cx->who.actor = "operator";
	return cx;
}

/* The first value of a statement in which %s stands for the text. */
int64_t people_number(struct ctx *cx, const char *sql, const char *text)
{
	const char *at = strstr(sql, "%s");

	return fixture_db_int(
		cx, arena_printf(cx->arena, "%.*s%s%s", (int)(at - sql), sql, text, at + 2));
}

/* A new person; a member of the program's tenant unless role is ROLE_UNSET. */
const char *people_new(void *state, enum role role)
{
	char *email = emails[people % COUNT(emails)];
	struct fixture_db *f = state;
	struct ctx *cx = people_operator(state);
	struct user user;

	snprintf(email, sizeof(emails[0]), "p%d-%lld@example.org", ++people,
	         (long long)f->tenant_id);
	assert_err(cx,
	           user_create(cx,
	                       &(const struct user_new){
				       .email = email,
				       .name = "Ada",
				       .password = PEOPLE_PASSWORD,
				       .tenant = role == ROLE_UNSET
	                                                 ? NULL
	                                                 : arena_printf(cx->arena, "%lld",
	                                                                (long long)f->tenant_id),
				       .role = role,
			       },
	                       &user),
	           ERR_OK);
	assert_true(user.has_password);
	return email;
}

enum err people_try(struct ctx *cx, const char *email, const char *password,
                    const struct session_claim *old, struct signed_in *ret)
{
	return user_sign_in(cx,
	                    &(const struct sign_in){
				    .email = email,
				    .password = password,
				    .remote = "192.0.2.1",
				    .user_agent = "test\n\x01",
				    .old = old,
			    },
	                    ret);
}

struct session_claim people_sign_in(void *state, const char *email, const char *password)
{
	struct ctx *cx = people_nobody(state);
	struct signed_in in;

	assert_err(cx, people_try(cx, email, password, NULL, &in), ERR_OK);
	return in.session;
}

/* A context that the session has been admitted to. */
enum err people_admit(struct ctx *cx, const struct session_claim *claim, enum role least)
{
	TRY(session_admit(cx, claim, least));
	return db_flush(cx);
}

struct ctx *people_as(void *state, const struct session_claim *claim)
{
	struct ctx *cx = people_nobody(state);

	assert_err(cx, people_admit(cx, claim, ROLE_ANYONE), ERR_OK);
	return cx;
}
