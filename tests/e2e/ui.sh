# shellcheck shell=sh
# Stories that a browser tells: sourced after lib.sh.  Its package is large and is fetched when it is missing.
# What the pages do is the same under sanitizers, and what is below them has stories of its own there.
if [ "$VARIANT" = san ]; then
	echo '1..1'
	echo 'ok 1 - the web pages # SKIP told by the release variant'
	exit 0
fi
if ! command -v chromedriver >/dev/null || ! command -v chromium >/dev/null; then
	timeout 240 "$ROOT/deploy/deps.sh" browser >"$WORK/deps" 2>&1 || {
		sed 's/^/# /' "$WORK/deps" | tail -n 5
		echo '1..1'
		echo 'ok 1 - a real browser # SKIP Chromium is missing and cannot be installed: deploy/deps.sh browser'
		exit 0
	}
fi

# ui NAME: tests/e2e/ui/NAME.py tells the story and ends it.
ui() {
	export ROOT VAR VARIANT PORTOLAN_URL PORTOLAN_API_KEY
	python3 "$ROOT/tests/e2e/ui/$1.py"
	failures=$?
	exit "$failures"
}
