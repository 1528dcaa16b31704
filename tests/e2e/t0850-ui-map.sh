#!/bin/sh
# B4, B10, I1-I3: a newcomer looks at a system in the browser.
test_description='The web pages: the system map in three views, its source, two commits compared'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"

commit() { git add -A . && git -c user.name=Ada -c user.email=ada@e2e.test commit -q -m "$1"; }

# A program of a few parts with two files that import each other, a test, a binary, and a heap of small files.
system_repo() {
	mkdir -p "$1/core/store" "$1/api" "$1/tests" "$1/heap" && git init -q -b main "$1" && (
		cd "$1" &&
			printf '#include "log.h"\nint save_order(int order);\n' >core/store/order.h &&
			printf '#include "order.h"\n/* Keeps\n * an order. */\nint save_order(int order)\n{\n\treturn order + 1;\n}\n' >core/store/order.c &&
			printf 'void say(const char *text);\n' >core/store/log.h &&
			printf '#include "../core/store/order.h"\nint handle(void)\n{\n\treturn save_order(7);\n}\n' >api/server.c &&
			printf '#include "../core/store/order.h"\nint main(void)\n{\n\treturn save_order(1);\n}\n' >tests/test_order.c &&
			printf '\1\0\2' >api/logo.bin &&
			awk 'BEGIN { for (i = 1; i <= 700; i++) { f = sprintf("heap/f%03d.c", i); printf "int v%d;\n", i > f; close(f) } }' &&
			commit first && git tag v1 &&
			printf '#include "order.h"\nvoid say(const char *text);\n' >core/store/log.h &&
			printf '#include "../core/store/log.h"\nint twice(void)\n{\n\tsay("x");\n\treturn 2;\n}\n' >api/extra.c &&
			commit second
	)
}

system_repo "$WORK/system"
chmod -R a+rX "$WORK/system"
stack_up "$WORK/system"
PORTOLAN_URL="http://127.0.0.1:$PORT" "$BIN/portolan" map "$WORK/system" --name system >"$WORK/summary"
ui map
