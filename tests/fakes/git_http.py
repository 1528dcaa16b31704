#!/usr/bin/env python3
"""A git server for tests: git http-backend behind Python's web server, well-behaved or not.

    git_http.py ROOT [CERTIFICATE KEY]

ROOT holds bare repositories.  The port is printed on the first line; the server ends when its standard
input does.  The first part of a path says how it behaves, the rest is a path below ROOT:

    /plain/   as it should           /moved/      301 to /plain/, on every request
    /auth/    401                    /forbidden/  403
    /gone/    404                    /busy/       503
    /html/    a page for people      /dumb/       the old protocol
    /slow/    packs at 64 KiB/s      /cut/        half of a pack
    /noise/   bytes that are no pack /trap/       POSTs are redirected to /plain/
    /refs/    refs without an end    /away/PORT/  302 to that port on 127.0.0.1
    /short/   a packet shorter than its own length
    /private/       to the user and token below, else 401
    /private-away/PORT/  likewise, then 302 to that port on 127.0.0.1
    /private-moved/ likewise, then 301 to /private/ under the name localhost, another origin

GET /log answers how many requests there were, GET /seen how many had an Authorization field.
With a certificate it speaks https.
"""

import base64
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time

ROOT = os.path.realpath(sys.argv[1])
SCHEME = "https" if len(sys.argv) > 3 else "http"
LS_TYPE = "application/x-git-upload-pack-advertisement"
RPC_TYPE = "application/x-git-upload-pack-result"
USER, TOKEN = "alice", "canary-token-of-the-git-server"


def packet(text):
    return b"%04x" % (len(text) + 4) + text


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0
    seen = 0

    def log_message(self, *args):
        pass

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def answer(self, status, kind="text/plain", body=b"", extra=()):
        self.head(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *extra])
        self.wfile.write(body)

    def backend(self, path, query, body, pump):
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": ROOT,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        cgi = subprocess.Popen(["git", "http-backend"], env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.feed, args=(cgi.stdin, body), daemon=True).start()
        status, headers = 200, []
        for line in iter(cgi.stdout.readline, b"\r\n"):
            if not line:
                break
            name, _, value = line.decode().partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        self.head(status, headers)
        try:
            pump(cgi.stdout)
        except OSError:
            pass
        cgi.kill()
        cgi.wait()

    @staticmethod
    def feed(pipe, body):
        try:
            pipe.write(body)
            pipe.close()
        except OSError:
            pass

    def pump(self, pipe):
        for block in iter(lambda: pipe.read1(65536), b""):
            self.wfile.write(block)

    def pump_slow(self, pipe):
        for block in iter(lambda: pipe.read(6554), b""):
            self.wfile.write(block)
            time.sleep(0.1)

    def pump_half(self, pipe):
        everything = pipe.read()
        self.wfile.write(everything[: len(everything) // 2])

    def endless_refs(self):
        self.head(200, [("Content-Type", LS_TYPE)])
        self.wfile.write(packet(b"# service=git-upload-pack\n") + b"0000")
        caps = b"\0multi_ack side-band-64k ofs-delta\n"
        try:
            for i in range(50_000_000):
                line = b"%040x refs/heads/b%d" % (i + 1, i)
                self.wfile.write(packet(line + (caps if i == 0 else b"\n")))
        except OSError:
            pass

    def is_known(self):
        pair = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {pair}"

    def serve(self):
        Handler.count += 1
        Handler.seen += "Authorization" in self.headers
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        _, how, rest = (path + "//").split("/", 2)
        rest = "/" + rest.rstrip("/")
        post = self.command == "POST"
        here = "%s://%s" % (SCHEME, self.headers["Host"])
        fixed = {"auth": 401, "forbidden": 403, "gone": 404, "busy": 503}
        if how == "log":
            self.answer(200, body=b"%d" % (Handler.count - 1))
        elif how == "seen":
            self.answer(200, body=b"%d" % Handler.seen)
        elif how.startswith("private") and not self.is_known():
            self.answer(401, extra=[("WWW-Authenticate", 'Basic realm="git"')])
        elif how == "private-moved":
            port = self.headers["Host"].rpartition(":")[2]
            self.answer(301, extra=[("Location", f"{SCHEME}://localhost:{port}/private{rest}?{query}")])
        elif how in fixed:
            self.answer(fixed[how])
        elif how == "html":
            self.answer(200, "text/html; charset=utf-8", b"<h1>Welcome</h1>")
        elif how == "dumb":
            self.answer(200, "text/plain", b"%040x\trefs/heads/main\n" % 1)
        elif how == "short":
            self.answer(200, LS_TYPE, packet(b"# service=git-upload-pack\n") + b"00000003")
        elif how == "refs":
            self.endless_refs()
        elif how == "moved" or (how == "trap" and post):
            self.answer(301, extra=[("Location", f"{here}/plain{rest}" + (f"?{query}" if query else ""))])
        elif how in ("away", "private-away"):
            port = rest.split("/")[1]
            self.answer(302, extra=[("Location", f"http://127.0.0.1:{port}/info/refs?{query}")])
        elif how == "noise" and post:
            self.answer(200, RPC_TYPE, packet(b"NAK\n") + packet(b"\1PACKnonsense" + b"x" * 1000))
        else:
            pump = {"slow": self.pump_slow, "cut": self.pump_half}.get(how if post else "", self.pump)
            self.backend(rest, query, body, pump)

    do_GET = do_POST = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if SCHEME == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    os.write(1, b"%d\n" % server.server_port)  # one write: the reader goes away after it
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
