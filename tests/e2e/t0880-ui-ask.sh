#!/bin/sh
# F1, F2, F4-F7, G7, M1, X1.
test_description='Ask, in a browser: answers stream, cite, stop, are asked anew; hostile ones are text'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"

mkdir -p "$WORK/wire/lib/net"
(
	cd "$WORK/wire" && git init -q -b main &&
		printf '# Wire\n\nWire reads requests from a socket and answers them.\n' >README.md &&
		printf '#ifndef A_H\n#define A_H\nint parse_request(const char *text);\n#endif\n' >lib/parse.h &&
		printf '#include "parse.h"\n/* Turns one line into a request. */\nint parse_request(const char *text)\n{\n\treturn text[0];\n}\n' >lib/parse.c &&
		printf '#include "../parse.h"\nint open_socket(void)\n{\n\treturn parse_request("x");\n}\n' >lib/net/http.c &&
		git add . && git -c user.name=e2e -c user.email=e2e@test commit -q -m one
)
chmod -R a+rX "$WORK/wire"
mkfifo "$WORK/quit"
python3 "$ROOT/tests/fakes/models.py" <"$WORK/quit" >"$WORK/fake" 2>&1 & # a provider of models; it ends with its input
exec 9>"$WORK/quit"
within 10 test -s "$WORK/fake"
FAKE=$(head -n 1 "$WORK/fake")
export FAKE
echo "model_hosts = 127.0.0.1:$FAKE" >>"$VAR/portolan.conf"
stack_up "$WORK/wire"
PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL=$PORTOLAN_URL "$BIN/portolan" map "$WORK/wire" --name wire >"$WORK/summary"
echo 'violets in the morning' | step_down "$BIN/portolan" user create viewer@example.org --tenant default --role viewer --password-stdin >/dev/null
ui ask
