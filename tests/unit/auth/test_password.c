/* Passwords: the rules, the hash, and the turns (T15; A1, A8). */
#include "fixture.h"

#include "auth/password.h"
#include "base/secret.h"
#include "config/config.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static struct config config;
static char dir[] = "/tmp/portolan-turns.XXXXXX";

static int open_all(void **state)
{
	struct fixture *f;

	if (fixture_open(state) != 0 || mkdtemp(dir) == NULL)
		return -1;
	config.run_dir = dir;
	config.password_min_length = 12;
	config.password_memory_bytes = 8192;
	config.password_passes = 1;
	config.password_hashes_max = 2;
	f = *state;
	f->app.config = &config;
	return 0;
}

static int close_all(void **state)
{
	char path[300];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/password.%d.lock", dir, i);
		unlink(path);
	}
	rmdir(dir);
	return fixture_close(state);
}

/* Each row: the password, the rule that it breaks or NULL. */
static const struct {
	const char *password, *rule;
} RULES[] = {
	{ "correct horse battery", NULL },
	{ "aaaaab aaaaab", NULL },
	{ "äöüßéèêñçøåæ", NULL }, /* twelve characters, not bytes */
	{ "eleven char", "min_length" },
	{ "", "min_length" },
	{ "äöüßéèêñçøå", "min_length" },
	{ "bad \xff utf-8 bytes", "encoding" },
	{ "passwordpassword", "common" },
	{ "aaaaaaaaaaaaaaaa", "common" },
	{ "abcabcabcabcabc", "common" },
	{ "123456789012", "common" },
	{ "zyxwvutsrqponm", "common" },
	{ "Password2026!", "common" },
	{ "!!P4$$w0rd!!!", "common" },
	{ "qwertyuiopas", "common" },
	{ "1QAZ2wsx3edc", "common" },
	{ "baseball2026", "common" },
	{ "Portolan is mine", "personal" },
	{ "i am ada.lovelace", "personal" },
	{ "LOVELACE forever", "personal" },
	{ "bo is my dog, ok", NULL }, /* too short a word to matter */
};

static void test_rules__each(void **state)
{
	for (size_t i = 0; i < COUNT(RULES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		enum err e = password_check(cx, "/password", RULES[i].password,
		                            "ada.lovelace@example.org", "Bo Lovelace");

		print_message("# %s\n", RULES[i].password);
		assert_int_equal(e, RULES[i].rule == NULL ? ERR_OK : ERR_INVALID);
		if (RULES[i].rule != NULL)
			assert_blamed(cx, "/password", RULES[i].rule);
	}
}

static void test_rules__longest(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char text[140];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i + i / 7) % 26);
	text[128] = '\0';
	assert_int_equal(password_check(cx, "/p", text, "", ""), ERR_OK);
	text[128] = 'x';
	text[129] = '\0';
	assert_int_equal(password_check(cx, "/p", text, "", ""), ERR_INVALID);
	assert_blamed(cx, "/p", "max_length");
}

/* The table is searched by halves. */
static void test_rules__table_is_sorted(void **state)
{
	static const char *const WORDS[] = {
#include "auth/common_passwords.def"
	};

	(void)state;
	assert_true(COUNT(WORDS) >= 1000);
	for (size_t i = 1; i < COUNT(WORDS); i++)
		assert_true(strcmp(WORDS[i - 1], WORDS[i]) < 0);
}

static void salted_of(const char *hash, char *ret)
{
	size_t n = (size_t)(strrchr(hash, '$') - hash);

	memcpy(ret, hash, n);
	ret[n] = '\0';
}

/* Our text form is libsodium's, so that either can check what the other made. */
static void test_hash__form_of_libsodium(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char hash[PASSWORD_HASH_MAX], proof[PASSWORD_HASH_MAX], salted[PASSWORD_HASH_MAX];
	char theirs[crypto_pwhash_STRBYTES];

	assert_int_equal(password_hash(cx, "correct horse", hash), ERR_OK);
	assert_int_equal(crypto_pwhash_str_verify(hash, "correct horse", 13), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(hash, "correct hors", 12), 0);
	salted_of(hash, salted);
	assert_int_equal(password_prove(cx, salted, "correct horse", proof), ERR_OK);
	assert_string_equal(proof, hash);
	assert_int_equal(password_prove(cx, salted, "Correct horse", proof), ERR_OK);
	assert_string_not_equal(proof, hash);

	assert_int_equal(crypto_pwhash_str(theirs, "correct horse", 13, 1, 8192), 0);
	salted_of(theirs, salted);
	assert_int_equal(password_prove(cx, salted, "correct horse", proof), ERR_OK);
	assert_string_equal(proof, theirs);
}

