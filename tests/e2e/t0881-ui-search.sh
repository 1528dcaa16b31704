#!/bin/sh
# H1, H3, H6, M1; N4 (the API's documentation).
test_description='Search and the API documentation, in a browser: found, filtered, opened; documents; Swagger UI'
. "${0%/*}/lib.sh"
. "${0%/*}/ui.sh"

mkdir -p "$WORK/app/lib"
(
	cd "$WORK/app" && git init -q -b main &&
		printf '#include "limit.h"\n\n/* Refuses a body that is longer than the setting says. */\nint check_body_length(long bytes)\n{\n\treturn bytes <= 1024;\n}\n' >lib/limit.c &&
		printf 'int check_body_length(long bytes);\n' >lib/limit.h &&
		printf 'class TokenBucket:\n    def take(self, cost):\n        self.left -= cost\n        return self.left >= 0\n' >lib/bucket.py &&
		printf '# Guide\n\nA body that is too long is refused.\n' >README.md &&
		git add . && git -c user.name=e2e -c user.email=e2e@test commit -q -m one
)
chmod -R a+rX "$WORK/app"
sed -i /search_maps/d "$VAR/portolan.conf"
stack_up "$WORK/app"
PORTOLAN_API_KEY=$PORTOLAN_API_KEY PORTOLAN_URL=$PORTOLAN_URL "$BIN/portolan" map "$WORK/app" --name app >"$WORK/summary"
ui search
