"""What tshark makes of a capture: the TCP segments that mosd accounts to flows.

tshark sees more than mosd, and forgives more. RULES lists every systematic
difference; a frame that one of them applies to is not accounted to a flow. The
one thing that mosd forgives and tshark does not is in _read_by_hand().
"""

import dataclasses
import re
import struct
import subprocess

_FIELDS = (
    "frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.protocols",
    "ip.src", "ip.dst", "ip.hdr_len", "ip.len", "ip.flags.mf", "ip.frag_offset",
    "ipv6.src", "ipv6.dst", "ipv6.plen", "tcp.srcport", "tcp.dstport", "tcp.hdr_len",
    "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.window_size_value", "tcp.len",
    "tcp.stream",
)
# The second part: see _read_by_hand().
_FILTER = "tcp || (ip.proto == 6 && _ws.malformed)"
_PREFERENCES = (
    # mosd judges frames, not what can be put together from several.
    "ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
)

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


@dataclasses.dataclass
class Segment:
    """One TCP segment; `row` has tshark's fields as text."""

    row: dict
    source: tuple  # (address, port), both text
    destination: tuple

    def number(self, field):
        return int(self.row[field] or "0", 0)

    @property
    def index(self):
        """Of its frame in the capture, from 0."""
        return self.number("frame.number") - 1

    @property
    def flags(self):
        return self.number("tcp.flags")

    @property
    def stream(self):
        return self.row["tcp.stream"]

    @property
    def time_ns(self):
        seconds, _, fraction = self.row["frame.time_epoch"].partition(".")
        return int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])

    @property
    def tuple(self):
        return frozenset((self.source, self.destination))

    @property
    def opens_nothing(self):
        """A segment that starts no flow where there is none: a reset, SYN with
        FIN, or one with neither SYN nor ACK."""
        if self.flags & RST or self.flags & (SYN | FIN) == SYN | FIN:
            return True
        return not self.flags & (SYN | ACK)


# Ethernet, at most two tags, IP, TCP; first of all layers, so no tunnel.
_STACK = re.compile(r"eth:ethertype:((vlan|ieee8021ad):ethertype:){0,2}"
                    r"(ip|ipv6(:(ipv6\.(hopopts|routing|dstopts|fraghdr)|ah|shim6|mipv6|hip))*)"
                    r":tcp\b")


def _is_inside_a_tunnel(row):
    """GRE, VXLAN, GTP, MPLS, PPPoE, IP in IP, more than two tags, a packet
    quoted by ICMP: mosd looks at the outermost IP header."""
    return not _STACK.match(row["frame.protocols"])


def _is_fragment(row):
    """A fragment is counted, not put together; an atomic one (RFC 6946) is a
    whole packet."""
    return (row["ip.flags.mf"] in ("1", "True") or row["ip.frag_offset"] not in ("", "0"))


def _is_header_cut_off(row):
    """The capture does not hold the TCP header with all its options."""
    return _tcp_offset(row) + int(row["tcp.hdr_len"] or 0) > int(row["frame.cap_len"])


def _contradicts_itself(row):
    """Lengths that cannot be: tshark shows what it can, mosd counts them as
    malformed."""
    header = int(row["tcp.hdr_len"] or 0)
    if header < 20:
        return True
    if row["ip.src"]:
        total = int(row["ip.len"] or 0)
        return total != 0 and (int(row["ip.hdr_len"]) + header > total
                               or _ip_offset(row) + total > int(row["frame.len"]))
    payload = int(row["ipv6.plen"] or 0)
    return payload != 0 and _ip_offset(row) + 40 + payload > int(row["frame.len"])


def _ip_offset(row):
    return 14 + 4 * (row["frame.protocols"].split(":ip")[0].count("ethertype") - 1)


def _tcp_offset(row):
    header = int(row["ip.hdr_len"] or 0) if row["ip.src"] else 40
    return _ip_offset(row) + header


RULES = (_is_inside_a_tunnel, _is_fragment, _is_header_cut_off, _contradicts_itself)


def _read_by_hand(row, data):
    """tshark gives a packet up at an IP option that makes no sense. mosd steps
    over IP options by the header length, as hosts do that ignore them."""
    if row["tcp.srcport"] or not row["frame.protocols"].endswith(":ip"):
        return
    row["frame.protocols"] += ":tcp"
    at = _tcp_offset(row)
    if len(data) < at + 20:
        return
    source, destination, seq, ack, offset, flags, window = struct.unpack_from(
        "!HHIIBBH", data, at)
    header = (offset >> 4) * 4
    payload = int(row["ip.len"]) - int(row["ip.hdr_len"]) - header
    row.update({
        "tcp.srcport": f"{source}", "tcp.dstport": f"{destination}", "tcp.seq_raw": f"{seq}",
        "tcp.ack_raw": f"{ack}", "tcp.hdr_len": f"{header}", "tcp.flags": f"{flags}",
        "tcp.window_size_value": f"{window}", "tcp.len": f"{payload}"})


def read(path, packets):
    """The segments that belong to flows or could, in the capture's order.
    `packets` are those of capture_file.read(): tshark goes on where libpcap
    stops, and shows more than the snap length that the file states."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|",
               "-E", "occurrence=f", "-Y", _FILTER]
    for field in _FIELDS:
        command += ("-e", field)
    for preference in _PREFERENCES:
        command += ("-o", preference)
    output = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    segments, streams = [], {}
    for line in output.splitlines():
        row = dict(zip(_FIELDS, line.split("|"), strict=True))
        index = int(row["frame.number"]) - 1
        if index >= len(packets):
            break
        row["frame.cap_len"] = str(len(packets[index].data))
        _read_by_hand(row, packets[index].data)
        if not row["tcp.srcport"] or any(rule(row) for rule in RULES):
            continue
        source, destination = (row["ip.src"] or row["ipv6.src"],
                               row["ip.dst"] or row["ipv6.dst"])
        segment = Segment(row, (source, row["tcp.srcport"]), (destination, row["tcp.dstport"]))
        row["tcp.stream"] = row["tcp.stream"] or streams.get(segment.tuple, "")
        streams[segment.tuple] = segment.stream
        segments.append(segment)
    return segments
