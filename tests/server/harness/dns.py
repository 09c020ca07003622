# SPDX-License-Identifier: Apache-2.0
"""A stub of a DNS resolver on loopback, over UDP; stands for the resolvers of the system. Knows TXT records by name, and can be down."""
import socket
import struct
import threading

NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class Dns:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.records, self.mood, self.asked = {}, "answers", []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def set(self, record):
        """record: what the API shows as `record` of a domain."""
        self.records[record["name"].lower()] = [record["value"]]

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            if len(query) < 12:
                return
            answer = self.answer(query)
            if answer:
                self.socket.sendto(answer, peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, name = query[12 : at + 5], ".".join(labels).lower()
        self.asked.append(name)
        if self.mood == "silent":
            return b""
        texts = self.records.get(name)
        code = SERVFAIL if self.mood == "fails" else NXDOMAIN if texts is None else NOERROR
        texts = [] if code else texts
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(text) + 1) + bytes([len(text)]) + text.encode() for text in texts)
        return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(texts), 0, 0) + question + body

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
