"""What a monitor is to be told of a capture: a slow and obvious reading of
the contract, which shares no code with the appliance.

Frames come one at a time (bursts of 1), to one stream socket that has callbacks
for everything and peeks all that there is.
"""

import dataclasses

from e2e.trace_frames import ACK, FIN, RST, SYN
from e2e.trace_lines import (BOTH, CLIENT, NO_FRAME, SERVER, Buffer, LastPacket, Line, fnv1a,
                             other)

_HALF = 1 << 31
_MAX_SCALE = 14
_SYNCHRONIZED_FIN = {"ESTABLISHED": "CLOSE_WAIT", "SYN_RCVD": "CLOSE_WAIT",
                     "FIN_WAIT_1": "CLOSING", "FIN_WAIT_2": "TIME_WAIT"}
_FIN_ACKED = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSED"}
_OVER = {"CLOSED", "TIME_WAIT"}


def distance(sequence, origin):
    """From one sequence number to another, either way."""
    return (sequence - origin + _HALF & 0xFFFFFFFF) - _HALF


@dataclasses.dataclass
class Stream:
    """The bytes that one side sends, as its peer has them. The first that
    were seen count."""

    ahead: dict = dataclasses.field(default_factory=dict)  # offset: byte
    data: bytearray = dataclasses.field(default_factory=bytearray)
    gap: int = 0  # bytes in front of `data` that were never seen and not told
    read: int = 0
    expected: int = 0
    received: int = 0

    def knows(self, offset):
        return offset < self.expected or offset in self.ahead

    def add(self, offset, payload):
        """Whether there are new bytes in order."""
        for at, byte in enumerate(payload, offset):
            if at >= 0 and not self.knows(at):
                self.ahead[at] = byte
        self.received = max(self.received, offset + len(payload))
        return self._advance()

    def skip_to(self, offset):
        """Bytes before it will not come. Returns how many are missing, and
        whether there are new ones."""
        missing = 0
        grown = False
        while self.expected < offset:
            if self.expected in self.ahead:
                grown |= self._advance()
            else:
                missing += 1
                self.expected += 1
        self.received = max(self.received, self.expected)
        self.gap += missing
        return missing, self._advance() or grown

    def _advance(self):
        before = len(self.data)
        while self.expected in self.ahead:
            self.data.append(self.ahead.pop(self.expected))
            self.expected += 1
        return len(self.data) > before

    def peek(self, init_seq):
        told = Buffer(init_seq, self.read, self.expected, self.received, len(self.data),
                      fnv1a(self.data) if self.data else "", self.gap)
        self.read, self.gap, self.data = self.expected, 0, bytearray()
        return told


@dataclasses.dataclass
class End:
    """One side: what it sent, and what is known of its state."""

    state: str = "CLOSED"
    syn_sent: bool = False
    isn: int | None = None
    acked: int = 0  # highest acknowledgement that it sent, of the peer's numbers
    has_acked: bool = False
    window_right: int | None = None  # of the peer's numbers
    scale: int = 0
    next: int | None = None  # after its highest byte
    fin: int | None = None  # sequence number of its FIN
    fin_told: bool = False  # its peer has received it
    forgot: bool = False  # its last segment was the SYN of another connection
    last: LastPacket = NO_FRAME
    sent: Stream = dataclasses.field(default_factory=Stream)

    def offset(self, seq):
        return 0 if self.isn is None else distance(seq, self.isn + 1)


@dataclasses.dataclass
class Step:
    """One segment, what it meant, and the lines that tell of it."""

    segment: object
    flow: object  # None: an orphan
    sender: str = ""
    lines: list = dataclasses.field(default_factory=list)
    last: dict = dataclasses.field(default_factory=dict)  # side: last packet, after it
    grown: bool = False  # brings the receiver new bytes in order
    fits: bool = True  # its numbers are within the window
    ahead: bool = False  # bytes are missing in front of its own
    fin_ahead: bool = False  # and it has a FIN
    receiver_closed: bool = False  # the receiver has sent a FIN before
    peer_unseen: bool = False  # the receiver has sent nothing
    awaits_fin_ack: bool = False  # the receiver has, and this does not acknowledge it


