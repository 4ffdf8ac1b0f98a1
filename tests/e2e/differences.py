"""Every intended difference from mOS, once, by rule. api/README.md lists them
for people; a test keeps both lists alike.

A rule changes what mOS told of a capture into what it would have told without
one of its habits. After all of them a trace of mOS is what we tell, line by
line. Rules know captures only, never files: a segment, its flow, and what the
contract makes of both (tcp_model).
"""

import collections
import dataclasses
from collections.abc import Callable

from e2e.trace_alignment import Trace
from e2e.trace_frames import ACK, FIN, RST, SYN
from e2e.trace_lines import BOTH, NO_FRAME, other


@dataclasses.dataclass
class Facts:
    steps: list  # of tcp_model, for each segment
    model: Trace

    def flow(self, number):
        flow = self.steps[number].flow
        return flow.name if flow else ""


@dataclasses.dataclass(frozen=True)
class Rule:
    name: str
    reason: str
    contract: str  # the sentence it rests on, mos-api.md
    change: Callable  # of (trace, facts), in place


RULES = []


def _rule(name, reason, contract):
    def add(change):
        RULES.append(Rule(name, reason, contract, change))
        return change
    return add


def _of_packets(change_line):
    """A change of each line alone: of (line, step), to a line or None."""
    def change(trace, facts):
        for number, lines in enumerate(trace.packets):
            step = facts.steps[number]
            changed = (change_line(line, step) for line in lines)
            trace.packets[number] = [line for line in changed if line is not None]
    return change


# Which flows there are.

@_rule("vlan", "mOS does not look behind VLAN tags",
       "VLAN tags: `ethh` is the start of the frame, `iph` past the tags")
def _vlan(trace, facts):
    _take_from_model(trace, facts, lambda step: step.segment.tagged)


@_rule("checksums", "mOS drops frames with a wrong checksum; a tap sees many that are not "
       "computed yet, for the sender's NIC does it (veth, af_packet, GRO)",
       "TCP packet of the flow (section 3); the frame as it arrived")
def _checksums(trace, facts):
    _take_from_model(trace, facts, lambda step: not step.segment.sound)


def _take_from_model(trace, facts, applies):
    """Segments that mOS did not take, and the ends of their flows."""
    taken = set()
    for number, step in enumerate(facts.steps):
        if applies(step) and not trace.packets[number]:
            trace.packets[number] = list(facts.model.packets[number])
            taken.add(facts.flow(number))
    _take_ends(trace, facts, taken)


def _take_ends(trace, facts, flows):
    trace.ends = [end for end in trace.ends if end.flow not in flows]
    trace.ends += [end for end in facts.model.ends if end.flow in flows]


@_rule("nonsense-syn", "mOS starts flows with SYN and FIN, or SYN and RST, which no host "
       "answers (RFC 9293, 3.10.7.2)",
       "ORPHAN: a TCP packet that belongs to no flow and starts none")
def _nonsense_syn(trace, facts):
    for number, step in enumerate(facts.steps):
        if step.segment.has(SYN) and step.segment.flags & (FIN | RST) and step.flow is None:
            flows = {line.flow for line in trace.packets[number]} - {""}
            trace.packets[number] = list(facts.model.packets[number])
            trace.ends = [end for end in trace.ends if end.flow not in flows]


# Which packet mtcp_getlastpkt tells of.

def _last_of(flow_last, line):
    return line.but(own=flow_last.get(line.side, NO_FRAME),
                    others=flow_last.get(other(line.side), NO_FRAME))


@_rule("per-side", "mOS ignores the side and returns the packet being processed",
       "`side` names the sender of the frame, in every callback")
@_of_packets
def _per_side(line, step):
    if line.side == BOTH or line.own != line.others or line.own.error:
        return line
    return _last_of(step.last, line)


@_rule("outside-a-packet", "mOS refuses it (EACCES) where no packet is being processed",
       "in every callback, at either hook, in timers and in CONN_END")
def _outside_a_packet(trace, facts):
    def told(line, last):
        return _last_of(last, line) if line.own.error == "EACCES" else line

    last = {}
    ends = collections.defaultdict(list)
    for end in trace.ends:
        ends[end.after].append(end)
    for number, lines in enumerate(trace.packets):
        last[facts.flow(number)] = facts.steps[number].last
        trace.packets[number] = [told(line, facts.steps[number].last) for line in lines]
        for end in ends[number]:
            end.lines = [told(line, last.get(end.flow, {})) for line in end.lines]


@_rule("last-words", "mOS forgets a side that is closed before its peer is told",
       "address, states, last packets and uctx are still readable")
def _last_words(trace, _facts):
    for end in trace.ends:
        kept = {}
        for number, line in enumerate(end.lines):
            if line.others.error == "ENODATA" and other(line.side) in kept:
                end.lines[number] = line.but(others=kept[other(line.side)])
            kept[line.side] = line.own


@_rule("offset", "mOS counts from its own receive buffer's beginning, or tells 0",
       "`offset` of the first payload byte in the sender's stream, 0 being the byte after "
       "the SYN, 64 bits")
