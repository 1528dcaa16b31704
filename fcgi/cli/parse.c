/* Words and options; help made from the command table. */
#include "cli/parse.h"

#include "base/nearest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Options that every command takes. */
static const struct cli_option COMMON[] = {
	{ "json", NULL, "print the result as JSON" },
	{ "no-color", NULL, "no colours (also when NO_COLOR is set)" },
	{ "yes", NULL, "answer every question with yes" },
	{ "config", "FILE", "read settings from this file (PORTOLAN_CONFIG)" },
	{ "set", "KEY=VALUE", "give one setting a value; may be repeated" },
	{ "url", "URL", "address of the service (PORTOLAN_URL)" },
	{ "help", NULL, "show this help" },
};
enum { O_JSON, O_NO_COLOR, O_YES, O_CONFIG, O_SET, O_URL, O_HELP };

struct parse {
	struct cli *cli;
	const char **sets; /* CLI_SETS_MAX */
	const char *words[CLI_ARGS_MAX + 2];
	int nwords;
	const char
		*opts[CLI_OPTIONS_MAX * 2]; /* "name" and "value" in turn, of the command's own */
	int nopts;
	bool help;
	bool no_color;
	const char *group; /* its commands are asked for */
};

enum err cli_usage(struct cli *cli, const char *detail, ...)
{
	va_list ap;
	char *text;

	va_start(ap, detail);
	text = arena_vprintf(cli->cx->arena, detail, ap);
	va_end(ap);
	cli->usage = true;
	err_set(cli->cx, ERR_BAD_REQUEST, "%s", text);
	if (cli->command != NULL)
		err_fix(cli->cx, "portolan %s --help", cli->command->words);
	else
		err_fix(cli->cx, "portolan --help lists the commands");
	return ERR_BAD_REQUEST;
}

const char *cli_option(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX && cli->command->options[i].name != NULL; i++) {
		if (strcmp(cli->command->options[i].name, name) == 0)
			return cli->values[i];
	}
	assert(!"an option that the command's row does not have");
	return NULL;
}

enum err cli_id(struct cli *cli, const char *text, int64_t *ret)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 1 || n == LLONG_MAX)
		return cli_usage(cli, "an id is a whole number of 1 and up, not \"%s\"", text);
	*ret = n;
	return ERR_OK;
}

/* --- Help --- */

static void help_options(struct term *t, const struct cli_option *options, size_t n)
{
	for (size_t i = 0; i < n && options[i].name != NULL; i++) {
		char text[80];

		snprintf(text, sizeof(text), "--%s%s%s", options[i].name,
		         options[i].arg != NULL ? " " : "",
		         options[i].arg != NULL ? options[i].arg : "");
		fprintf(t->out, "  %-20s  %s\n", text, options[i].help);
	}
}

static void help_examples(struct term *t, const char *examples)
{
	while (*examples != '\0') {
		const char *end = strchr(examples, '\n');

		fprintf(t->out, "  portolan %.*s\n", (int)(end - examples), examples);
		examples = end + 1;
	}
}

static void help_command(struct term *t, const struct cli_command *c)
{
	term_text(t, t->out, TERM_BOLD, c->summary);
	fputs("\n\nExamples\n", t->out);
	help_examples(t, c->examples);
	fprintf(t->out, "\nUsage\n  portolan %s%s%s [options]\n\nOptions\n", c->words,
	        c->args != NULL ? " " : "", c->args != NULL ? c->args : "");
	help_options(t, c->options, CLI_OPTIONS_MAX);
	help_options(t, COMMON, COUNT(COMMON));
}

static void help_commands(struct term *t, const char *group)
{
	size_t n = strlen(group);

	for (const struct cli_command *c = cli_commands; c->words != NULL; c++) {
		char text[80];

		if (n > 0 && (strncmp(c->words, group, n) != 0 || c->words[n] != ' '))
			continue;
		snprintf(text, sizeof(text), "%s%s%s", c->words, c->args != NULL ? " " : "",
		         c->args != NULL ? c->args : "");
		fprintf(t->out, "  %-20s  %s\n", text, c->summary);
	}
}

/* Of the commands that share a first word, which is none by itself. */
static void help_group(struct term *t, const char *group)
{
	fputs("Commands\n", t->out);
	help_commands(t, group);
	fprintf(t->out, "\nportolan %s COMMAND --help tells more of each.\n", group);
}

static void help_all(struct term *t)
{
	fputs("Portolan: the chart of a codebase, drawn from what is there\n\nExamples\n", t->out);
	help_examples(t,
	              "map https://git.example.org/team/app.git\njobs --status failed\nstatus\n");
	fputs("\nCommands\n", t->out);
	help_commands(t, "");
	fputs("\nOptions of every command\n", t->out);
	help_options(t, COMMON, COUNT(COMMON));
	fputs("\nportolan COMMAND --help tells more of each.\n", t->out);
}

