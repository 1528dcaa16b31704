#include "maps/facts_js.h"

#include <string.h>

static bool same_name(const struct token *a, const struct token *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

void js_bare_signature(struct js_reader *rd)
{
	struct js_pending *pd = &rd->pending;
	uint32_t def;

	if (!pd->set || !pd->signature || !rd->typescript)
		return;
	pd->set = false;
	def = sink_def(rd->sk, (enum def_kind)pd->def_kind, token_span(&pd->name), pd->parent,
	               pd->name.line);
	if (def == DEF_DROPPED)
		return;
	if (rd->bare_end != def || !same_name(&rd->bare_name, &pd->name))
		rd->bare_first = def;
	rd->bare_name = pd->name;
	rd->bare_end = def + 1;
}

void js_bare_close(struct js_reader *rd, const struct js_scope *sc)
{
	if (rd->pending.set && rd->pending.depth > rd->depth) {
		js_bare_signature(rd);
		rd->pending.set = false;
	}
	if (sc && (sc->kind == JS_CLASS || sc->kind == JS_NAMESPACE))
		rd->bare_end = 0; /* what comes overloads nothing in there */
}

void js_bare_end(struct js_reader *rd, const struct token *name)
{
	if (rd->bare_end > 0 && rd->bare_end == rd->sk->ret->ndefs &&
	    same_name(&rd->bare_name, name))
		rd->sk->ret->ndefs = rd->bare_first;
	rd->bare_end = 0;
}

void js_skip_type_parameters(struct js_reader *rd)
{
	uint32_t angle = 0, nest = 0;

	if (rd->next.c != '<')
		return;
	while (js_advance(rd)) {
		char c = rd->t.c;

		if (c && strchr("([{", c))
			nest++;
		else if (c && strchr(")]}", c) && nest > 0)
			nest--;
		else if (c == '<')
			angle++;
		else if (c == '>' && !(rd->prev.c == '=' && rd->t.glued) && --angle == 0)
			return;
		else if (nest == 0 && c == ';')
			return;
	}
}