def _offset(trace, facts):
    known = {}
    for step in facts.steps:
        for last in step.last.values():
            known[step.flow.name, last.but_offset()] = last

    def right(line):
        return line.but(own=known.get((line.flow, line.own.but_offset()), line.own),
                        others=known.get((line.flow, line.others.but_offset()), line.others))

    trace.packets = [[right(line) for line in lines] for lines in trace.packets]
    for end in trace.ends:
        end.lines = [right(line) for line in end.lines]


# What is new data, and what came again.

@_rule("fin-is-no-data", "mOS raises NEW_DATA for every FIN in order",
       "MOS_ON_CONN_NEW_DATA ... once per side with new in-order bytes")
@_of_packets
def _fin_is_no_data(line, step):
    empty = line.event == "NEW_DATA" and line.buffer.peeked == 0 and step.segment.has(FIN)
    return None if empty and not step.grown else line


@_rule("syn-again", "mOS raises CONN_START and STATE_CHANGE again for the server",
       "a retransmitted SYN raises REXMIT, not this")
def _syn_again(trace, facts):
    for number, lines in enumerate(trace.packets):
        step = facts.steps[number]
        first = any(line.event == "CONN_START" and line.hook == "SND" for line in lines)
        if not step.segment.has(SYN) or first or step.flow is None:
            continue
        if any(line.event == "CONN_START" for line in lines):
            again = [line.but(event="REXMIT") for line in lines
                     if line.event == "CONN_START" and not step.segment.has(ACK)]
            trace.packets[number] = [
                line for line in lines if line.hook == "SND" or line.event == "PKT_IN"] + again


def _add_new_data(trace, facts, applies):
    """Adds NEW_DATA that mOS did not raise."""
    for number, lines in enumerate(trace.packets):
        step = facts.steps[number]
        if not step.grown or not applies(step, facts):
            continue
        if not any(line.event == "NEW_DATA" for line in lines):
            lines += [line for line in facts.model.packets[number] if line.event == "NEW_DATA"]


@_rule("half-close", "mOS drops what arrives at a side that has sent its FIN",
       "half-close with data still flowing ... are followed")
def _half_close(trace, facts):
    _add_new_data(trace, facts, lambda step, _: step.receiver_closed)


@_rule("data-with-syn", "mOS drops data of a SYN or SYN/ACK, and waits for it for ever",
       "TCP Fast Open data, data on SYN/ACK ... are followed")
def _data_with_syn(trace, facts):
    begun = {(step.flow.name, step.sender) for step in facts.steps
             if step.flow and step.segment.has(SYN) and step.segment.payload}
    _add_new_data(trace, facts, lambda step, _: (step.flow.name, step.sender) in begun)


# Which state a side is in. From the segment on that mOS reads otherwise, the
# flow is told of as the model says.

def _diverges(trace, facts, applies):
    since = {}
    for number, step in enumerate(facts.steps):
        if step.flow and step.flow.name not in since and applies(number, step):
            since[step.flow.name] = number
    for number in range(len(facts.steps)):
        if since.get(facts.flow(number), number + 1) <= number:
            trace.packets[number] = list(facts.model.packets[number])
    _take_ends(trace, facts, since)


def _told_states(lines):
    return [(line.event, line.hook, line.client, line.server) for line in lines
            if line.event != "NEW_DATA"]


@_rule("reordered-fin", "mOS forgets a FIN that arrives before the bytes in front of it (or "
       "takes it at once, and drops those)",
       "Retransmission, reordering ... are followed")
def _reordered_fin(trace, facts):
    _diverges(trace, facts, lambda _, step: step.fin_ahead)


@_rule("reorder-room", "mOS drops what lies beyond rmem_size, and never gets over it",
       "a flow never hangs on one lost packet")
def _reorder_room(trace, facts):
    _diverges(trace, facts, lambda number, step: step.fits and step.ahead and any(
        line.event == "ERROR" for line in trace.packets[number]))


@_rule("unseen-peer", "mOS leaves a client in SYN_SENT whose own segments prove that it was "
       "answered",
       "The monitor may itself miss packets")
def _unseen_peer(trace, facts):
    _diverges(trace, facts, lambda _, step: step.peer_unseen and step.segment.has(ACK))


@_rule("simultaneous-open", "mOS takes the client's SYN/ACK for a SYN that comes again, and "
       "not for an answer",
       "simultaneous open and close ... are followed")
def _simultaneous_open(trace, facts):
    _diverges(trace, facts, lambda _, step: (
        step.segment.has(SYN, ACK) and step.sender == "CLI"))


@_rule("fin-not-acked", "mOS (the build of *.rec.trace) takes any acknowledgement after a FIN "
       "for one of the FIN",
       "RFC 9293 emulation of both ends")
def _fin_not_acked(trace, facts):
    _diverges(trace, facts, lambda number, step: (
        step.awaits_fin_ack and bool(trace.packets[number]) and
        _told_states(trace.packets[number]) != _told_states(facts.model.packets[number])))
