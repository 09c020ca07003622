# SPDX-License-Identifier: Apache-2.0
"""A small HTTP client: one kept connection per thread, every answer whole, and raw bytes for what no client library would send."""
import http.client
import json
import re
import socket
import threading
import urllib.parse


class Reply:
    """status, headers (case-insensitive get), body; `json` parses on demand."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"<{self.status} {self.text[:600]}>"


class Client:
    """Talks to one address. A connection that the server closed between two requests is opened again; a request is never sent twice
    once bytes of it may have been handled, except GET."""

    def __init__(self, url, timeout_s=30):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.timeout_s = parts.hostname, parts.port, timeout_s
        self.local = threading.local()

    def connection(self):
        if getattr(self.local, "connection", None) is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local.connection = connection
        return self.local.connection

    def close(self):
        if getattr(self.local, "connection", None) is not None:
            self.local.connection.close()
            self.local.connection = None

    def send(self, method, path, body=None, headers=None):
        for attempt in (1, 2):
            try:
                connection = self.connection()
                connection.request(method, path, body=body, headers=headers or {})
                answer = connection.getresponse()
                reply = Reply(answer.status, answer.headers, answer.read())
                if answer.will_close:
                    self.close()
                return reply
            except (http.client.HTTPException, OSError):
                self.close()
                if attempt == 2 or method != "GET":
                    raise
        raise AssertionError("not reached")

    def request(self, method, path, body=None, token=None, content_type="application/json", headers=None):
        """body: dict/list (sent as JSON), str, bytes or None. No token or an empty one: no Authorization."""
        sent = dict(headers or {})
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        if body is not None:
            if not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            if content_type:
                sent.setdefault("Content-Type", content_type)
        # Filters stand in tests as people write them.
        return self.send(method, urllib.parse.quote(path, safe="/?&=%:+,;@!*()[]\"'").replace('"', "%22"), body, sent)

    def raw(self, data, timeout_s=10, half_close=False):
        """Sends bytes as they are and returns all that comes back until the server closes or falls silent."""
        with socket.create_connection((self.host, self.port), timeout=timeout_s) as sock:
            try:
                sock.sendall(data)
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server may refuse and close before all is sent
            return read_all(sock)


def read_all(sock):
    """(bytes, closed): what came until the peer closed (True) or the socket's timeout ran out (False)."""
    received = b""
    while True:
        try:
            piece = sock.recv(65536)
        except socket.timeout:
            return received, False
        except OSError:
            return received, True
        if not piece:
            return received, True
        received += piece


def statuses(received):
    """Status codes of all answers in a raw byte stream; the next answer follows a body without a line end."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})[ \r]", received)]
