#include "maps/facts_scope.h"

void scope_open(struct scopes *sc)
{
	sc->stack[0] = (struct scope){ .kind = SCOPE_FILE, .def = DEF_DROPPED, .name = "" };
	sc->n = 1;
}

void scope_push(struct scopes *sc, enum scope_kind kind, uint32_t def, const char *name)
{
	if (sc->n == SCOPES_MAX) {
		scope_top(sc)->kind = SCOPE_BODY;
		scope_top(sc)->braces++;
		return;
	}
	sc->stack[sc->n++] = (struct scope){ .kind = (uint8_t)kind, .def = def, .name = name };
}

void scope_pop(struct scopes *sc, struct sink *sk, uint32_t line)
{
	if (sc->n == 1)
		return;
	sink_def_end(sk, scope_top(sc)->def, line);
	sc->n--;
}

bool scope_body_ends(struct scopes *sc, const struct token *t)
{
	struct scope *top = scope_top(sc);

	if (t->c == '{')
		top->braces++;
	else if (t->c == '}' && top->braces > 0)
		top->braces--;
	else
		return t->c == '}';
	return false;
}