class Flow:
    def __init__(self, client, server, last_us):
        self.client, self.server = client, server
        self.ends = {CLIENT: End(), SERVER: End()}
        self.last_us = last_us
        self.over = False

    @property
    def name(self):
        return f"{self.client}>{self.server}"

    def gives_way_to(self, syn):
        """Nobody has answered, and the client tries again as another one."""
        client, server = self.ends[CLIENT], self.ends[SERVER]
        return (server.next is None and client.state == "SYN_SENT"
                and syn.source == self.client and syn.seq != client.isn)

    def was_forgotten(self, answer):
        """Both ends are in another connection: one began it, the other agrees."""
        sender = CLIENT if answer.source == self.client else SERVER
        return self.ends[other(sender)].forgot and answer.seq != self.ends[sender].isn

    def answer_lines(self, answer):
        """It begins with the answer to a SYN that its predecessor was told of."""
        client, server = self.ends[CLIENT], self.ends[SERVER]
        client.isn = answer.ack - 1 & 0xFFFFFFFF
        client.next = answer.ack
        client.syn_sent = True
        client.state = "SYN_SENT"
        server.last = last_packet(answer, 0)
        begin = ("CONN_START", "STATE_CHANGE")
        lines = [self.line(event, "SND", CLIENT) for event in begin]
        server.state = "SYN_RCVD"
        return lines + [self.line(event, "RCV", SERVER) for event in begin]

    def line(self, event, hook, side, shown=None, buffer=None):
        states = {key: end.state for key, end in self.ends.items()} | (shown or {})
        return Line(event, hook, side, self.name, states[CLIENT], states[SERVER],
                    self.ends[side].last, self.ends[other(side)].last, buffer)

    def end_lines(self, first=CLIENT):
        lines = []
        for side in (first, other(first)):
            self.ends[side].state = "CLOSED"
            lines += [self.line(event, hook, side) for hook in ("RCV", "SND")
                      for event in ("STATE_CHANGE", "CONN_END")]
        self.over = True
        return lines


class Model:
    def __init__(self, segments, timeout_s=30):
        self._segments = segments
        self._timeout_us = timeout_s * 10**6
        self._flows = {}  # of the newest on each pair of endpoints
        self.steps = []

    def run(self):
        """The lines of the whole capture."""
        now_us = 0
        for segment in self._segments:
            now_us = max(now_us, segment.time_us)
            self.steps.append(self._step(segment, now_us))
        lines = [line for step in self.steps for line in step.lines]
        for flow in self._flows.values():
            if not flow.over:
                lines += flow.end_lines()
        return lines

    def _step(self, segment, now_us):
        idle = [flow for flow in self._flows.values()
                if not flow.over and now_us - flow.last_us > self._timeout_us]
        expired = [line for flow in sorted(idle, key=lambda flow: flow.last_us)
                   for line in flow.end_lines()]
        key = frozenset((segment.source, segment.target))
        flow = self._flows.get(key)
        started = False
        opens = segment.has(SYN) and not segment.flags & (ACK | FIN | RST)
        if flow is not None and not flow.over and opens and flow.gives_way_to(segment):
            expired += flow.end_lines()
        answers = segment.has(SYN) and segment.has(ACK) and not segment.flags & (FIN | RST)
        if flow is not None and not flow.over and answers and flow.was_forgotten(segment):
            expired += flow.end_lines()
            flow = self._begin(segment.target, segment.source, now_us)
            expired += flow.answer_lines(segment)
        if flow is None or flow.over:
            started = opens
            if not started:
                told = last_packet(segment, 0)
                return Step(segment, None, lines=expired + [
                    Line("ORPHAN", "NULL", BOTH, own=told, others=told)])
            flow = self._begin(segment.source, segment.target, now_us)
        flow.last_us = now_us
        sender = CLIENT if segment.source == flow.client else SERVER
        step = Step(segment, flow, sender, expired)
        _Reading(flow, step, started).run()
        step.last = {side: end.last for side, end in flow.ends.items()}
        return step

    def _begin(self, client, server, now_us):
        """The newest flow of the two, at the end, where later ones are."""
        key = frozenset((client, server))
        self._flows.pop(key, None)
        flow = self._flows[key] = Flow(client, server, now_us)
        return flow


