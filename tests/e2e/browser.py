"""A headless Chromium, and pages of other origins for it.

    browser.py FOLDER HOST_IP

Prints two ports: that of commands, and that on which FOLDER's pages are served to the browser
(a second origin for whatever else runs on HOST_IP, and under the name localhost a second site).
Ends with standard input.  Commands are requests to the first port:

    POST /run?at=URL    open URL (none: stay), evaluate the body, a JavaScript expression, in that
                        page and print what it resolves to; 500 and the reason when it throws
    POST /open?at=URL   open URL and print where the browser ended up, a space, and the text there
    POST /frame?at=URL  open URL and print the address of the document in its first frame
    POST /shot          a picture of the page, PNG
    POST /forget        without cookies from here on

ChromeDriver (Debian's chromium-driver) is asked by its own protocol, WebDriver, which is JSON over HTTP.
"""

import base64
import http.client
import http.server
import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import urllib.parse

FOLDER, HOST = sys.argv[1:3]
TYPES = {".html": "text/html", ".js": "application/javascript"}
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-extensions "
    "--disable-default-apps --no-default-browser-check --window-size=1000,800"
).split()


class Driver:
    """One browser with one window, by WebDriver."""

    def __init__(self, profile):
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
        options = {"args": ARGUMENTS + ["--user-data-dir=" + profile]}
        capabilities = {"acceptInsecureCerts": True, "goog:chromeOptions": options}
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

    def script(self, text, wait=False):
        body = {"script": text, "args": []}
        return self.call("POST", "/execute/async" if wait else "/execute/sync", body)

    def close_others(self):
        """Windows that an attack opened end with it."""
        first, *others = self.call("GET", "/window/handles")
        for handle in others:
            self.call("POST", "/window", {"handle": handle})
            self.call("DELETE", "/window")
        self.call("POST", "/window", {"handle": first})

    def open(self, url):
        self.close_others()
        if url:
            self.call("POST", "/url", {"url": url})

    def run(self, url, expression):
        self.open(url)
        value = self.script(
            "const done = arguments[arguments.length - 1];"
            "(async () => (" + expression + "))().then(v => done({ v }), e => done({ e: String(e) }));",
            wait=True,
        )
        if "e" in value:
            raise RuntimeError(value["e"])
        value = value.get("v")
        return value if isinstance(value, str) else json.dumps(value)

    def where(self, url):
        self.open(url)
        return self.script(
            "return location.href + ' ' + (document.body ? document.body.innerText : '')"
        )

    def frame(self, url):
        self.open(url)
        self.call("POST", "/frame", {"id": 0})
        return self.script("return location.href")

    def shot(self):
        return base64.b64decode(self.call("GET", "/screenshot"))

    def end(self):
        try:
            self.call("DELETE", "")
        except (OSError, RuntimeError, http.client.HTTPException):
            pass
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Pages(http.server.BaseHTTPRequestHandler):
    """The other origin: files of FOLDER, which nobody keeps.  ?cookie= is set with the answer."""

    def do_GET(self):
        at = urllib.parse.urlsplit(self.path)
        name = os.path.join(FOLDER, os.path.basename(at.path))
        kind = TYPES.get(os.path.splitext(name)[1])
        if kind is None or not os.path.exists(name):
            self.send_error(404)
            return
        with open(name, "rb") as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for cookie in urllib.parse.parse_qs(at.query).get("cookie", []):
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Commands(http.server.BaseHTTPRequestHandler):
    driver = None

    def do_POST(self):
        at = urllib.parse.urlsplit(self.path)
        url = dict(urllib.parse.parse_qsl(at.query)).get("at", "")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        try:
            status, answer = 200, self.answer(at.path, url, body)
        except (RuntimeError, OSError, KeyError) as reason:
            status, answer = 500, str(reason)
        if isinstance(answer, str):
            answer = answer.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self, command, url, body):
        driver = self.driver
        if command == "/run":
            return driver.run(url, body)
        if command == "/open":
            return driver.where(url)
        if command == "/frame":
            return driver.frame(url)
        if command == "/shot":
            return driver.shot()
        if command == "/forget":
            # Of every site, which WebDriver's own command does not do.
            driver.call("POST", "/goog/cdp/execute", {"cmd": "Network.clearBrowserCookies", "params": {}})
            return ""
        raise KeyError(command)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    profile = tempfile.mkdtemp(prefix="portolan-browser.")
    driver = Driver(profile)
    try:
        Commands.driver = driver
        commands = http.server.HTTPServer(("127.0.0.1", 0), Commands)
        pages = Server((HOST, 0), Pages)
        for server in commands, pages:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        print(commands.server_port, pages.server_port, driver.version, flush=True)
        sys.stdin.read()
    finally:
        driver.end()
        shutil.rmtree(profile, ignore_errors=True)


main()
