"""A relay between network interfaces, in user space, that harms what passes.

It has a cable for each direction: frames received on one interface go through
a list of rules and out of another one. A rule sees a TCP segment and says what
becomes of its frame. One thread; rules run on it.
"""

import collections
import dataclasses
import select
import socket
import struct
import threading

_ETH_P_ALL = 3
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_TP_STATUS_VLAN_VALID = 1 << 4
_TP_STATUS_VLAN_TPID_VALID = 1 << 6
_MAX_FRAME = 65536
_TAGS = (0x8100, 0x88A8)


@dataclasses.dataclass
class Segment:
    """What rules look at; ports are None for a frame that is not TCP."""

    frame: bytes
    source: int | None = None
    destination: int | None = None
    flags: int = 0
    payload: int = 0

    def between(self, port):
        return port in (self.source, self.destination)


def dissect(frame):
    """The TCP segment in a frame of a friendly sender."""
    segment = Segment(frame)
    ip = 14
    while _ether_type(frame, ip) in _TAGS:
        ip += 4
    if _ether_type(frame, ip) == 0x0800 and frame[ip + 9] == 6:
        tcp = ip + (frame[ip] & 15) * 4
        end = ip + struct.unpack_from("!H", frame, ip + 2)[0]
    elif _ether_type(frame, ip) == 0x86DD:
        tcp, protocol = ip + 40, frame[ip + 6]
        while protocol in (0, 60):  # hop-by-hop and destination options
            protocol, length = frame[tcp], frame[tcp + 1]
            tcp += (length + 1) * 8
        if protocol != 6:
            return segment
        end = ip + 40 + struct.unpack_from("!H", frame, ip + 4)[0]
    else:
        return segment
    segment.source, segment.destination = struct.unpack_from("!HH", frame, tcp)
    segment.flags = frame[tcp + 13]
    segment.payload = end - tcp - (frame[tcp + 12] >> 4) * 4
    return segment


def _ether_type(frame, ip):
    return struct.unpack_from("!H", frame, ip - 2)[0]


class Drop:
    """Drops the segments of a port that `choose` picks."""

    def __init__(self, port, choose):
        self._port, self._choose = port, choose

    def __call__(self, segment):
        chosen = segment.between(self._port) and self._choose(segment)
        return [] if chosen else [segment.frame]


class Swap:
    """Lets the `nth` data segment of a port change places with the next."""

    def __init__(self, port, nth):
        self._port, self._nth = port, set(nth)
        self._seen, self._held = 0, None

    def __call__(self, segment):
        if not segment.between(self._port) or segment.payload == 0:
            return [segment.frame]
        self._seen += 1
        if self._seen in self._nth:
            self._held = segment.frame
            return []
        held, self._held = self._held, None
        return [segment.frame] + ([held] if held else [])


class Tag:
    """Puts VLAN tags, outermost first, on the segments of a port."""

    def __init__(self, port, *tags):
        self._port = port
        self._tags = b"".join(struct.pack("!HH", *tag) for tag in tags)

    def __call__(self, segment):
        frame = segment.frame
        if segment.between(self._port):
            frame = frame[:12] + self._tags + frame[12:]
        return [frame]


def untag(segment):
    """A rule: takes all tags off."""
    frame = segment.frame
    while _ether_type(frame, 14) in _TAGS:
        frame = frame[:12] + frame[16:]
    return [frame]


class _Port:
    """An interface, opened for whole frames."""

    def __init__(self, namespace, interface):
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                       socket.htons(_ETH_P_ALL))
        self.socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((interface, 0))

    def receive(self):
        """A frame as it was on the wire, or None for what is sent from here."""
        frame, ancillary, _, address = self.socket.recvmsg(_MAX_FRAME, 64)
        if address[2] == socket.PACKET_OUTGOING:
            return None
        for level, kind, data in ancillary:
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                frame = _with_tag(frame, data)
        return frame


def _with_tag(frame, auxdata):
    """The kernel takes the outer tag off and tells it apart, packet(7)."""
    status, _, _, _, _, tci, tpid = struct.unpack_from("IIIHHHH", auxdata)
    if not status & _TP_STATUS_VLAN_VALID:
        return frame
    if not status & _TP_STATUS_VLAN_TPID_VALID:
        tpid = 0x8100
    return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]


class Relay:
    """Runs from `with` to its end. Add every cable before."""

    def __init__(self):
        self._ports = {}
        self._cables = collections.defaultdict(list)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay")

    def cable(self, source, destination, *rules):
        """From one (namespace, interface) to another, through rules. Several
        from one source are copies."""
        self._cables[self._port(source)].append((self._port(destination), rules))

    def _port(self, place):
        namespace, interface = place
        key = (namespace.name, interface)
        if key not in self._ports:
            self._ports[key] = _Port(namespace, interface)
        return self._ports[key]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        for port in self._ports.values():
            port.socket.close()

    def _run(self):
        sources = {port.socket: port for port in self._cables}
        while not self._stop.is_set():
            for readable in select.select(sources, (), (), 0.05)[0]:
                source = sources[readable]
                frame = source.receive()
                if frame is None:
                    continue
                for destination, rules in self._cables[source]:
                    for out in _through(rules, frame):
                        destination.socket.send(out)


def _through(rules, frame):
    frames = [frame]
    for rule in rules:
        frames = [out for one in frames for out in rule(dissect(one))]
    return frames
