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
"""

import http.server
import json
import os
import socketserver
import sys
import threading
import urllib.parse

import webdriver

FOLDER, HOST = sys.argv[1:3]
TYPES = {".html": "text/html", ".js": "application/javascript"}

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
            driver.open(url)
            value = driver.evaluate(body)
            return value if isinstance(value, str) else json.dumps(value)
        if command == "/open":
            driver.open(url)
            return driver.script("return location.href + ' ' + (document.body ? document.body.innerText : '')")
        if command == "/frame":
            driver.open(url)
            driver.call("POST", "/frame", {"id": 0})
            return driver.script("return location.href")
        if command == "/shot":
            return driver.shot()
        if command == "/forget":
            driver.forget()
            return ""
        raise KeyError(command)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    driver = webdriver.Driver()
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


main()