/* --- Commands --- */

/* The row whose words the command line begins with; the longest match wins. */
static const struct cli_command *find_command(const struct parse *p, int *used)
{
	const struct cli_command *found = NULL;

	*used = 0;
	for (const struct cli_command *c = cli_commands; c->words != NULL; c++) {
		const char *space = strchr(c->words, ' ');
		size_t first = space != NULL ? (size_t)(space - c->words) : strlen(c->words);
		int n = space != NULL ? 2 : 1;

		if (p->nwords < n || n < *used || strlen(p->words[0]) != first ||
		    strncmp(p->words[0], c->words, first) != 0)
			continue;
		if (space != NULL && strcmp(p->words[1], space + 1) != 0)
			continue;
		found = c;
		*used = n;
	}
	return found;
}

/* The second words of the commands that begin with this one; "": there are none. */
static const char *group_words(struct cli *cli, const char *first)
{
	struct sb sb = sb_new(cli->cx->arena, 1024);
	size_t n = strlen(first);

	for (const struct cli_command *c = cli_commands; c->words != NULL; c++) {
		if (strncmp(c->words, first, n) == 0 && c->words[n] == ' ')
			sb_addf(&sb, "%s%s", sb.len > 0 ? ", " : "", c->words + n + 1);
	}
	return sb.len > 0 ? sb.data : "";
}

static enum err unknown_command(struct parse *p)
{
	struct nearest near = nearest_to(p->words[0]);
	struct nearest two = { 0 };
	const char *pair =
		p->nwords > 1 ? arena_printf(p->cli->cx->arena, "%s %s", p->words[0], p->words[1])
			      : p->words[0];

	two = nearest_to(pair);
	for (const struct cli_command *c = cli_commands; c->words != NULL; c++) {
		nearest_offer(&near, c->words);
		nearest_offer(&two, c->words);
	}
	if (two.best != NULL)
		return cli_usage(p->cli, "there is no command \"%s\"; did you mean \"%s\"?", pair,
		                 two.best);
	if (near.best != NULL)
		return cli_usage(p->cli, "there is no command \"%s\"; did you mean \"%s\"?",
		                 p->words[0], near.best);
	return cli_usage(p->cli, "there is no command \"%s\"", p->words[0]);
}

/* --- Options --- */

static int find_option(const struct cli_option *options, size_t max, const char *name, size_t len)
{
	for (size_t i = 0; i < max && options[i].name != NULL; i++) {
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return (int)i;
	}
	return -1;
}

/* Does any command take a value for this option?  Needed before the command is known. */
static bool takes_value(const char *name, size_t len)
{
	for (const struct cli_command *c = cli_commands; c->words != NULL; c++) {
		int i = find_option(c->options, CLI_OPTIONS_MAX, name, len);

		if (i >= 0)
			return c->options[i].arg != NULL;
	}
	return false;
}

static enum err set_common(struct parse *p, int which, const char *value)
{
	struct config_sources *sources = p->cli->sources;

	switch (which) {
	case O_JSON:
		p->cli->json = true;
		break;
	case O_NO_COLOR:
		p->no_color = true;
		break;
	case O_YES:
		p->cli->yes = true;
		break;
	case O_CONFIG:
		sources->file = value;
		break;
	case O_SET:
	case O_URL:
		if (sources->nsets == CLI_SETS_MAX)
			return cli_usage(p->cli, "at most %d --set", CLI_SETS_MAX);
		p->sets[sources->nsets++] =
			which == O_SET ? value : arena_printf(p->cli->cx->arena, "url=%s", value);
		sources->sets = p->sets;
		break;
	default:
		p->help = true;
		break;
	}
	return ERR_OK;
}

/* One "--name[=value]"; @next what follows on the line, taken when it is the value. */
static enum err take_option(struct parse *p, const char *text, const char *next, bool *took)
{
	const char *name = text + 2, *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	int common = find_option(COMMON, COUNT(COMMON), name, len);
	bool wants = common >= 0 ? COMMON[common].arg != NULL : takes_value(name, len);
	const char *value = equals != NULL ? equals + 1 : wants ? next : "";

	*took = wants && equals == NULL;
	if (wants && value == NULL)
		return cli_usage(p->cli, "--%.*s needs a value", (int)len, name);
	if (!wants && equals != NULL)
		return cli_usage(p->cli, "--%.*s takes no value", (int)len, name);
	if (common >= 0)
		return set_common(p, common, value);
	if (p->nopts + 2 > (int)COUNT(p->opts))
		return cli_usage(p->cli, "too many options");
	p->opts[p->nopts++] = arena_strndup(p->cli->cx->arena, name, len);
	p->opts[p->nopts++] = value;
	return ERR_OK;
}

