/* SSH keys as they are pasted: those of ssh-keygen, and those that are none. */
#include "fixture.h"

#include "auth/ssh_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/portolan-ssh-key.XXXXXX";

static const char *read_text(struct ctx *cx, const char *name)
{
	char text[16384];
	FILE *f = fopen(arena_printf(cx->arena, "%s/%s", folder, name), "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	return arena_strndup(cx->arena, text, n);
}

static int make_keys(void **state)
{
	char script[1024];

	assert_non_null(mkdtemp(folder));
	snprintf(
		script, sizeof(script),
		"cd %s && k() { f=$1; shift; ssh-keygen -q -C test -f $f \"$@\"; } &&"
		" k ed -t ed25519 -N '' && k rsa -t rsa -b 2048 -N '' && k ec -t ecdsa -N '' &&"
		" k pem -t rsa -b 2048 -m PEM -N '' && k pem_locked -t rsa -b 2048 -m PEM -N secret &&"
		" k locked -t ed25519 -N secret && k slow -t ed25519 -a 1 -N secret &&"
		" k pkcs8 -t rsa -b 2048 -m PKCS8 -N '' &&"
		" k pkcs8_locked -t rsa -b 2048 -m PKCS8 -N secret && k weak -t rsa -b 1024 -N ''",
		folder);
	assert_int_equal(system(script), 0);
	return fixture_open(state);
}

static int drop_keys(void **state)
{
	char script[128];

	snprintf(script, sizeof(script), "rm -rf %s", folder);
	assert_int_equal(system(script), 0);
	return fixture_close(state);
}

static void test_ssh_key__read(void **state)
{
	static const struct {
		const char *name, *phrase, *type;
	} KEYS[] = {
		{ "ed", NULL, "ssh-ed25519" },
		{ "ed", "not needed", "ssh-ed25519" },
		{ "rsa", NULL, "ssh-rsa" },
		{ "ec", NULL, "ecdsa-sha2-nistp256" },
		{ "pem", NULL, "ssh-rsa" },
		{ "pem_locked", "secret", "ssh-rsa" },
		{ "locked", "secret", "ssh-ed25519" },
		{ "pkcs8", NULL, "ssh-rsa" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		const char *pub = read_text(cx, arena_printf(cx->arena, "%s.pub", KEYS[i].name));
		struct ssh_key_info info;

		print_message("# %s\n", KEYS[i].name);
		assert_int_equal(
			ssh_key_read(cx, read_text(cx, KEYS[i].name), KEYS[i].phrase, &info),
			ERR_OK);
		assert_string_equal(info.type, KEYS[i].type);
		assert_memory_equal(pub, info.public_key, strlen(info.public_key));
		assert_memory_equal(info.fingerprint, "SHA256:", 7);
		assert_int_equal(strlen(info.fingerprint), 50);
	}
}

static void test_ssh_key__refused(void **state)
{
	static const struct {
		const char *name, *phrase, *blamed;
	} KEYS[] = {
		{ "locked", NULL, "/passphrase" },      { "locked", "wrong", "/passphrase" },
		{ "pem_locked", NULL, "/passphrase" },  { "pem_locked", "wrong", "/passphrase" },
		{ "pkcs8_locked", "secret", "/value" }, { "weak", NULL, "/value" },
		{ "ed.pub", NULL, "/value" },
	};
	static const char *const TEXTS[] = {
		"",
		"nonsense",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
		"-----END OPENSSH PRIVATE KEY----------BEGIN OPENSSH PRIVATE KEY-----",
		"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct ssh_key_info info;
	char *cut;

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		print_message("# %s\n", KEYS[i].name);
		assert_int_equal(
			ssh_key_read(cx, read_text(cx, KEYS[i].name), KEYS[i].phrase, &info),
			ERR_INVALID);
		assert_blamed(cx, KEYS[i].blamed, NULL);
		assert_non_null(cx->fault.fix);
	}
	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		assert_int_equal(ssh_key_read(cx, TEXTS[i], NULL, &info), ERR_INVALID);
		assert_blamed(cx, "/value", NULL);
	}
	/* Each beginning of a good key, its end put back. */
	cut = arena_strdup(cx->arena, read_text(cx, "ed"));
	for (size_t n = 36; n < strlen(cut) - 60; n += 7) {
		const char *text = arena_printf(
			cx->arena, "%.*s\n-----END OPENSSH PRIVATE KEY-----\n", (int)n, cut);

		assert_int_equal(ssh_key_read(cx, text, NULL, &info), ERR_INVALID);
	}
}

/* A key that would take hours to open is refused at once: the rounds are raised in its head. */
static void test_ssh_key__slow(void **state)
{
	/* magic, aes256-ctr, bcrypt, 24 bytes of options: a salt of 16 and 2^31 - 1 rounds */
	static const char SLOW[] =
		"-----BEGIN OPENSSH PRIVATE KEY-----\n"
		"b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAAAAAAAAAAAAAA\n"
		"AAAAAAAAf////wAAAAE=\n"
		"-----END OPENSSH PRIVATE KEY-----\n";
	struct ctx *cx = fixture_ctx(*state);
	struct ssh_key_info info;

	assert_int_equal(ssh_key_read(cx, SLOW, "secret", &info), ERR_INVALID);
	assert_contains(cx->fault.detail, "too long to open");
}

static void test_ssh_key__hosts(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *ed = read_text(cx, "ed.pub"), *rsa = read_text(cx, "rsa.pub"), *normal, *print;
	struct ssh_key_info info;
	char *line;

	assert_int_equal(ssh_key_read(cx, read_text(cx, "ed"), NULL, &info), ERR_OK);
	print = info.fingerprint;
	line = arena_printf(cx->arena, "ssh-ed25519 %s", print);
	assert_int_equal(ssh_host_keys_read(cx, print, &normal), ERR_OK);
	assert_string_equal(normal, print);
	assert_int_equal(ssh_host_keys_read(cx, ed, &normal), ERR_OK);
	assert_string_equal(normal, line);
	assert_int_equal(ssh_host_keys_read(cx, normal, &normal), ERR_OK); /* its own form */
	assert_string_equal(normal, line);
	assert_int_equal(
		ssh_host_keys_read(
			cx, arena_printf(cx->arena, "# a note\n\n[host]:22 %s|1|x=|y= %s", ed, rsa),
			&normal),
		ERR_OK);
	assert_memory_equal(normal, line, strlen(line));
	assert_contains(normal, "\nssh-rsa SHA256:");

	static const char *const BAD[] = { "",
		                           "host",
		                           "SHA256:short",
		                           "# nothing",
		                           "MD5:aa:bb",
		                           "host ssh-ed25519 AAAA",
		                           "@cert-authority * ssh-ed25519 AAAA" };
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_int_equal(ssh_host_keys_read(cx, BAD[i], &normal), ERR_INVALID);
		assert_blamed(cx, "/host_key", NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssh_key__read),
		cmocka_unit_test(test_ssh_key__refused),
		cmocka_unit_test(test_ssh_key__slow),
		cmocka_unit_test(test_ssh_key__hosts),
	};

	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