def last_packet(segment, offset):
    return LastPacket(segment.eth_len, segment.ip_len, offset, len(segment.payload), segment.seq,
                      segment.ack, segment.window, segment.flag_letters, segment.hash)


class _Reading:
    """One segment of a flow."""

    def __init__(self, flow, step, started):
        self.flow, self.step, self.segment = flow, step, step.segment
        self.started = started
        self.sender, self.receiver = step.sender, other(step.sender)
        self.own, self.peer = flow.ends[self.sender], flow.ends[self.receiver]
        self.rexmit = False
        self.missing = 0  # bytes of the peer, acknowledged but never seen
        self.past_gap = False  # others of its bytes are in order now

    def run(self):
        before = {side: end.state for side, end in self.flow.ends.items()}
        own, segment = self.own, self.segment
        if segment.has(SYN) and own.isn is None:
            own.isn = segment.seq
        at = own.offset(segment.seq + segment.has(SYN))
        # A probe of an idle connection has a byte in front of its stream.
        own.last = last_packet(segment, max(at, 0))
        self.step.fits = self._fits()
        self._note(at)
        own.forgot = not self.step.fits and segment.has(SYN) and not segment.has(ACK)
        if self.step.fits:
            self._send()
        after_sending = {self.receiver: before[self.receiver]}
        self._tell("SND", self.sender, before, after_sending, self.started)
        if self.step.fits:
            self._reach(at)
        elif segment.payload:
            self.step.lines.append(self.flow.line("ERROR", "NULL", self.receiver))
        self._tell("RCV", self.receiver, before, None, self.started,
                   self.rexmit and not segment.payload)
        self._new_data()
        if {end.state for end in self.flow.ends.values()} <= _OVER:
            self.step.lines += self.flow.end_lines(self.receiver)

    def _note(self, at):
        """Facts that rules ask for."""
        step, peer, segment = self.step, self.peer, self.segment
        step.ahead = at > self.own.sent.expected
        step.fin_ahead = step.ahead and segment.has(FIN)
        step.receiver_closed = peer.fin is not None
        step.peer_unseen = peer.next is None
        step.awaits_fin_ack = (peer.fin is not None and segment.has(ACK)
                               and distance(segment.ack, peer.fin) <= 0)

    def _tell(self, hook, side, before, shown, started, rexmit=False):
        events = ["PKT_IN"] + ["CONN_START"] * started
        events += ["STATE_CHANGE"] * (self.flow.ends[side].state != before[side])
        events += ["REXMIT"] * rexmit
        self.step.lines += [self.flow.line(event, hook, side, shown) for event in events]

    def _fits(self):
        segment, own, peer = self.segment, self.own, self.peer
        if segment.has(RST):
            return self._reset_fits()
        if segment.has(SYN):
            return segment.seq == own.isn
        if own.isn is None:
            return True
        if peer.window_right is not None:
            return distance(segment.seq, peer.window_right) <= 0
        return True

    def _reset_fits(self):
        """RFC 5961: a reset counts where its receiver waits for it."""
        segment, own, peer = self.segment, self.own, self.peer
        if own.isn is None:  # refuses the peer's SYN
            return segment.has(ACK) and segment.ack == (peer.isn + 1 & 0xFFFFFFFF)
        low = peer.acked if peer.has_acked else own.isn + 1
        return distance(segment.seq, low) >= 0 and distance(segment.seq, own.next) <= 0

    def _send(self):
        """The sender: what it does, and what it proves to have received."""
        segment, own, peer = self.segment, self.own, self.peer
        if segment.has(RST):
            own.state = "CLOSED"
            return
        if segment.has(SYN):
            # The first SYN/ACK after a SYN is a new segment.
            self.rexmit = own.syn_sent and (not segment.has(ACK) or own.has_acked)
            own.syn_sent = True
            if own.next is None:
                own.state = "SYN_RCVD" if segment.has(ACK) else own.state
                if not segment.has(ACK) and own.state == "CLOSED":
                    own.state = "SYN_SENT"
            if segment.window_scale is not None:
                own.scale = min(segment.window_scale, _MAX_SCALE)
        elif own.state in ("SYN_SENT", "SYN_RCVD") and segment.has(ACK):
            if own.state == "SYN_SENT":
                own.state = "ESTABLISHED"
        acks_fin = (segment.has(ACK) and peer.fin is not None
                    and distance(segment.ack, peer.fin) > 0)
        if acks_fin and not peer.fin_told:
            peer.fin_told = True
            own.state = _SYNCHRONIZED_FIN.get(own.state, own.state)
        if segment.has(FIN):
            if own.fin is not None:
                self.rexmit = True
            else:
                own.fin = segment.end - 1 & 0xFFFFFFFF
                crossing = own.state == "CLOSE_WAIT" and not acks_fin
                own.state = ("CLOSING" if crossing else "LAST_ACK" if own.state == "CLOSE_WAIT"
                             else "FIN_WAIT_1" if own.state in ("ESTABLISHED", "SYN_RCVD")
                             else own.state)

    def _reach(self, at):
        """The receiver."""
        segment, own, peer = self.segment, self.own, self.peer
        if segment.has(RST):
            peer.state = "CLOSED"
            return
        if segment.has(ACK):
            self._acknowledge()
        if segment.has(SYN):
            if peer.state == "SYN_SENT":
                peer.state = "ESTABLISHED" if segment.has(ACK) else "SYN_RCVD"
            elif peer.state == "CLOSED" and self.started:
                peer.state = "SYN_RCVD"
        if own.next is None or distance(segment.end, own.next) > 0:
            own.next = segment.end
        if segment.payload:
            self.rexmit = any(own.sent.knows(offset)
                              for offset in range(max(at, 0), at + len(segment.payload)))
            self.step.grown |= own.sent.add(at, segment.payload)
        if own.fin is not None and not own.fin_told and (
                own.offset(own.fin) <= own.sent.expected):
            own.fin_told = True
            peer.state = _SYNCHRONIZED_FIN.get(peer.state, peer.state)
        if self.missing:
            self.step.lines.append(self.flow.line("ERROR", "NULL", self.sender))
        if segment.payload and self.rexmit:
            self.step.lines.append(self.flow.line("REXMIT", "RCV", self.receiver))

    def _acknowledge(self):
        segment, own, peer = self.segment, self.own, self.peer
        if not own.has_acked or distance(segment.ack, own.acked) > 0:
            own.acked, own.has_acked = segment.ack, True
        scale = 0 if segment.has(SYN) else own.scale
        right = segment.ack + (segment.window << scale) & 0xFFFFFFFF
        if own.window_right is None or distance(right, own.window_right) > 0:
            own.window_right = right
        if peer.isn is None:
            # Its SYN was missed: it began where it is acknowledged.
            peer.isn = segment.ack - 1 & 0xFFFFFFFF
        if peer.state == "SYN_RCVD" and peer.offset(segment.ack) >= 0:
            peer.state = "ESTABLISHED"
        if peer.fin is not None and distance(segment.ack, peer.fin) > 0:
            peer.state = _FIN_ACKED.get(peer.state, peer.state)
        seen_by_fin = min(peer.offset(segment.ack),
                          peer.offset(peer.fin) if peer.fin is not None else 1 << 62)
        self.missing, self.past_gap = peer.sent.skip_to(seen_by_fin)

    def _new_data(self):
        grown = {self.receiver: self.step.grown, self.sender: self.past_gap}
        for side in (CLIENT, SERVER):
            if grown[side]:
                end = self.flow.ends[other(side)]
                buffer = end.sent.peek(end.isn + 1 & 0xFFFFFFFF)
                self.step.lines.append(
                    self.flow.line("NEW_DATA", "NULL", side, buffer=buffer))
