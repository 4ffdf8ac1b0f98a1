"""The TCP segments of a capture, read in the simplest way there is."""

import dataclasses
import struct

from e2e import capture_file
from e2e.trace_lines import fnv1a

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_VLAN = (0x8100, 0x88A8)
_FLAG_LETTERS = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "A"))


@dataclasses.dataclass(frozen=True)
class Segment:
    number: int  # of the frame, from 0
    time_us: int
    source: str  # address:port
    target: str
    seq: int
    ack: int
    flags: int
    window: int
    window_scale: int | None
    payload: bytes
    eth_len: int
    ip_len: int
    hash: str
    tagged: bool
    sound: bool  # both checksums

    def has(self, *bits):
        return all(self.flags & bit for bit in bits)

    @property
    def flag_letters(self):
        return "".join(letter for bit, letter in _FLAG_LETTERS if self.has(bit)) or "-"

    @property
    def end(self):
        """Sequence number after its last byte; SYN and FIN count."""
        length = len(self.payload) + self.has(SYN) + self.has(FIN)
        return self.seq + length & 0xFFFFFFFF


def _sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _scale(options):
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2:
            break
        if options[at] == 3 and at + 2 < len(options):
            return options[at + 2]
        at += options[at + 1]
    return None


def _segment(number, time_us, frame):
    at = 12
    while int.from_bytes(frame[at:at + 2], "big") in _VLAN:
        at += 4
    if frame[at:at + 2] != b"\x08\x00":
        return None
    ip = frame[at + 2:]
    if len(ip) < 20 or ip[9] != 6 or int.from_bytes(ip[6:8], "big") & 0x1FFF:
        return None
    # A length of 0: the NIC was to cut it into packets, and to write theirs.
    header, total = (ip[0] & 15) * 4, int.from_bytes(ip[2:4], "big") or len(ip)
    tcp = ip[header:total]
    if len(tcp) < 20 or not 20 <= (tcp[12] >> 4) * 4 <= len(tcp):
        return None
    source_port, target_port, seq, ack, start, flags, window = struct.unpack(">HHIIBBH", tcp[:16])
    start = (start >> 4) * 4
    pseudo = ip[12:20] + struct.pack(">HH", 6, len(tcp))
    return Segment(
        number, time_us, f"{'.'.join(map(str, ip[12:16]))}:{source_port}",
        f"{'.'.join(map(str, ip[16:20]))}:{target_port}", seq, ack, flags, window,
        _scale(tcp[20:start]), tcp[start:], len(frame), total, fnv1a(frame), at > 12,
        _sum(ip[:header]) == 0xFFFF and _sum(pseudo + tcp) == 0xFFFF)


def read(path):
    """The segments of a capture file, in its order."""
    capture = capture_file.read(path)
    if capture.trouble:
        raise ValueError(f"{path}: {capture.trouble}")
    found = (_segment(number, packet.time_us, packet.data)
             for number, packet in enumerate(capture.packets))
    return [segment for segment in found if segment is not None]
