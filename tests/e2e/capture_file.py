"""Reads captures, classic and pcapng, in the simplest way there is.

Checks mosd's libpcap, and so shares no code with it.
"""

import dataclasses
import struct

ETHERNET = 1
_MAX_PACKET = 262144  # libpcap's MAXIMUM_SNAPLEN

# magic in the machine's order: units a second, bytes of a packet's header
_MAGICS = {0xA1B2C3D4: (10**6, 16), 0xA1B23C4D: (10**9, 16), 0xA1B2CD34: (10**6, 24)}
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6


@dataclasses.dataclass
class Packet:
    data: bytes
    wire_length: int
    time_us: int | None = None  # of classic captures


@dataclasses.dataclass
class Capture:
    packets: list = dataclasses.field(default_factory=list)
    link_type: int | None = None
    trouble: str | None = None  # why it cannot be read, or no further


def read(path):
    data = path.read_bytes()
    capture = Capture()
    try:
        if data[:4] == struct.pack("<I", _SECTION):
            _read_blocks(data, capture)
        else:
            _read_classic(data, capture)
    except (struct.error, _Trouble) as trouble:
        capture.trouble = str(trouble)
    return capture


class _Trouble(Exception):
    pass


def _take(data, at, length):
    if length > len(data) - at:
        raise _Trouble("truncated")
    return data[at:at + length]


def _read_classic(data, capture):
    for order in "<>":
        magic, = struct.unpack_from(order + "I", data)
        if magic in _MAGICS:
            break
    else:
        raise _Trouble("no capture")
    units, header = _MAGICS[magic]
    snaplen, link_type = struct.unpack_from(order + "II", data, 16)
    capture.link_type = link_type & 0x03FFFFFF
    at = 24
    while at < len(data):
        seconds, fraction, captured, wire = struct.unpack(order + "IIII",
                                                          _take(data, at, header)[:16])
        if captured > _MAX_PACKET:
            raise _Trouble("packet too long")
        # libpcap gives no more of a packet than the file says it holds.
        packet = _take(data, at + header, captured)[:snaplen or None]
        time_us = seconds * 10**6 + fraction * 10**6 // units
        capture.packets.append(Packet(packet, wire, time_us))
        at += header + captured


def _read_blocks(data, capture):
    at, order, interfaces = 0, "<", []
    while at < len(data):
        if data[at:at + 4] == struct.pack("<I", _SECTION):
            order = "<" if _take(data, at, 12)[8:] == struct.pack("<I", 0x1A2B3C4D) else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or length % 4:
            raise _Trouble("block length")
        body = _take(data, at, length)[8:-4]
        if kind == _INTERFACE:
            _add_interface(struct.unpack_from(order + "HHI", body), interfaces, capture)
        elif kind in (_ENHANCED, _OLD_PACKET):
            number = struct.unpack_from(order + ("I" if kind == _ENHANCED else "H"), body)[0]
            captured, wire = struct.unpack_from(order + "II", body, 12)
            if number >= len(interfaces) or captured > _MAX_PACKET:
                raise _Trouble("packet block")
            capture.packets.append(Packet(_take(body, 20, captured), wire))
        elif kind == _SIMPLE:
            wire, = struct.unpack_from(order + "I", body)
            captured = min(wire, interfaces[0] or wire)
            capture.packets.append(Packet(_take(body, 4, captured), wire))
        at += length


def _add_interface(fields, interfaces, capture):
    """libpcap takes no second kind of interface."""
    link_type, _, snaplen = fields
    if capture.link_type not in (None, link_type):
        raise _Trouble("link types differ")
    if interfaces and interfaces[0] != snaplen:
        raise _Trouble("snap lengths differ")
    capture.link_type = link_type
    interfaces.append(snaplen)