static void test_hash__nobody_costs_the_same(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char hash[PASSWORD_HASH_MAX], nobody[PASSWORD_HASH_MAX];

	assert_int_equal(password_hash(cx, "correct horse", hash), ERR_OK);
	assert_int_equal(password_prove(cx, NULL, "correct horse", nobody), ERR_OK);
	assert_string_not_equal(hash, nobody);
	assert_memory_equal(hash, nobody, strlen("$argon2id$v=19$m=8,t=1,p=1$"));
	assert_int_equal(strlen(hash), strlen(nobody));
}

static void test_hash__made_anew_when_the_cost_rises(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char hash[PASSWORD_HASH_MAX], salted[PASSWORD_HASH_MAX];

	assert_int_equal(password_hash(cx, "correct horse", hash), ERR_OK);
	salted_of(hash, salted);
	assert_false(password_is_cheap(cx, salted));
	config.password_passes = 2;
	assert_true(password_is_cheap(cx, salted));
	config.password_passes = 1;
	config.password_memory_bytes = 16384;
	assert_true(password_is_cheap(cx, salted));
	config.password_memory_bytes = 8192;
	assert_false(password_is_cheap(cx, NULL));
}

static void test_hash__unknown_forms(void **state)
{
	static const char *const FORMS[] = {
		"",
		"$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAA!!",
		"$argon2id$v=19$m=8,t=1,p=2$AAAAAAAAAAAAAAAAAAAAAA",
	};
	char proof[PASSWORD_HASH_MAX];

	for (size_t i = 0; i < COUNT(FORMS); i++)
		assert_int_equal(password_prove(fixture_ctx(*state), FORMS[i], "x", proof),
		                 ERR_INTERNAL);
}

/* Another process with a place of the host's, for as long as it lives. */
static pid_t take_place(int i)
{
	char path[300], byte = 0;
	int ready[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/password.%d.lock", dir, i);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CREAT, 0600);

		if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Two on the host; the third waits for its time and is sent away; kill -9 gives a place back. */
static void test_turns__places_of_the_host(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct fixture *f = *state;
	struct password_turn turn = { 0 };
	pid_t a = take_place(0), b = take_place(1);

	cx->deadline_ms = f->clock.since_us / 1000; /* over: no wait */
	assert_int_equal(password_turn_begin(cx, &turn), ERR_UNAVAILABLE);
	password_turn_end(&turn);
	cx->deadline_ms = 0;
	end(a);
	assert_int_equal(password_turn_begin(cx, &turn), ERR_OK);
	password_turn_end(&turn);
	end(b);
}

static void test_turns__bound_of_a_process(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct fixture *f = *state;
	struct password_turn one = { 0 }, two = { 0 };

	f->app.passwords = password_gate_new(1);
	assert_int_equal(password_turn_begin(cx, &one), ERR_OK);
	assert_int_equal(password_turn_begin(cx, &two), ERR_UNAVAILABLE);
	password_turn_end(&two);
	password_turn_end(&one);
	assert_int_equal(password_turn_begin(cx, &two), ERR_OK);
	password_turn_end(&two);
	password_gate_free(f->app.passwords);
	f->app.passwords = NULL;
}

static void test_turns__no_folder(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct password_turn turn = { 0 };

	config.run_dir = "/proc/no/such";
	assert_int_equal(password_turn_begin(cx, &turn), ERR_UNAVAILABLE);
	assert_contains(cx->fault.cause, "/proc/no/such");
	password_turn_end(&turn);
	config.run_dir = dir;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules__each),
		cmocka_unit_test(test_rules__longest),
		cmocka_unit_test(test_rules__table_is_sorted),
		cmocka_unit_test(test_hash__form_of_libsodium),
		cmocka_unit_test(test_hash__nobody_costs_the_same),
		cmocka_unit_test(test_hash__made_anew_when_the_cost_rises),
		cmocka_unit_test(test_hash__unknown_forms),
		cmocka_unit_test(test_turns__places_of_the_host),
		cmocka_unit_test(test_turns__bound_of_a_process),
		cmocka_unit_test(test_turns__no_folder),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
