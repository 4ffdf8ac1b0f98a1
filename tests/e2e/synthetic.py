"""Captures that no network would give."""

import struct

_SYN, _PUSH, _ACK = 2, 8, 16
# Bytes of a TCP header without options, in the words and the place it has there.
_TCP_WORDS = 0x50


def _segment(number, flags, from_client=True, payload=b"", tcp_words=_TCP_WORDS):
    """A frame of the client of this number, or to it. Each side sends a SYN, then
    the payload, once."""
    client, server = struct.pack("!I", 0x0A000000 + number), b"\x0a\xff\x00\x01"
    ports = 1024 + number % 60000, 80
    sent = 0 if flags & _SYN else 1
    if not from_client:
        client, server, ports = server, client, ports[::-1]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, client, server)
    tcp = struct.pack("!HHIIBBHHH", *ports, number + sent, number + 1 if flags & _ACK else 0,
                      tcp_words, flags, 1024, 0, 0)
    return bytes.fromhex("020000000002" "020000000001" "0800") + ip + tcp + payload


def syn(number):
    return _segment(number, _SYN)


def malformed(number):
    """Its TCP header says that it is shorter than TCP headers are."""
    return _segment(number, _ACK, tcp_words=0x10)


def connection(number, payload=b""):
    """Frames of a connection that is opened, says something, and stays open."""
    return [_segment(number, _SYN), _segment(number, _SYN | _ACK, from_client=False),
            _segment(number, _ACK | _PUSH, payload=payload)]


def write(path, timed_frames):
    """A capture of (seconds, frame)s."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for seconds, frame in timed_frames:
            micros = round(seconds * 10**6)
            out.write(struct.pack("<IIII", 1_700_000_000 + micros // 10**6, micros % 10**6,
                                  len(frame), len(frame)) + frame)


def many_flows(path, count, seconds):
    """A capture of `count` SYNs from as many clients, spread over a time."""
    write(path, ((number * seconds / count, syn(number)) for number in range(count)))
