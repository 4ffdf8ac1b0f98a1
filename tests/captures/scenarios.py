"""What is said in sample.pcap: one TCP connection a scenario, real kernel TCP.

Each has a server port of its own, by which rules of the relay and tests know
it; the client's port is 40000 above. The functions run in parallel, each on a
thread of its own, and return when their last word is said.
"""

import contextlib
import dataclasses
import socket
import struct
import threading
import time
from collections.abc import Callable

from netlab.pair import CLIENT, SERVER
from netlab.relay import Drop, Swap, Tag

_CLIENT_PORTS = 40000
_SYN = 0x02


class Connection:
    """Both ends of one connection, and what happens to its segments."""

    def __init__(self, client_space, server_space, family, port):
        self.family, self.port = family, port
        self._client_space, self._server_space = client_space, server_space
        self._listener = None
        self.client = self.server = None

    def new_client(self):
        self.client = self._client_space.socket(self.family, socket.SOCK_STREAM)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.client.settimeout(10)
        self.client.bind((CLIENT[self.family], _CLIENT_PORTS + self.port))
        return self.client

    def listen(self):
        self._listener = self._server_space.socket(self.family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.settimeout(10)
        self._listener.bind((SERVER[self.family], self.port))
        self._listener.listen()
        return self._listener

    def open(self):
        """A handshake."""
        if self._listener is None:
            self.listen()
        (self.client or self.new_client()).connect((SERVER[self.family], self.port))
        self.server, _ = self._listener.accept()
        self.server.settimeout(10)

    def say(self, data):
        """The client sends, the server receives all of it."""
        _transfer(self.client, self.server, data)

    def answer(self, data):
        _transfer(self.server, self.client, data)

    def reset_by(self, end):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()

    def close(self):
        for end in (self.client, self.server, self._listener):
            if end is not None:
                end.close()


def _transfer(sender, receiver, data):
    thread = threading.Thread(target=sender.sendall, args=(data,))
    thread.start()
    left = len(data)
    while left:
        got = len(receiver.recv(65536))
        assert got, "the connection closed too early"
        left -= got
    thread.join()


def _text(words, length):
    """Payload that a person recognises in a hex dump."""
    return (words.encode() + b" ") * (length // (len(words) + 1) + 1)


REQUEST = b"GET /last-words HTTP/1.1\r\nHost: server.example\r\n\r\n"
RESPONSE = (b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n"
            b"who spoke last, and what")


def orderly_client(c):
    c.open()
    c.say(REQUEST)
    c.answer(RESPONSE)
    c.client.close()
    assert c.server.recv(1) == b""
    c.server.close()


def orderly_server(c):
    c.open()
    c.say(REQUEST)
    c.answer(RESPONSE)
    c.server.close()
    assert c.client.recv(1) == b""
    c.client.close()


def bulk(c):
    c.open()
    c.answer(_text("bulk", 40_000))
    c.client.close()
    c.server.recv(1)
    c.server.close()


def refused(c):
    with contextlib.suppress(ConnectionRefusedError):
        c.new_client().connect((SERVER[c.family], c.port))


def reset_client(c):
    c.open()
    c.say(REQUEST)
    c.answer(RESPONSE)
    c.reset_by(c.client)


def reset_server(c):
    c.open()
    c.say(REQUEST)
    c.reset_by(c.server)
    with contextlib.suppress(ConnectionResetError):
        c.client.recv(1)


def half_close(c):
    c.open()
    c.say(REQUEST)
    c.client.shutdown(socket.SHUT_WR)
    assert c.server.recv(1) == b""
    for _ in range(5):
        c.answer(_text("after your FIN", 700))
        time.sleep(0.1)
    c.server.close()
    c.client.recv(1)


def half_closed_open(c):
    c.open()
    c.say(REQUEST)
    c.server.shutdown(socket.SHUT_WR)
    assert c.client.recv(1) == b""
    c.say(_text("still talking", 900))
    time.sleep(0.2)


def idle(c):
    c.open()
    c.say(REQUEST)
    c.answer(RESPONSE)
    time.sleep(0.2)


def stalled(c):
    """From the fourth data segment on, the relay lets nothing through."""
    idle(c)
    c.server.sendall(_text("is anybody there", 500))
    time.sleep(3)


def unanswered(c):
    with contextlib.suppress(TimeoutError):
        c.new_client().settimeout(3.5)
        c.client.connect((SERVER[c.family], c.port))


def keepalive(c):
    c.listen()
    c.new_client().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    c.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    c.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    c.open()
    c.say(REQUEST)
    time.sleep(2.6)


def zero_window(c):
    """The server does not read until its window is full and probed."""
    c.listen().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.open()
    data = _text("more than you can take", 8000)
    thread = threading.Thread(target=c.client.sendall, args=(data,))
    thread.start()
    time.sleep(1.2)
    left = len(data)
    while left:
        left -= len(c.server.recv(65536))
    thread.join()
    c.client.close()
    c.server.recv(1)
    c.server.close()


def reused(c):
    """The same 5-tuple twice."""
    reset_client(c)
    time.sleep(0.2)
    c.new_client()
    orderly_client(c)


def mid_stream(c):
    """Its handshake is over before the recording begins."""
    c.say(REQUEST)
    c.answer(RESPONSE)
    c.client.close()
    c.server.recv(1)
    c.server.close()


def with_ip_options(c):
    c.listen()
    c.new_client().setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS,
                              b"\x01\x07\x07\x04" + bytes(4))  # record route
    orderly_client(c)


def with_extension_header(c):
    c.listen()
    padding = b"\x00\x00\x01\x04" + bytes(4)  # destination options: PadN
    c.new_client().setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, padding)
    orderly_client(c)


