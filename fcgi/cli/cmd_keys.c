/* portolan keys init: the file of the master keys. */
#include "cli/cli.h"

#include "auth/keyring.h"

#include <unistd.h>

enum err cli_keys_init(struct cli *cli)
{
	const char *path = cli->config->master_key_file, *state = "kept";
	struct keyring *ring;
	int number;

	if (path[0] == '\0') {
		err_set(cli->cx, ERR_INVALID, "master_key_file is empty");
		err_fix(cli->cx, "set it, or let systemd's LoadCredential= hand over master-keys");
		return ERR_INVALID;
	}
	if (access(path, F_OK) != 0) {
		TRY(keyring_add(cli->cx, path, 0, &number));
		state = "made";
	}
	TRY(keyring_open(cli->cx, path, &ring));
	number = keyring_newest(ring);
	keyring_free(ring);
	if (cli->json)
		fprintf(cli->term.out,
		        "{\"schema\":\"keys-init/1\",\"file\":\"%s\",\"newest\":%d}\n", state,
		        number);
	else
		fprintf(cli->term.out, "The master keys in %s were %s; number %d is in use.\n",
		        path, state, number);
	return ERR_OK;
}
