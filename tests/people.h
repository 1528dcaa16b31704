/*
 * People for database tests: accounts with a password that costs little to hash, and their sessions.
 *
 *     return cmocka_run_group_tests(tests, people_open, people_close);
 */
#ifndef TESTS_PEOPLE_H
#define TESTS_PEOPLE_H

#include "fixture_db.h"

#include "auth/user.h"

#define PEOPLE_PASSWORD "correct horse battery"

/** Group set-up and tear-down for cmocka: *state becomes a struct fixture_db. */
int people_open(void **state);
int people_close(void **state);

/** @ret the fixture's context as the edge begins it: nobody's yet */
struct ctx *people_nobody(void *state);

/** @ret the fixture's context as the operator's, on a connection of the gate */
struct ctx *people_operator(void *state);

/** @ret the first value of a statement in which the one %s stands for the text */
int64_t people_number(struct ctx *cx, const char *sql, const char *text);

/** @ret the address of a new person, active in the fixture's tenant unless role is ROLE_UNSET */
const char *people_new(void *state, enum role role);

enum err people_try(struct ctx *cx, const char *email, const char *password,
                    const struct session_claim *old, struct signed_in *ret);

/** Sign in, and want it to work. */
struct session_claim people_sign_in(void *state, const char *email, const char *password);

/** Admit the context to a session, proof included. */
enum err people_admit(struct ctx *cx, const struct session_claim *claim, enum role least);

/** @ret the fixture's context as that person's, whatever the tenant */
struct ctx *people_as(void *state, const struct session_claim *claim);

#endif
