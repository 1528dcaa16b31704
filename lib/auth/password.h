/*
 * Passwords: the rules that one must keep, and its hash.
 *
 * A hash is argon2id in its text form, "$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH".  It costs memory
 * and time on purpose, so it is computed by turns: at most password_hashes_max at once on a host,
 * whichever processes they run in, and at most half of one process's threads are at it or waiting.
 * Who comes when those are taken is sent away at once, and the other half goes on serving.
 *
 *     CLEANUP(password_turn_end) struct password_turn turn = { 0 };
 *     TRY(password_turn_begin(cx, &turn));
 *     TRY(password_prove(cx, salted, typed, proof));
 *
 * Nobody is told whether there is an account: where there is none (no password, disabled) a hash of
 * the same cost is computed all the same.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "base/ctx.h"

#define PASSWORD_CHARS_MAX  128
#define PASSWORD_HASH_MAX   128 /* bytes of a hash's text, NUL included */
#define PASSWORD_RANDOM_MAX 25  /* bytes of a password made up here, NUL included */

/**
 * May this become a password?  A least length, UTF-8, none that everybody tries, nothing of the person
 * in it; no rule about kinds of characters.
 *
 * @pointer   of the field, "/password"
 * @email     of the person; @name likewise; may be ""
 * Returns ERR_INVALID
 */
NODISCARD
enum err password_check(struct ctx *cx, const char *pointer, const char *password,
                        const char *email, const char *name);

/* --- Turns --- */

struct password_gate;

/** What the threads of a process share: cx->app->passwords.  @most of them at it or waiting */
struct password_gate *password_gate_new(int most);
void password_gate_free(struct password_gate *gate);

/* A place among those who may compute. */
struct password_turn {
	struct password_gate *gate;
	int fd; /* the locked file of the place, plus one; 0: none */
};

/**
 * Wait for a turn, some seconds at most.
 *
 * A place is a file of run_dir that is locked: the kernel gives it back however its process ends.
 * Without a gate in cx->app (the command line) only the host's places count.
 * Returns ERR_UNAVAILABLE when too many are at it, or run_dir cannot be written
 */
NODISCARD
enum err password_turn_begin(struct ctx *cx, struct password_turn *turn);
void password_turn_end(struct password_turn *turn);

/* --- Hashes; each call within a turn --- */

/** The hash to store of a new password.  Returns ERR_UNAVAILABLE when there is no memory */
NODISCARD
enum err password_hash(struct ctx *cx, const char *password, char ret[PASSWORD_HASH_MAX]);

/**
 * The hash of what was typed, under the salt and the cost of a stored one, to be compared with it.
 *
 * @salted  what comes before the last $ of the stored hash; NULL: there is none, and the result is
 *          equal to no hash
 * Returns ERR_UNAVAILABLE
 */
NODISCARD
enum err password_prove(struct ctx *cx, const char *salted, const char *password,
                        char ret[PASSWORD_HASH_MAX]);

/** @ret whether a stored hash costs less than the settings ask for now */
bool password_is_cheap(const struct ctx *cx, const char *salted);

/** A random password of 24 characters (144 bits), for a first account. */
void password_random(char ret[PASSWORD_RANDOM_MAX]);

#endif
