/* Keys of ssh, by libssh. */
#include "auth/ssh_key.h"

#include "base/sb.h"
#include "base/secret.h"

#include <libssh/libssh.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_END   "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC         "openssh-key-v1" /* and its NUL */
#define ROUNDS_MAX    1000 /* of bcrypt; ssh-keygen takes 16 or 24, and each costs milliseconds */
#define RSA_BITS_MIN  2048
#define FINGERPRINT   "SHA256:"
#define HASH_CHARS    43
#define HOST_KEYS_MAX 4096 /* bytes of the normal form */

static enum err bad(struct ctx *cx, const char *pointer, const char *rule, const char *why,
                    const char *fix)
{
	err_clear(cx);
	err_field(cx, ERR_INVALID, pointer, rule, "%s", why);
	err_fix(cx, "%s", fix);
	return ERR_INVALID;
}

/* --- Private keys --- */

/* What is read from the head of an OpenSSH key. */
struct head {
	const unsigned char *at;
	size_t left;
};

static bool read_u32(struct head *h, uint32_t *ret)
{
	if (h->left < 4)
		return false;
	*ret = (uint32_t)h->at[0] << 24 | (uint32_t)h->at[1] << 16 | (uint32_t)h->at[2] << 8 |
	       h->at[3];
	h->at += 4;
	h->left -= 4;
	return true;
}

static bool read_string(struct head *h, struct head *ret)
{
	uint32_t n;

	if (!read_u32(h, &n) || n > h->left)
		return false;
	*ret = (struct head){ h->at, n };
	h->at += n;
	h->left -= n;
	return true;
}

/* Is the key encrypted, and how dear is it made to open it? */
static bool read_head(struct head h, bool *ret_locked, uint32_t *ret_rounds)
{
	struct head cipher, kdf, options, salt;

	*ret_rounds = 0;
	if (h.left < sizeof(MAGIC) || memcmp(h.at, MAGIC, sizeof(MAGIC)) != 0)
		return false;
	h.at += sizeof(MAGIC);
	h.left -= sizeof(MAGIC);
	if (!read_string(&h, &cipher) || !read_string(&h, &kdf) || !read_string(&h, &options))
		return false;
	*ret_locked = cipher.left != 4 || memcmp(cipher.at, "none", 4) != 0;
	return !*ret_locked || (read_string(&options, &salt) && read_u32(&options, ret_rounds));
}

/* An OpenSSH key that would keep us busy for hours is refused before anybody tries to open it. */
static enum err check_openssh(struct ctx *cx, const char *text, bool *ret_locked)
{
	const char *begin = strstr(text, OPENSSH_BEGIN), *end = strstr(text, OPENSSH_END);
	unsigned char bytes[SSH_KEY_MAX];
	uint32_t rounds = 0;
	bool good = false;
	size_t n = 0;

