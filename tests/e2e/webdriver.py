"""A headless Chromium with one window, asked by ChromeDriver's own protocol: WebDriver, which is JSON over HTTP."""

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-extensions "
    "--disable-default-apps --no-default-browser-check --use-gl=angle --use-angle=swiftshader "
    "--enable-unsafe-swiftshader --window-size=1000,800"
).split()


class Driver:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="portolan-browser.")
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        port = None
        for line in self.process.stdout:
            if "started successfully on port" in line:
                port = int(line.strip().rstrip(".").split()[-1])
                break
        if port is None:
            raise SystemExit("chromedriver does not start")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        capabilities = {
            "acceptInsecureCerts": True,
            "goog:chromeOptions": {"args": ARGUMENTS + ["--user-data-dir=" + self.profile]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self.session = ""
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = "/session/" + made["sessionId"]
        self.call("POST", "/timeouts", {"script": 20000, "pageLoad": 20000})
        self.version = made["capabilities"]["browserVersion"]

    def call(self, method, path, body=None):
        text = None if method in ("GET", "DELETE") else json.dumps(body or {})
        if path != "/session" or self.session:
            path = self.session + path
        self.link.request(method, path, text, {"Content-Type": "application/json"})
        answer = json.loads(self.link.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["error"] + ": " + answer["message"].split("\n")[0])
        return answer

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def script(self, text, *args, wait=False):
        body = {"script": text, "args": list(args)}
        return self.call("POST", "/execute/async" if wait else "/execute/sync", body)

    def evaluate(self, expression, *args):
        """What a JavaScript expression resolves to; `args` is its array of arguments."""
        value = self.script(
            "const args = [...arguments], done = args.pop();"
            "(async () => (" + expression + "))().then(v => done({ v }), e => done({ e: String(e) }));",
            *args,
            wait=True,
        )
        if "e" in value:
            raise RuntimeError(value["e"])
        return value.get("v")

    def close_others(self):
        """Windows that a page opened end with it."""
        first, *others = self.call("GET", "/window/handles")
        for handle in others:
            self.call("POST", "/window", {"handle": handle})
            self.call("DELETE", "/window")
        self.call("POST", "/window", {"handle": first})

    def open(self, url):
        self.close_others()
        if url:
            self.call("POST", "/url", {"url": url})

    def shot(self):
        return base64.b64decode(self.call("GET", "/screenshot"))

    def forget(self):
        """Without cookies from here on, of every site, which WebDriver's own command does not do."""
        self.devtools("Network.clearBrowserCookies")

    def end(self):
        try:
            self.call("DELETE", "")
        except (OSError, RuntimeError, http.client.HTTPException):
            pass
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
