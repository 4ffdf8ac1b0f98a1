"""Captures that no network would give."""

import struct


def _syn(number):
    source = struct.pack("!I", 0x0A000000 + number)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, b"\x0a\xff\x00\x01")
    tcp = struct.pack("!HHIIBBHHH", 1024 + number % 60000, 80, number, 0, 0x50, 2, 1024, 0, 0)
    return bytes.fromhex("020000000002" "020000000001" "0800") + ip + tcp


def many_flows(path, count, seconds):
    """A capture of `count` SYNs from as many clients, spread over a time."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(count):
            micros = number * seconds * 10**6 // count
            frame = _syn(number)
            out.write(struct.pack("<IIII", 1_700_000_000 + micros // 10**6, micros % 10**6,
                                  len(frame), len(frame)) + frame)
