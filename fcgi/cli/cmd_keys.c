/*
 * portolan keys: the master keys, and what is under each.
 *
 * A new key is announced before it is used, and an old one goes when nothing needs it any more; so a
 * rotation can be begun, broken off and gone on with while the service works.
 */
#include "cli/cli.h"

#include "app/app.h"
#include "auth/keyring.h"
#include "auth/vault.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_S                                                                                   \
	900 /* after which nothing of before a change is on its way: no access token lives longer */
#define PASSES 20 /* over rows that are changed while we work */

static const char *key_file(struct cli *cli)
{
	return cli->config->master_key_file;
}

static enum err has_file(struct cli *cli)
{
	if (key_file(cli)[0] != '\0')
		return ERR_OK;
	err_set(cli->cx, ERR_INVALID, "master_key_file is empty");
	err_fix(cli->cx, "set it, or let systemd's LoadCredential= hand over master-keys");
	return ERR_INVALID;
}

/*
 * Is there something in the database that other master keys were for?  Then a file that is missing was
 * lost, and another one in its place would end all of that without a word.
 */
static enum err check_lost(struct cli *cli)
{
	CLEANUP(db_close_ptr) struct db *db = app_gate_db(cli->cx->app);
	struct ctx *cx = cli->cx;
	struct vault_need need = { 0 };
	enum err e;

	cx->db = db;
	e = vault_needs_any(cx, &need);
	cx->db = NULL;
	if (e != ERR_OK) { /* there is none yet, or no schema in it */
		err_clear(cx);
		return ERR_OK;
	}
	if (need.secrets + need.api_keys + need.others == 0)
		return ERR_OK;
	err_set(cx, ERR_STATE,
	        "%s is missing, but the database holds %lld secrets, %lld API keys and %lld "
	        "sessions that were made under its keys",
	        key_file(cli), (long long)need.secrets, (long long)need.api_keys,
	        (long long)need.others);
	err_fix(cx, "restore the file from its copy; if it is lost for good, so are these: "
	            "portolan keys init --anew");
	return ERR_STATE;
}

enum err cli_keys_init(struct cli *cli)
{
	const char *state = "kept";
	struct keyring *ring;
	int number;

	TRY(has_file(cli));
	if (access(key_file(cli), F_OK) != 0) {
		if (cli_option(cli, "anew") == NULL)
			TRY(check_lost(cli));
		TRY(keyring_add(cli->cx, key_file(cli), 0, &number));
		state = "made";
	}
	TRY(keyring_open(cli->cx, key_file(cli), &ring));
	number = keyring_newest(ring);
	keyring_free(ring);
	if (cli->json)
		fprintf(cli->term.out,
		        "{\"schema\":\"keys-init/1\",\"file\":\"%s\",\"newest\":%d}\n", state,
		        number);
	else
		fprintf(cli->term.out, "The master keys in %s were %s; number %d is in use.\n",
		        key_file(cli), state, number);
	return ERR_OK;
}

/* --- What there is --- */

/* The keys, the highest number first, and what needs each. */
struct stock {
	int n, used; /* used: index of the one in use */
	struct keyring_key keys[KEYRING_MAX];
	struct vault_need needs[KEYRING_MAX];
};

static enum err take_stock(struct cli *cli, struct stock *ret)
{
	ret->n = keyring_list(cli->cx->app->keyring, ret->keys);
	for (int i = 0; i < ret->n; i++) {
		if (ret->keys[i].in_use)
			ret->used = i;
		TRY(vault_needs(cli->cx, ret->keys[i].number, i > 0 ? ret->keys[i - 1].from_s : 0,
		                &ret->needs[i]));
	}
	return ERR_OK;
}

/* Why a key must stay; NULL: it may go. */
static const char *why_kept(struct cli *cli, const struct stock *s, int i)
{
	const struct vault_need *need = &s->needs[i];
	int64_t settled = s->keys[s->used].from_s + SETTLE_S;

	if (i == s->used)
		return "in use";
	if (i < s->used)
		return "announced";
	if (need->secrets + need->api_keys + need->others > 0)
		return arena_printf(
			cli->cx->arena,
			"needed by %lld secrets, %lld API keys, %lld sessions and tokens",
			(long long)need->secrets, (long long)need->api_keys,
			(long long)need->others);
	if (settled > (int64_t)time(NULL))
		return "needed by what is on its way; it may go in some minutes";
	return NULL;
}

enum err cli_keys_status(struct cli *cli)
{
	FILE *out = cli->term.out;
	struct stock s = { 0 };