	if (begin != NULL && end != NULL && end > begin) {
		begin += sizeof(OPENSSH_BEGIN) - 1;
		good = sodium_base642bin(bytes, sizeof(bytes), begin, (size_t)(end - begin),
		                         " \r\n", &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		       read_head((struct head){ bytes, n }, ret_locked, &rounds);
		secret_wipe(bytes, sizeof(bytes));
	}
	if (!good)
		return bad(cx, "/value", "private_key", "is a private key that is damaged",
		           "Paste the whole file, its first and last line included.");
	if (rounds > ROUNDS_MAX)
		return bad(cx, "/value", "private_key", "takes too long to open",
		           "Write it anew with fewer rounds: ssh-keygen -p -a 16 -f KEY");
	return ERR_OK;
}

static enum err check_form(struct ctx *cx, const char *text, bool *ret_locked)
{
	*ret_locked = strstr(text, "Proc-Type: 4,ENCRYPTED") != NULL;
	if (strstr(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") != NULL)
		return bad(cx, "/value", "private_key", "is encrypted in the form of PKCS #8",
		           "Write it anew in OpenSSH's form: ssh-keygen -p -f KEY");
	if (strstr(text, "PRIVATE KEY-----") == NULL)
		return bad(cx, "/value", "private_key", "is no private key",
		           "Paste the file that ssh-keygen made, the one without .pub.");
	return strstr(text, OPENSSH_BEGIN) == NULL ? ERR_OK : check_openssh(cx, text, ret_locked);
}

static const char *fingerprint_of(struct ctx *cx, ssh_key key)
{
	unsigned char *hash = NULL;
	const char *ret = NULL;
	size_t n;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0) {
		char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);

		if (text != NULL)
			ret = arena_strdup(cx->arena, text);
		ssh_string_free_char(text);
	}
	ssh_clean_pubkey_hash(&hash);
	return ret;
}

static const char *type_of(ssh_key key)
{
	enum ssh_keytypes_e type = ssh_key_type(key);

	if (type == SSH_KEYTYPE_ED25519 || type == SSH_KEYTYPE_RSA)
		return ssh_key_type_to_char(type);
	if (type == SSH_KEYTYPE_ECDSA_P256 || type == SSH_KEYTYPE_ECDSA_P384 ||
	    type == SSH_KEYTYPE_ECDSA_P521)
		return ssh_pki_key_ecdsa_name(key);
	return NULL;
}

/* Bits of an RSA key: its public form is type, exponent, modulus.  @ret 0 when that cannot be read */
static size_t rsa_bits(const char *base64)
{
	unsigned char bytes[SSH_KEY_MAX];
	struct head all, type, exponent, modulus;
	size_t n = 0;

	if (sodium_base642bin(bytes, sizeof(bytes), base64, strlen(base64), NULL, &n, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0)
		return 0;
	all = (struct head){ bytes, n };
	if (!read_string(&all, &type) || !read_string(&all, &exponent) ||
	    !read_string(&all, &modulus))
		return 0;
	while (modulus.left > 0 && *modulus.at == 0) {
		modulus.at++;
		modulus.left--;
	}
	return modulus.left * 8;
}

static enum err describe(struct ctx *cx, ssh_key key, struct ssh_key_info *ret)
{
	char *base64 = NULL;
	bool weak;

	ret->type = type_of(key);
	if (ret->type == NULL)
		return bad(cx, "/value", "private_key", "is of a kind that is not taken",
		           "Make an Ed25519 key: ssh-keygen -t ed25519");
	ret->fingerprint = fingerprint_of(cx, key);
	if (ret->fingerprint == NULL || ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return bad(cx, "/value", "private_key", "has no public half that can be told",
		           "Make another key: ssh-keygen -t ed25519");
	weak = ssh_key_type(key) == SSH_KEYTYPE_RSA && rsa_bits(base64) < RSA_BITS_MIN;
	ret->public_key = arena_printf(cx->arena, "%s %s", ret->type, base64);
	ssh_string_free_char(base64);
	if (weak)
		return bad(cx, "/value", "private_key", "is an RSA key of fewer than 2048 bits",
		           "Make an Ed25519 key: ssh-keygen -t ed25519");
	return ERR_OK;
}

enum err ssh_key_read(struct ctx *cx, const char *text, const char *passphrase,
                      struct ssh_key_info *ret)
{
	struct ssh_key_info info = { 0 };
	bool locked = false;
	ssh_key key = NULL;
	enum err e;

	if (strlen(text) > SSH_KEY_MAX)
		return bad(cx, "/value", "max_length", "is longer than any private key",
		           "Paste one private key.");
	TRY(check_form(cx, text, &locked));
	if (locked && passphrase == NULL)
		return bad(cx, "/passphrase", "required", "is needed: the key is encrypted",
		           "Give the passphrase, or a key without one.");
	/* Never NULL: the library would ask at a terminal. */
	if (ssh_pki_import_privkey_base64(text, passphrase == NULL ? "" : passphrase, NULL, NULL,
	                                  &key) != SSH_OK)
		return locked ? bad(cx, "/passphrase", "passphrase", "does not open the key",
		                    "Check the passphrase.")
		              : bad(cx, "/value", "private_key", "is a private key that is damaged",
		                    "Paste the whole file, its first and last line included.");
	e = describe(cx, key, &info);
	ssh_key_free(key); /* wipes */
	if (e == ERR_OK)
		*ret = info;
	return e;
}

/* --- Keys of servers --- */

static bool is_fingerprint(const char *word)
{
	size_t n = sizeof(FINGERPRINT) - 1;
	unsigned char bytes[32];
	size_t got;

	return strncmp(word, FINGERPRINT, n) == 0 && strlen(word + n) == HASH_CHARS &&
	       sodium_base642bin(bytes, sizeof(bytes), word + n, HASH_CHARS, NULL, &got, NULL,
	                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
	       got == sizeof(bytes);
}

/* The fingerprint of a public key of that type; NULL when it is none. */
static const char *fingerprint_of_text(struct ctx *cx, const char *type, const char *base64)
{
	const char *ret = NULL;
	ssh_key key = NULL;

	if (ssh_pki_import_pubkey_base64(base64, ssh_key_type_from_name(type), &key) == SSH_OK)
		ret = fingerprint_of(cx, key);
	ssh_key_free(key);
	return ret;
}

/* One line: "[marker] [hosts] [type] key-or-fingerprint [comment]". */
static const char *read_pin(struct ctx *cx, char *line)
{
	const char *type = NULL, *fingerprint = NULL;
	char *rest = NULL;

	for (char *word = strtok_r(line, " \t", &rest); word != NULL && fingerprint == NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (is_fingerprint(word))
			fingerprint = word;
		else if (type != NULL)
			fingerprint = fingerprint_of_text(cx, type, word);
		else if (ssh_key_type_from_name(word) != SSH_KEYTYPE_UNKNOWN)
			type = word;
		else if (word[0] == '@')
			return NULL; /* authorities and revoked keys */
	}
	if (fingerprint == NULL)
		return NULL;
	return type == NULL ? arena_strdup(cx->arena, fingerprint)
	                    : arena_printf(cx->arena, "%s %s", type, fingerprint);
}

enum err ssh_host_keys_read(struct ctx *cx, const char *text, const char **ret)
{
	char *copy = arena_strdup(cx->arena, text), *rest = NULL;
	struct sb sb = sb_new(cx->arena, HOST_KEYS_MAX);
	int n = 0;

	for (char *line = strtok_r(copy, "\r\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		const char *pin;

		line += strspn(line, " \t");
		if (*line == '#' || *line == '\0')
			continue;
		pin = read_pin(cx, line);
		if (pin == NULL || ++n > SSH_HOST_KEYS_MAX)
			return bad(cx, "/host_key", "host_key",
			           "has a line that is neither a known host nor a fingerprint",
			           "Paste what `ssh-keyscan HOST` says, once you have compared it "
			           "with what the server's owner publishes, or SHA256:...");
		sb_addf(&sb, "%s%s", n > 1 ? "\n" : "", pin);
	}
	if (n == 0)
		return bad(cx, "/host_key", "required", "is needed, so that the server is known",
		           "Paste what `ssh-keyscan HOST` says, once you have compared it with "
		           "what the server's owner publishes, or SHA256:...");
	return sb_finish(cx, &sb, ret);
}