static enum err split(struct parse *p, int argc, char **argv)
{
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		const char *text = argv[i];
		bool took = false;

		if (!only_words && strcmp(text, "--") == 0) {
			only_words = true;
		} else if (!only_words && strcmp(text, "-h") == 0) {
			p->help = true;
		} else if (!only_words && strncmp(text, "--", 2) == 0) {
			TRY(take_option(p, text, i + 1 < argc ? argv[i + 1] : NULL, &took));
			i += took ? 1 : 0;
		} else if (!only_words && text[0] == '-' && text[1] != '\0') {
			return cli_usage(p->cli, "there is no option \"%s\"", text);
		} else if (p->nwords == (int)COUNT(p->words)) {
			return cli_usage(p->cli, "too many words");
		} else {
			p->words[p->nwords++] = text;
		}
	}
	return ERR_OK;
}

static enum err unknown_option(struct cli *cli, const struct cli_option *own, const char *name)
{
	struct nearest near = nearest_to(name);

	for (size_t i = 0; i < CLI_OPTIONS_MAX && own[i].name != NULL; i++)
		nearest_offer(&near, own[i].name);
	for (size_t i = 0; i < COUNT(COMMON); i++)
		nearest_offer(&near, COMMON[i].name);
	if (near.best == NULL)
		return cli_usage(cli, "there is no option --%s here", name);
	return cli_usage(cli, "there is no option --%s here; did you mean --%s?", name, near.best);
}

/* Give the command the options that its row has; refuse the others. */
static enum err own_options(struct parse *p)
{
	static const struct cli_option NONE[CLI_OPTIONS_MAX];
	struct cli *cli = p->cli;
	const struct cli_option *own = cli->command != NULL ? cli->command->options : NONE;

	for (int i = 0; i < p->nopts; i += 2) {
		const char *name = p->opts[i];
		int at = find_option(own, CLI_OPTIONS_MAX, name, strlen(name));

		if (at < 0)
			return unknown_option(cli, own, name);
		cli->values[at] = p->opts[i + 1];
	}
	return ERR_OK;
}

/* "help [COMMAND]" and "--version" are what people try before they have read anything. */
static void take_habits(struct parse *p)
{
	if (p->nwords > 0 && strcmp(p->words[0], "help") == 0) {
		p->help = true;
		p->nwords--;
		memmove(p->words, p->words + 1, (size_t)p->nwords * sizeof(p->words[0]));
	} else if (p->nwords == 0 && p->nopts == 2 && strcmp(p->opts[0], "version") == 0) {
		p->words[p->nwords++] = "version";
		p->nopts = 0;
	}
}

static enum err parse(struct parse *p, int argc, char **argv)
{
	struct cli *cli = p->cli;
	int used;

	TRY(split(p, argc, argv));
	take_habits(p);
	if (p->nwords == 0) {
		TRY(own_options(p));
		if (!p->help && argc > 1)
			return cli_usage(cli, "a command is missing");
		p->help = true;
		return ERR_OK;
	}
	cli->command = find_command(p, &used);
	if (cli->command == NULL && p->nwords == 1) {
		const char *seconds = group_words(cli, p->words[0]);

		if (*seconds != '\0' && p->help) {
			p->group = p->words[0];
			return ERR_OK;
		}
		if (*seconds != '\0')
			return cli_usage(cli, "portolan %s needs another word: %s", p->words[0],
			                 seconds);
	}
	if (cli->command == NULL)
		return unknown_command(p);
	cli->nargs = p->nwords - used;
	if (p->help)
		return ERR_OK;
	/* First: the value of an option that does not exist looks like a word too many. */
	TRY(own_options(p));
	if (cli->nargs < cli->command->min_args)
		return cli_usage(cli, "%s is missing", cli->command->args);
	if (cli->nargs > cli->command->max_args)
		return cli_usage(cli, "\"%s\" is one word too many",
		                 p->words[used + cli->command->max_args]);
	for (int i = 0; i < cli->nargs; i++)
		cli->args[i] = p->words[used + i];
	return ERR_OK;
}

enum err cli_parse(struct cli *cli, int argc, char **argv)
{
	struct parse p = { .cli = cli };
	const char *no_color = getenv("NO_COLOR");
	enum err e;

	p.sets = arena_array(cli->cx->arena, CLI_SETS_MAX, sizeof(*p.sets));
	e = parse(&p, argc, argv);
	term_open(&cli->term, stdout, stderr,
	          !p.no_color && (no_color == NULL || no_color[0] == '\0'));
	if (e == ERR_OK && p.help) {
		if (cli->command != NULL)
			help_command(&cli->term, cli->command);
		else if (p.group != NULL)
			help_group(&cli->term, p.group);
		else
			help_all(&cli->term);
		cli->command = NULL;
	}
	return e;
}