	TRY(take_stock(cli, &s));
	if (cli->json)
		fprintf(out, "{\"schema\":\"keys-status/1\",\"keys\":[");
	for (int i = 0; i < s.n; i++) {
		const char *why = why_kept(cli, &s, i);
		const struct vault_need *need = &s.needs[i];

		if (cli->json)
			fprintf(out,
			        "%s{\"number\":%d,\"in_use\":%s,\"secrets\":%lld,\"api_keys\":%lld,"
			        "\"others\":%lld,\"removable\":%s}",
			        i > 0 ? "," : "", s.keys[i].number,
			        s.keys[i].in_use ? "true" : "false", (long long)need->secrets,
			        (long long)need->api_keys, (long long)need->others,
			        why == NULL ? "true" : "false");
		else
			fprintf(out, "key %-5d %6lld secrets  %6lld API keys  %s\n",
			        s.keys[i].number, (long long)need->secrets,
			        (long long)need->api_keys, why == NULL ? "may be retired" : why);
	}
	if (cli->json)
		fprintf(out, "]}\n");
	return ERR_OK;
}

/* --- Rotation --- */

/* Is there a rotation that was begun and not ended? */
static bool is_begun(const struct stock *s)
{
	int64_t old = 0;

	for (int i = s->used + 1; i < s->n; i++)
		old += s->needs[i].secrets;
	return s->used > 0 || old > 0;
}

static enum err await_use(struct cli *cli, int number)
{
	while (keyring_newest(cli->cx->app->keyring) < number) {
		if (cli_interrupted())
			return err_set(cli->cx, ERR_CANCELLED, "interrupted; begin again to go on");
		sleep(1);
	}
	return ERR_OK;
}

/* Until a look at all rows finds nothing that is under another key. */
static enum err reseal_all(struct cli *cli, int64_t *ret_done)
{
	for (int pass = 0; pass < PASSES; pass++) {
		int64_t after = 0, done, found = 0;
		bool more = true;

		while (more) {
			if (cli_interrupted())
				return err_set(cli->cx, ERR_CANCELLED,
				               "interrupted; begin again to go on");
			TRY(vault_reseal(cli->cx, &after, &done, &more));
			*ret_done += done;
		}
		found = after;
		if (found == 0)
			return ERR_OK;
	}
	err_set(cli->cx, ERR_UNAVAILABLE, "secrets are still being sealed under an old key");
	err_fix(cli->cx,
	        "see that every worker reads the same file of master keys, and begin again");
	return ERR_UNAVAILABLE;
}

enum err cli_keys_rotate(struct cli *cli)
{
	struct stock s = { 0 };
	int64_t done = 0;
	int number;
	bool begun;

	TRY(has_file(cli));
	TRY(take_stock(cli, &s));
	begun = is_begun(&s);
	number = s.keys[0].number;
	if (!begun)
		TRY(keyring_add(cli->cx, key_file(cli), KEYRING_ANNOUNCE_S, &number));
	TRY(await_use(cli, number));
	TRY(reseal_all(cli, &done));
	if (cli->json) {
		fprintf(cli->term.out,
		        "{\"schema\":\"keys-rotate/1\",\"number\":%d,\"resumed\":%s,\"secrets\":%lld}\n",
		        number, begun ? "true" : "false", (long long)done);
		return ERR_OK;
	}
	fprintf(cli->term.out, "%s: master key %d is in use, and %lld secrets moved to it.\n",
	        begun ? "Gone on with" : "Rotated", number, (long long)done);
	fprintf(cli->term.out,
	        "Keep a copy of %s.  `portolan keys status` shows which key may go.\n",
	        key_file(cli));
	return ERR_OK;
}

enum err cli_keys_retire(struct cli *cli)
{
	struct stock s = { 0 };
	const char *why;
	int64_t number;
	int at = 0;

	TRY(has_file(cli));
	TRY(cli_id(cli, cli->args[0], &number));
	TRY(take_stock(cli, &s));
	while (at < s.n && s.keys[at].number != number)
		at++;
	if (at == s.n)
		return err_set(cli->cx, ERR_NOT_FOUND, "there is no master key %lld",
		               (long long)number);
	why = why_kept(cli, &s, at);
	if (why != NULL) {
		err_set(cli->cx, ERR_STATE, "master key %lld stays: %s", (long long)number, why);
		err_fix(cli->cx, "secrets move by `portolan keys rotate`, API keys by `portolan "
		                 "api-keys rotate`; sessions and tokens end by themselves");
		return ERR_STATE;
	}
	TRY(keyring_remove(cli->cx, key_file(cli), (int)number));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"keys-retire/1\",\"number\":%lld}\n",
		        (long long)number);
	else
		fprintf(cli->term.out, "Master key %lld is gone from %s.\n", (long long)number,
		        key_file(cli));
	return ERR_OK;
}
