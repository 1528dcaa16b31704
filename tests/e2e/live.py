#!/usr/bin/env python3
"""A client of live streams, for stories and by hand: raw sockets, so that it sees what is sent.

    live.py PORT WAY PATH [--header 'Name: value']... [options]

WAY is sse, ws or poll.  Each event is printed as a line: the item's JSON as it came.  With --after the
client resumes at its last position whenever its connection ends, as a browser does, until --count events
have come or --seconds have passed.  Other things that happen are printed as "# what: detail".

    --send TEXT      ws: send a message once the stream has begun (may be repeated)
    --frame HEX      ws: send these bytes as they are, then read
    --once           do not connect again
    --stall          connect, read the head, then read nothing until --seconds have passed
    --many N         open N streams and hold them; prints how many have begun
"""
import argparse
import base64
import hashlib
import json
import os
import socket
import struct
import sys
import time

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


class Ended(Exception):
    pass


class Conn:
    def __init__(self, port, deadline, small=False):
        self.sock = socket.socket(socket.AF_INET)
        if small:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(5)
        self.sock.connect(('127.0.0.1', port))
        self.deadline = deadline
        self.buffer = b''

    def more(self):
        left = self.deadline - time.time()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        data = self.sock.recv(65536)
        if not data:
            raise Ended('eof')
        self.buffer += data

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def exactly(self, n):
        while len(self.buffer) < n:
            self.more()
        head, self.buffer = self.buffer[:n], self.buffer[n:]
        return head


def request(conn, path, headers):
    lines = [f'GET {path} HTTP/1.1', 'Host: 127.0.0.1:%d' % conn.sock.getpeername()[1]] + headers
    conn.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
    head = conn.until(b'\r\n\r\n').decode()
    fields = dict((k.lower(), v.strip()) for k, v in
                  (line.split(':', 1) for line in head.split('\r\n')[1:]))
    return int(head.split(' ')[1]), fields


def body(conn, fields):
    if 'content-length' in fields:
        return conn.exactly(int(fields['content-length'])).decode()
    return ''.join(chunks(conn))


def chunks(conn):
    while True:
        n = int(conn.until(b'\r\n'), 16)
        data = conn.exactly(n).decode('utf-8', 'surrogateescape')
        conn.exactly(2)
        if n == 0:
            return
        yield data


def frame(opcode, payload, mask=True):
    n = len(payload)
    head = bytes([0x80 | opcode])
    bit = 0x80 if mask else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack('>H', n)
    else:
        head += bytes([bit | 127]) + struct.pack('>Q', n)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


