"""Holds what mosd serves against an independent reading, byte for byte.

mosd serves no list of frames, but it says how many each side of a flow sent,
and accounts every segment between two endpoints to the newest flow between
them. So the independent reading is cut into flows by those counts, and then
everything else has to fit: the bytes and fields of both last frames, the side
that spoke last, the number of all segments, and that a flow begins where
tshark begins a stream, or for one of the reasons in _explain_cut().
"""

import collections
import ipaddress

from e2e import stubs
from e2e.tshark_reading import ACK, FIN, RST, SYN

# The longest of those that daemon.KEEP_ALL sets: a merged capture may have a
# silence of years.
IDLE_TIMEOUT_NS = 168 * 3600 * 10**9

CLIENT, SERVER = stubs.flow.SIDE_CLIENT, stubs.flow.SIDE_SERVER


class Difference(AssertionError):
    """mosd and the independent reading disagree, and no rule explains it."""


def _require(condition, *what):
    if not condition:
        raise Difference(" ".join(map(str, what)))


def endpoint(message):
    return str(ipaddress.ip_address(message.address)), str(message.port)


def _nanoseconds(timestamp):
    return timestamp.seconds * 10**9 + timestamp.nanos


def _by_tuple(segments):
    """The segments of each pair of endpoints, without those that came before
    any flow and start none."""
    grouped = collections.defaultdict(list)
    for segment in segments:
        if segment.tuple in grouped or not segment.opens_nothing:
            grouped[segment.tuple].append(segment)
    return grouped


def compare(packets, segments, flows, last_packets, same_clock=True):
    """Raises Difference. `packets` are the frames of the capture, `segments`
    tshark's reading; `flows` and `last_packets` what mosd served. Without
    `same_clock` the capture is another recording of the same frames. Returns
    the number of segments that are accounted to flows."""
    expected = _by_tuple(segments)
    served = collections.defaultdict(list)
    for flow in flows:
        served[frozenset((endpoint(flow.tuple.client), endpoint(flow.tuple.server)))].append(flow)
    _require(expected.keys() == served.keys(), "flows only tshark sees:",
             expected.keys() - served.keys(), "only mosd:", served.keys() - expected.keys())
    for key, group in expected.items():
        ordered = sorted(served[key], key=lambda f: _nanoseconds(f.start_time))
        _compare_tuple(packets, group, ordered, last_packets, same_clock)
    return sum(map(len, expected.values()))


def _compare_tuple(packets, segments, flows, last_packets, same_clock):
    total = sum(_frames(flow) for flow in flows)
    _require(total == len(segments), segments[0].tuple, ": tshark has", len(segments),
             "segments, mosd", total)
    start = 0
    for flow in flows:
        own = segments[start:start + _frames(flow)]
        _explain_cut(segments, start)
        _require(flow.midstream != _has_handshake(own), "frame", own[0].index + 1,
                 "begins a flow; midstream is", flow.midstream)
        _explain_no_cut(own)
        _compare_sides(packets, own, flow, last_packets, same_clock)
        start += len(own)


def _frames(flow):
    return flow.client_side.frames + flow.server_side.frames


def _explain_cut(segments, start):
    """Why a flow begins here and not earlier."""
    first = segments[start]
    is_first = start == 0 or segments[start - 1].stream != first.stream
    idle = start > 0 and first.time_ns - segments[start - 1].time_ns >= IDLE_TIMEOUT_NS
    _require(is_first or idle or first.flags & SYN, "mosd begins a flow at frame", first.index + 1,
             "where tshark goes on with one, and there is no SYN")


def _has_handshake(own):
    """Whether a flow begins with its SYN, which its SYN/ACK may have overtaken."""
    for segment in own:
        if segment.flags & (SYN | ACK) == SYN:
            return True
        if segment.source != own[0].source or segment.flags & (SYN | ACK) != SYN | ACK:
            return False
    return False


def _explain_no_cut(own):
    """tshark begins a stream with any SYN of another number; mosd only if the
    old connection can be over (RFC 9293 section 3.10.7.4, RFC 5961, RFC 6191)."""
    finished, reset = set(), False
    for before, after in zip(own, own[1:]):
        reset |= bool(before.flags & RST)
        if before.flags & FIN:
            finished.add(before.source)
        if before.stream != after.stream:
            _require(after.flags & SYN and not reset and len(finished) < 2,
                     "tshark begins a stream at frame", after.index + 1,
                     "and the one before it was over, but mosd goes on")


def _client(own):
    """Who opened, as far as the first segment tells."""
    first = own[0]
    if first.flags & SYN:
        return first.destination if first.flags & ACK else first.source
    lower, higher = sorted((first.source, first.destination), key=lambda e: int(e[1]))
    well_known = int(lower[1]) < 1024 or (int(lower[1]) < 32768 <= int(higher[1]))
    return higher if well_known and lower[1] != higher[1] else first.source


def _compare_sides(packets, own, flow, last_packets, same_clock):
    client = _client(own)
    _require(endpoint(flow.tuple.client) == client, "client is", client, "but mosd says",
             endpoint(flow.tuple.client))
    speaker = CLIENT if own[-1].source == client else SERVER
    _require(flow.last_speaker == speaker or client == own[-1].destination == own[-1].source,
             "frame", own[-1].index + 1, "was the last; the speaker is", flow.last_speaker)
    for side, counted in ((CLIENT, flow.client_side), (SERVER, flow.server_side)):
        sent = [s for s in own if (s.source == client) == (side == CLIENT)]
        _require(counted.frames == len(sent), "side", side, "sent", len(sent), "mosd counts",
                 counted.frames)
        served = last_packets.get((flow.flow_id, side))
        _require((served is not None) == bool(sent) == counted.has_last_pkt, "side", side,
                 "has sent", len(sent), "frames; last frame served:", served is not None)
        if sent:
            _require(counted.wire_bytes == sum(s.number("frame.len") for s in sent),
                     "wire bytes of side", side)
            _compare_last(packets, sent[-1], served, same_clock)


def _compare_last(packets, segment, served, same_clock):
    packet = packets[segment.index]
    name = f"frame {segment.index + 1}"
    _require(served.frame == packet.data, name, "is", packet.data.hex(), "but served was",
             served.frame.hex())
    captured_ns = _nanoseconds(served.capture_time)
    same = {
        "cur_ts": (served.cur_ts, captured_ns // 10**6 & 0xFFFFFFFF),
        "eth_len": (served.eth_len, segment.number("frame.len")),
        "wire_length": (served.wire_length, segment.number("frame.len")),
        "captured_length": (served.captured_length, segment.number("frame.cap_len")),
        "seq": (served.seq, segment.number("tcp.seq_raw")),
        "ack_seq": (served.ack_seq, segment.number("tcp.ack_raw")),
        "window": (served.window, segment.number("tcp.window_size_value")),
        "tcp_flags": (served.tcp_flags, segment.flags & 0xFF),
        "payloadlen": (served.payloadlen, segment.number("tcp.len")),
        "header": (served.payload_offset - served.tcp_offset, segment.number("tcp.hdr_len")),
    }
    if same_clock:
        same["capture_time"] = (captured_ns, segment.time_ns)
    else:
        _require(abs(captured_ns - segment.time_ns) < 10**9, name, "was captured at",
                 segment.time_ns, "mosd says", captured_ns)
    if segment.number("ip.len"):
        same["ip_len"] = (served.ip_len, segment.number("ip.len"))
    for field, (got, wanted) in same.items():
        _require(got == wanted, name, field, "is", wanted, "but served was", got)
