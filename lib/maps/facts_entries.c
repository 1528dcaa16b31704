/*
 * Where programs start, besides main functions and what manifests declare: the
 * last CMD and ENTRYPOINT of each image that a Dockerfile makes, the processes
 * of a Procfile, the functions of a serverless.yml, and Python's
 * if __name__ == "__main__".
 */
#include "maps/tap.h"

#include <string.h>
#include <strings.h>

#define TARGET_MAX 300

struct lines {
	const char *p, *end;
	uint32_t line; /* of the last one given */
};

/* The next line, blanks at its end taken off.  Returns false at the end. */
static bool next_line(struct lines *ls, struct span *ret)
{
	const char *newline;

	if (ls->p >= ls->end)
		return false;
	newline = memchr(ls->p, '\n', (size_t)(ls->end - ls->p));
	if (!newline)
		newline = ls->end;
	*ret = (struct span){ ls->p, (size_t)(newline - ls->p) };
	while (ret->len > 0 && strchr(" \t\r", ret->data[ret->len - 1]) && ret->data[ret->len - 1])
		ret->len--;
	ls->p = newline < ls->end ? newline + 1 : ls->end;
	ls->line++;
	return true;
}

static void add(struct sink *sk, size_t *cap, struct fact_entry entry)
{
	struct facts *ret = sk->ret;

	if (ret->nentries >= FACTS_ENTRIES_MAX) {
		ret->truncated = true;
		return;
	}
	ret->entries =
		sink_room(sk->arena, ret->entries, ret->nentries, cap, sizeof(*ret->entries));
	ret->entries[ret->nentries++] = entry;
}

static const char *cut(struct sink *sk, struct span text)
{
	return sink_text(sk,
	                 (struct span){ text.data, text.len < TARGET_MAX ? text.len : TARGET_MAX },
	                 TARGET_MAX);
}

static struct span skip_blanks(struct span text)
{
	while (text.len > 0 && (*text.data == ' ' || *text.data == '\t')) {
		text.data++;
		text.len--;
	}
	return text;
}

static bool takes_word(struct span *text, const char *word)
{
	size_t n = strlen(word);

	if (text->len <= n || strncasecmp(text->data, word, n) != 0 ||
	    (text->data[n] != ' ' && text->data[n] != '\t'))
		return false;
	*text = skip_blanks((struct span){ text->data + n, text->len - n });
	return true;
}

/* ["app", "serve"] as app serve */
static const char *command(struct sink *sk, struct span text)
{
	char plain[TARGET_MAX + 1];
	size_t n = 0;

	if (text.len == 0 || *text.data != '[')
		return cut(sk, text);
	for (size_t i = 1; i < text.len && n < TARGET_MAX; i++) {
		if (text.data[i] == '"' || text.data[i] == ']' || (n == 0 && text.data[i] == ' '))
			continue;
		if (text.data[i] == ',') {
			plain[n++] = ' ';
			while (i + 1 < text.len && text.data[i + 1] == ' ')
				i++;
			continue;
		}
		plain[n++] = text.data[i];
	}
	while (n > 0 && plain[n - 1] == ' ')
		n--;
	return sink_text(sk, (struct span){ plain, n }, TARGET_MAX);
}

static void read_dockerfile(struct sink *sk)
{
	struct lines ls = { sk->text.data, sk->text.data + sk->text.len, 0 };
	struct fact_entry last[2] = { { 0 } };
	struct span line;
	bool joined = false;
	size_t cap = 0;

	for (bool more = true; more;) {
		more = next_line(&ls, &line);
		struct span text = more ? skip_blanks(line) : (struct span){ 0 };
		bool from = more && !joined && takes_word(&text, "FROM");

		if (from || !more) {
			for (int k = 0; k < 2; k++) {
				if (last[k].kind)
					add(sk, &cap, last[k]);
				last[k].kind = NULL;
			}
		}
		for (int k = 0; k < 2 && more && !from && !joined; k++) {
			const char *name = k == 0 ? "ENTRYPOINT" : "CMD";

			if (takes_word(&text, name))
				last[k] = (struct fact_entry){ "container", name, command(sk, text),
					                       ls.line };
		}
		joined = more && line.len > 0 && line.data[line.len - 1] == '\\';
	}
}

/* web: bin/serve */
static void read_procfile(struct sink *sk)
{
	struct lines ls = { sk->text.data, sk->text.data + sk->text.len, 0 };
	struct span line;
	size_t cap = 0;

	while (next_line(&ls, &line)) {
		const char *colon = memchr(line.data, ':', line.len);

		if (!colon || *line.data == '#' || colon == line.data)
			continue;
		struct span rest = { colon + 1, (size_t)(line.data + line.len - colon - 1) };

		add(sk, &cap,
		    (struct fact_entry){
			    "process",
			    cut(sk, (struct span){ line.data, (size_t)(colon - line.data) }),
			    cut(sk, skip_blanks(rest)), ls.line });
	}
}

/* functions: / name: / handler: src/x.handle, where the file also has provider: */
static void read_serverless(struct sink *sk)
{
	struct lines ls = { sk->text.data, sk->text.data + sk->text.len, 0 };
	struct span line, name = { 0 };
	bool inside = false;
	size_t cap = 0;

	if (!memmem(sk->text.data, sk->text.len, "\nprovider:", 10) ||
	    !memmem(sk->text.data, sk->text.len, "\nfunctions:", 11))
		return;
	while (next_line(&ls, &line)) {
		struct span text = skip_blanks(line);

		if (text.len == 0 || *text.data == '#')
			continue;
		if (text.data == line.data) {
			inside = line.len >= 10 && memcmp(line.data, "functions:", 10) == 0;
			continue;
		}
		if (!inside)
			continue;
		if (text.data[text.len - 1] == ':' && text.data - line.data <= 4)
			name = (struct span){ text.data, text.len - 1 };
		else if (takes_word(&text, "handler:") && name.len > 0)
			add(sk, &cap,
			    (struct fact_entry){ "function", cut(sk, name), cut(sk, text),
			                         ls.line });
	}
}

static void read_python(struct tokens *ts, struct sink *sk)
{
	size_t cap = 0;

	for (uint32_t i = 0; i + 4 < ts->n; i++) {
		if (tok_at(ts, i)->first && tok_is(ts, i, "if") && tok_is(ts, i + 1, "__name__") &&
		    tok_c(ts, i + 2) == '=' && tok_at(ts, i + 4)->len == 8 &&
		    memcmp(tok_at(ts, i + 4)->text, "__main__", 8) == 0) {
			add(sk, &cap,
			    (struct fact_entry){ "main", "__main__", "", tok_at(ts, i)->line });
			return;
		}
	}
}

void facts_entries(struct tokens *ts, struct sink *sk)
{
	switch (sk->ret->lang) {
	case LANG_DOCKERFILE:
		read_dockerfile(sk);
		break;
	case LANG_PROCFILE:
		read_procfile(sk);
		break;
	case LANG_YAML:
		read_serverless(sk);
		break;
	case LANG_PYTHON:
		read_python(ts, sk);
		break;
	default:
		break;
	}
}