class Client:
    def __init__(self, args):
        self.args = args
        self.after = args.after
        self.seen = 0
        self.deadline = time.time() + args.seconds

    def say(self, what, detail=''):
        print(f'# {what}: {detail}', flush=True)

    def event(self, text):
        item = json.loads(text)
        self.after = item['position']
        print(text, flush=True)
        self.seen += 1
        if self.args.count and self.seen >= self.args.count:
            raise SystemExit(0)

    def target(self, **more):
        path = self.args.path
        for name, value in more.items():
            if value is not None:
                path += ('&' if '?' in path else '?') + f'{name}={value}'
        return path

    def refused(self, conn, status, fields):
        text = body(conn, fields)
        detail = json.loads(text).get('detail', '') if text.startswith('{') else text[:100]
        self.say(f'status {status}', detail)
        if self.args.once or status in (400, 401, 403, 404):
            raise SystemExit(3)
        raise Ended(f'status {status}')

    def sse(self):
        conn = Conn(self.args.port, self.deadline, self.args.stall)
        headers = self.args.header + ['Accept: text/event-stream']
        target = self.target(after=None if self.args.last_id else self.after)
        if self.args.last_id and self.after is not None:
            headers = headers + [f'Last-Event-ID: {self.after}']
        status, fields = request(conn, target, headers)
        if status != 200 or not fields['content-type'].startswith('text/event-stream'):
            self.refused(conn, status, fields)
        if self.args.stall:
            self.stall(conn)
        self.say('open')
        text = ''
        for chunk in chunks(conn):
            text += chunk
            while '\n\n' in text:
                block, text = text.split('\n\n', 1)
                self.block(block)
        raise Ended('end of stream')

    def block(self, block):
        fields = {}
        for line in block.split('\n'):
            name, _, value = line.partition(': ')
            fields[name] = value
        if 'data' not in fields:
            if 'id' in fields:
                self.after = int(fields['id'])
                if self.args.verbose:
                    self.say('id', fields['id'])
            return
        if fields.get('event') == 'end':
            self.say('end', fields['data'])
            return
        item = json.loads(fields['data'])
        assert str(item['position']) == fields['id'] and item['kind'] == fields['event'], block
        self.event(fields['data'])

    def ws(self):
        conn = Conn(self.args.port, self.deadline, self.args.stall)
        key = base64.b64encode(os.urandom(16)).decode()
        status, fields = request(conn, self.target(after=self.after), self.args.header + [
            'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
            f'Sec-WebSocket-Key: {key}'])
        if status != 101:
            self.refused(conn, status, fields)
        want = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        assert fields['sec-websocket-accept'] == want
        if self.args.stall:
            self.stall(conn)
        self.say('open')
        whole = b''
        while True:
            first, second = conn.exactly(2)
            n = second & 0x7F
            if n == 126:
                n = struct.unpack('>H', conn.exactly(2))[0]
            elif n == 127:
                n = struct.unpack('>Q', conn.exactly(8))[0]
            payload = conn.exactly(n)
            opcode = first & 0x0F
            if opcode == 8:
                code = struct.unpack('>H', payload[:2])[0] if n >= 2 else 1005
                self.say(f'close {code}', payload[2:].decode())
                raise Ended(f'close {code}')
            if opcode == 9:
                conn.sock.sendall(frame(10, payload))
                if self.args.verbose:
                    self.say('ping')
                continue
            if opcode == 10:
                continue
            whole += payload
            if first & 0x80:
                self.message(conn, whole.decode())
                whole = b''

    def message(self, conn, text):
        item = json.loads(text)
        if 'position' in item:
            self.event(text)
            return
        if 'after' in item:
            self.after = item['after']
        if self.args.verbose or 'error' in item:
            self.say('message', text)
        for send in self.args.send:
            conn.sock.sendall(frame(1, send.encode('utf-8', 'surrogateescape')))
        if self.args.frame:
            conn.sock.sendall(bytes.fromhex(self.args.frame))
        self.args.send, self.args.frame = [], ''

    def poll(self):
        conn = Conn(self.args.port, self.deadline)
        while True:
            target = self.target(after=self.after or 0, wait=self.args.wait)
            status, fields = request(conn, target, self.args.header)
            if status != 200:
                self.refused(conn, status, fields)
            text = body(conn, fields)
            page = json.loads(text)
            # The items as they were sent, for comparison byte by byte.
            decoder = json.JSONDecoder()
            at = text.index('[') + 1
            for _ in page['items']:
                _, end = decoder.raw_decode(text, at)
                self.event(text[at:end])
                at = end + 1
            self.after = page['next_after']
            if self.args.once:
                self.say('next_after', self.after)
                raise SystemExit(0)
            if 'connection' in fields and fields['connection'] == 'close':
                raise Ended('close')

    def stall(self, conn):
        self.say('open')
        while time.time() < self.deadline:
            time.sleep(0.1)
        raise SystemExit(0)

    def run(self):
        while True:
            try:
                getattr(self, self.args.way)()
            except (Ended, ConnectionError) as e:
                self.say('ended', str(e))
                if self.args.once:
                    raise SystemExit(0)
                self.end_in_time()
                time.sleep(0.1)
            except TimeoutError:
                self.end_in_time()

    def end_in_time(self):
        """Whoever waits for somebody who refuses gives up as well."""
        if time.time() >= self.deadline:
            self.say('over', self.after)
            raise SystemExit(0 if not self.args.count else 4)


def many(args):
    conns = []
    for _ in range(args.many):
        conn = Conn(args.port, time.time() + args.seconds)
        status, _ = request(conn, args.path, args.header + ['Accept: text/event-stream'])
        if status != 200:
            break
        conns.append(conn)
    print(f'# streams: {len(conns)}', flush=True)
    time.sleep(args.seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('port', type=int)
    parser.add_argument('way', choices=['sse', 'ws', 'poll'])
    parser.add_argument('path')
    parser.add_argument('--header', action='append', default=[])
    parser.add_argument('--after', type=int)
    parser.add_argument('--last-id', action='store_true')
    parser.add_argument('--count', type=int, default=0)
    parser.add_argument('--seconds', type=float, default=30)
    parser.add_argument('--wait', type=int, default=10)
    parser.add_argument('--send', action='append', default=[])
    parser.add_argument('--frame', default='')
    parser.add_argument('--once', action='store_true')
    parser.add_argument('--stall', action='store_true')
    parser.add_argument('--verbose', action='store_true')
    parser.add_argument('--many', type=int, default=0)
    args = parser.parse_args()
    if args.many:
        many(args)
    else:
        Client(args).run()


if __name__ == '__main__':
    main()