class _Lose:
    """Picks the segments with data, of the given numbers, from now on."""

    def __init__(self, *numbers):
        self._numbers, self._seen = set(numbers), 0

    def __call__(self, segment):
        self._seen += segment.payload > 0
        return segment.payload > 0 and self._seen in self._numbers


class _LoseFrom:
    """Picks everything after so many segments with data."""

    def __init__(self, number):
        self._left = number

    def __call__(self, segment):
        if self._left < 0:
            return True
        self._left -= segment.payload > 0
        return self._left < 0


@dataclasses.dataclass
class Scenario:
    port: int
    run: Callable[[Connection], None]
    family: int = socket.AF_INET
    before: tuple = ()  # rules on the way to the capturing point
    after: tuple = ()  # rules on the way from it
    begins_early: bool = False  # its handshake is not recorded


_V4, _V6 = socket.AF_INET, socket.AF_INET6

SCENARIOS = (
    Scenario(8001, orderly_client),
    Scenario(8002, orderly_server, _V6),
    Scenario(8003, bulk, before=(Drop(8003, _Lose(6, 11, 12)),)),
    Scenario(8004, bulk, _V6, after=(Drop(8004, _Lose(5, 9)),)),
    Scenario(8005, bulk, before=(Swap(8005, (3, 8, 14)),)),
    Scenario(8006, refused),
    Scenario(8007, refused, _V6),
    Scenario(8008, reset_client),
    Scenario(8009, reset_server, _V6),
    Scenario(8010, half_close),
    Scenario(8011, half_closed_open, _V6),
    Scenario(8012, stalled, after=(Drop(8012, _LoseFrom(2)),)),
    Scenario(8013, unanswered, after=(Drop(8013, lambda s: s.flags & _SYN),)),
    Scenario(8014, keepalive, _V6),
    Scenario(8015, zero_window),
    Scenario(8016, reused),
    Scenario(8017, mid_stream, begins_early=True),
    Scenario(8018, orderly_client, before=(Tag(8018, (0x8100, 100)),)),
    Scenario(8019, reset_server, _V6, before=(Tag(8019, (0x8100, 0x6064)),)),
    Scenario(8020, orderly_server,
             before=(Tag(8020, (0x88A8, 200), (0x8100, 100)),)),
    Scenario(8021, with_ip_options),
    Scenario(8022, with_extension_header, _V6),
    Scenario(8023, idle),
)
