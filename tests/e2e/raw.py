#!/usr/bin/env python3
"""Raw requests for stories: python3 raw.py PORT KEY.

Each row is sent as it is over one connection, and the connection read to its end.  What counts is how
many answers came and with which statuses: a second answer to one request is a smuggled request.  Prints
a line for each row that does not end as it should, and the number of rows; exit status 1 when one did not.
"""

import re
import socket
import sys

PORT, KEY = int(sys.argv[1]), sys.argv[2]
HOST = b"Host: 127.0.0.1\r\n"
END = b"Connection: close\r\n\r\n"
BEARER = b"Authorization: Bearer " + KEY.encode() + b"\r\n"
JSON = b"Content-Type: application/json\r\n"
INNER = b"GET /livez?smuggled HTTP/1.1\r\n" + HOST + END


def get(path, *fields, version=b"HTTP/1.1", host=HOST):
    return b"GET " + path + b" " + version + b"\r\n" + host + b"".join(fields) + END


def post(*fields, body=b""):
    return b"POST /api/v1/projects HTTP/1.1\r\n" + HOST + BEARER + JSON + b"".join(fields) + b"\r\n" + body


def once(*statuses):
    return [[s] for s in statuses]


# What it is, the bytes, the sequences of statuses that are right.
ROWS = [
    ("Content-Length and Transfer-Encoding", post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", body=b"0\r\n\r\n" + INNER), once(400)),
    ("Transfer-Encoding and Content-Length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", body=b"0\r\n\r\n" + INNER), once(400)),
    ("Transfer-Encoding twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", body=b"0\r\n\r\n" + INNER), once(400, 501)),
    ("an unknown Transfer-Encoding", post(b"Transfer-Encoding: xchunked\r\n", body=b"0\r\n\r\n"), once(400, 501)),
    ("a list of codings", post(b"Transfer-Encoding: chunked, identity\r\n", body=b"0\r\n\r\n"), once(400, 501)),
    ("a space before the colon", post(b"Transfer-Encoding : chunked\r\n", body=b"0\r\n\r\n" + INNER), once(400)),
    ("Content-Length twice, different", post(b"Content-Length: 2\r\nContent-Length: 40\r\n", body=b"{}" + INNER), once(400)),
    ("Content-Length twice, the same", post(b"Content-Length: 2\r\nContent-Length: 2\r\n", body=b"{}"), once(400)),
    ("Content-Length with a sign", post(b"Content-Length: +2\r\n", body=b"{}"), once(400)),
    ("Content-Length below zero", post(b"Content-Length: -1\r\n", body=b"{}"), once(400)),
    ("Content-Length in hex", post(b"Content-Length: 0x2\r\n", body=b"{}"), once(400)),
    ("Content-Length as a list", post(b"Content-Length: 2, 2\r\n", body=b"{}"), once(400)),
    ("Content-Length without end", post(b"Content-Length: 99999999999999999999\r\n", body=b"{}"), once(400, 413)),
    ("a chunk size that is none", post(b"Transfer-Encoding: chunked\r\n", body=b"zz\r\n{}\r\n0\r\n\r\n"), once(400)),
    ("a chunk size that overflows", post(b"Transfer-Encoding: chunked\r\n", body=b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n"), once(400, 413)),
    ("a chunk with a bare line feed", post(b"Connection: close\r\nTransfer-Encoding: chunked\r\n", body=b"2\n{}\n0\n\n"), once(400)),
    ("chunks that are sound", post(b"Connection: close\r\nTransfer-Encoding: chunked\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"), once(400)),
    ("a request in the body of a GET", get(b"/livez", b"Content-Length: %d\r\n" % len(INNER)) + INNER, once(415)),
    ("a header line that is folded", get(b"/livez", b"X-A: b\r\n c\r\n"), once(200, 400)),
    ("a bare CR in a value", get(b"/livez", b"X-A: b\rX-C: d\r\n"), once(400)),
    ("a NUL in a value", get(b"/livez", b"X-A: b\0c\r\n"), once(400)),
    ("a NUL in a name", get(b"/livez", b"X\0A: b\r\n"), once(400)),
    ("Host twice", get(b"/livez", b"Host: other.test\r\n"), once(400)),
    ("no Host", get(b"/livez", host=b""), once(400)),
    ("a Host that is none", get(b"/livez", host=b"Host: a/b\r\n"), once(400)),
    ("another host in the target", get(b"http://other.test/api/v1/projects", BEARER), once(200)),
    ("HTTP/1.0 without Host", get(b"/livez", version=b"HTTP/1.0", host=b""), once(200)),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", once(400, 405, 505)),
    ("HTTP/9.9", get(b"/livez", version=b"HTTP/9.9"), once(400, 505)),
    ("a method in small letters", get(b"/livez").replace(b"GET", b"get", 1), once(400)),
    ("TRACE", get(b"/livez").replace(b"GET", b"TRACE", 1), once(405)),
    ("CONNECT", b"CONNECT other.test:443 HTTP/1.1\r\n" + HOST + END, once(400, 405)),
    ("Authorization twice", get(b"/api/v1/projects", BEARER, b"Authorization: Bearer x\r\n"), once(400)),
    ("Authorization twice, the same", get(b"/api/v1/projects", BEARER, BEARER), once(400)),
    ("Origin twice", get(b"/api/v1/projects", BEARER, b"Origin: https://a.test\r\nOrigin: https://b.test\r\n"), once(400, 200)),  # later nginx joins the two into one that is no origin
    ("X-Portolan-Tenant twice", get(b"/api/v1/projects", BEARER, b"X-Portolan-Tenant: 1\r\nX-Portolan-Tenant: 2\r\n"), once(400)),
    ("If-None-Match twice", get(b"/api/v1/projects/1", BEARER, b'If-None-Match: "1"\r\nIf-None-Match: "2"\r\n'), once(400)),
    ("who the caller says it is", get(b"/api/v1/projects", b"X-User-Id: 1\r\nX-Tenant-Id: 1\r\nX-Remote-User: root\r\nRemote-User: root\r\n"), once(401)),
    ("parameters of the gateway as headers", get(b"/api/v1/projects", b"Remote_Addr: 1.1.1.1\r\nRemote-Addr: 1.1.1.1\r\nRequest-Uri: /livez\r\nRequest-Method: DELETE\r\n"), once(401)),
    ("another path by header", get(b"/api/v1/projects", b"X-Original-URL: /livez\r\nX-Rewrite-URL: /livez\r\n"), once(401)),
    ("another method by header", get(b"/api/v1/projects/999", BEARER, b"X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n"), once(404)),
    ("a proxy by header", get(b"/livez", b"Proxy: http://other.test\r\n"), once(200)),
    ("an upgrade to h2c", get(b"/livez", b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), once(200)),
    ("an expectation that is none", post(b"Connection: close\r\nExpect: nothing\r\nContent-Length: 2\r\n", body=b"{}"), once(400, 417)),
    ("two requests at once", get(b"/livez").replace(b"Connection: close\r\n", b"") + get(b"/livez"), [[200, 200]]),
    ("a NUL in the path", get(b"/api/v1/projects%00"), once(400)),
    ("two slashes", get(b"//api/v1/projects"), once(400, 404)),
    ("a backslash", get(b"/api/v1\\projects"), once(400, 404)),
    ("dot segments", get(b"/livez/../api/v1/projects"), once(400)),
    ("a header field of 9 kB", get(b"/livez", b"X-A: " + b"a" * 9000 + b"\r\n"), once(431)),
    ("a target of 9 kB", get(b"/livez?" + b"a" * 9000), once(414)),
    ("three hundred headers", get(b"/livez", *[b"X-%d: a\r\n" % i for i in range(300)]), once(200, 400, 431, 502)),
]


def statuses(sent):
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as s:
        s.sendall(sent)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
                if b"smuggled" in got:
                    break
        except (TimeoutError, ConnectionResetError):
            pass
    return [int(n) for n in re.findall(rb"HTTP/1\.[01] (\d{3})", got)]


bad = 0
for what, sent, right in ROWS:
    have = statuses(sent)
    if have not in right:
        print(f"{what}: {have}, wanted one of {right}")
        bad += 1
print(f"{len(ROWS)} rows")
sys.exit(bad > 0)
