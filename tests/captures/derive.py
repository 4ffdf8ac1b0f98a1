#!/usr/bin/python3
"""Makes the committed captures from one recording of record.py.

    derive.py RECORDING FOLDER

Nothing here invents packets: formats, lengths and damage are varied.
"""

import pathlib
import struct
import sys

_MICRO, _NANO = 0xA1B2C3D4, 0xA1B23C4D
_ETHERNET, _RAW_IP, _LINUX_SLL = 1, 101, 113


def _read(path):
    """(seconds, nanoseconds, frame) of a whole capture that tcpdump wrote."""
    data = path.read_bytes()
    magic, = struct.unpack_from("<I", data)
    assert magic == _NANO, "not recorded with nanoseconds"
    packets, at = [], 24
    while at < len(data):
        seconds, nanos, captured, wire = struct.unpack_from("<IIII", data, at)
        assert captured == wire
        packets.append((seconds, nanos, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return packets


def _pcap(packets, *, order="<", magic=_MICRO, link=_ETHERNET, snaplen=262144, cut=None):
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    for seconds, nanos, frame in packets:
        fraction = nanos if magic == _NANO else nanos // 1000
        kept = frame[:cut]
        out += struct.pack(order + "IIII", seconds, fraction, len(kept), len(frame)) + kept
    return out


def _block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _section():
    return _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def _interface(link):
    nanoseconds = struct.pack("<HHB3x", 9, 1, 9)  # if_tsresol
    return _block(1, struct.pack("<HHI", link, 0, 262144) + nanoseconds + bytes(4))


def _enhanced(packet, interface):
    seconds, nanos, frame = packet
    time = seconds * 10**9 + nanos
    return _block(6, struct.pack("<IIIII", interface, time >> 32, time & 0xFFFFFFFF,
                                 len(frame), len(frame)) + frame)


def _pcapng(packets, *links):
    """Packets go round the interfaces."""
    blocks = [_enhanced(packet, i % len(links)) for i, packet in enumerate(packets)]
    return _section() + b"".join(map(_interface, links)) + b"".join(blocks)


def _of_port(packets, *ports):
    """Frames in whose first 100 bytes such a port stands."""
    words = [struct.pack("!H", port) for port in ports]
    return [p for p in packets if any(w in p[2][34:100] for w in words)]


def _sll(frame):
    return struct.pack("!HHH8s", 0, 1, 6, frame[6:12] + b"\0\0") + frame[12:]


def _files(packets):
    short = _of_port(packets, 8001, 8009, 8018)
    untagged = _of_port(packets, 8001)
    sample = _pcap(packets)
    yield "sample.pcap", sample
    yield "short.pcapng", _pcapng(short, _ETHERNET)
    yield "short-nanoseconds.pcap", _pcap(short, magic=_NANO)
    yield "short-big-endian.pcap", _pcap(short, order=">")
    yield "short-snaplen-70.pcap", _pcap(short, snaplen=70, cut=70)
    yield "no-packets.pcap", _pcap([])
    whole = _pcap(short)
    yield "bad/truncated-packet.pcap", whole[:-20]
    yield "bad/truncated-record.pcap", whole + struct.pack("<II", 0, 0)
    yield "bad/truncated-header.pcap", whole[:20]
    yield "bad/truncated.pcapng", _pcapng(short, _ETHERNET)[:-30]
    yield "bad/empty.pcap", b""
    yield "bad/text.pcap", b"This is no capture, whatever its name says.\n"
    yield ("bad/record-too-long.pcap",
           whole + struct.pack("<IIII", 0, 0, 0x7FFFFFFF, 0x7FFFFFFF) + bytes(64))
    yield "bad/raw-ip.pcap", _pcap([(s, n, f[14:]) for s, n, f in untagged], link=_RAW_IP)
    yield "bad/linux-sll.pcap", _pcap([(s, n, _sll(f)) for s, n, f in untagged],
                                      link=_LINUX_SLL)
    yield "bad/two-link-types.pcapng", _pcapng(untagged, _ETHERNET, _RAW_IP)


def main():
    recording, folder = map(pathlib.Path, sys.argv[1:])
    (folder / "bad").mkdir(exist_ok=True)
    for name, data in _files(_read(recording)):
        (folder / name).write_bytes(data)
        print(f"{len(data):8} {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
