"""A program written to mOS is told what mOS would have told it, line by line.

The traces were recorded from mOS (../shared/mos-traces, no part of the
repository); differences.RULES is all that may differ. Where there is no trace,
tcp_model says what is to be told.
"""

import unittest

from e2e import differences, tcp_stories, trace_alignment, trace_frames, trace_lines
from e2e.conformance import (DEFAULT_RMEM_BYTES, TRACES, Capture, agree, difference, needs_traces,
                             record)
from e2e.environment import CAPTURES, ROOT, temp_dir
from e2e.trace_lines import Line

_RMEM_BYTES = {"rmem1m": 1 << 20}  # by a word in the trace's name
_TIMEOUT_US = 30 * 10**6


def rmem_bytes(trace):
    return next((size for word, size in _RMEM_BYTES.items() if f".{word}." in trace.name),
                DEFAULT_RMEM_BYTES)


@needs_traces
class LikeMos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.captures = {path.stem: Capture(path) for path in sorted(TRACES.glob("*.pcap"))}
        cls.traces = [path for path in sorted(TRACES.glob("*.trace"))
                      if path.name.split(".")[0] in cls.captures]
        cls.recorded = {}
        cls.applied = set()

    def told_by_us(self, capture, size):
        key = (capture.path, size)
        if key not in self.recorded:
            self.recorded[key] = record(capture.path, rmem_bytes=size)
        return self.recorded[key]

    def test_every_line(self):
        self.assertTrue(self.traces)
        for path in self.traces:
            with self.subTest(path.name):
                capture = self.captures[path.name.split(".")[0]]
                told = trace_lines.read(path.read_text(), relative=True)
                expected, applied = capture.without_habits(told)
                self.applied.update(applied)
                got = self.told_by_us(capture, rmem_bytes(path))
                agree(self, expected, got)

    def test_every_rule_is_needed(self):
        """By some trace: without it, not all lines are explained."""
        for rule in differences.RULES:
            others = [other for other in differences.RULES if other is not rule]
            with self.subTest(rule.name):
                self.assertTrue(any(self.is_unexplained(path, others) for path in self.traces))

    def is_unexplained(self, path, rules):
        capture = self.captures[path.name.split(".")[0]]
        told = trace_lines.read(path.read_text(), relative=True)
        return capture.without_habits(told, rules)[0] != capture.lines

    def test_what_is_picked_up_stays_an_orphan(self):
        capture = self.captures["08_midstream"]
        agree(self, capture.lines,
              record(capture.path, appliance="dataplane: {burst: 1, midstream_pickup: false}\n"))

    def test_the_current_packet(self):
        """`lastpkt = current`: whatever the side, as mOS has it."""
        capture = self.captures["clean_seq"]
        mos = trace_lines.read((TRACES / "clean_seq.dpdk.trace").read_text(), relative=True)
        told = record(capture.path, mos="  lastpkt = current\n")
        self.assertEqual(packets_at_hooks(told, capture), packets_at_hooks(mos, capture))

    def test_without_buffers(self):
        for name, capture in self.captures.items():
            with self.subTest(name):
                agree_without_buffers(self, capture)

    def test_no_byte_is_lost(self):
        """All bytes that were ever on the wire are peeked, with the default
        buffer, whatever was lost before the tap."""
        for name, capture in self.captures.items():
            with self.subTest(name):
                wire = streams_on_the_wire(capture.segments)
                told = self.told_by_us(capture, DEFAULT_RMEM_BYTES)
                self.assertEqual(peeked_streams(told), {
                    key: pieces_of(stream, told, key) for key, stream in wire.items()})

    def test_a_captures_bytes_are_many(self):
        """The test above is about more than a few bytes."""
        wire = streams_on_the_wire(self.captures["loss_before"].segments)
        self.assertGreater(sum(map(len, wire.values())), 1_300_000)


def agree_without_buffers(test, capture):
    """All but the bytes is told all the same."""
    told = record(capture.path, mos="  no_ring_buffers = 1\n")
    agree(test, [line for line in capture.lines if line.event not in ("NEW_DATA", "ERROR")], told)


def packets_at_hooks(told, capture):
    """What mtcp_getlastpkt told of both sides, but for its offset, in callbacks
    at MOS_HK_SND and MOS_HK_RCV while a packet is processed."""
    trace = trace_alignment.align(told, capture.segments)
    return [(line.event, line.hook, str(line.own.but_offset()), str(line.others.but_offset()))
            for lines in trace.packets for line in lines if line.hook != "NULL"]


def streams_on_the_wire(segments):
    """{(source, target): bytes}, of streams whose SYN was seen, from their first
    byte to the first one that never was. Of a byte that came twice, the first
    counts. What comes after a silence that ends the flow is not of it."""
    first, found, spoke_us = {}, {}, {}
    for segment in segments:
        key = (segment.source, segment.target)
        both = frozenset(key)
        if segment.has(trace_frames.SYN):
            first.setdefault(key, segment.seq + 1)
        silent_us = segment.time_us - spoke_us.get(both, segment.time_us)
        if key not in first or silent_us > _TIMEOUT_US:
            continue
        spoke_us[both] = segment.time_us
        begin = segment.seq + segment.has(trace_frames.SYN) - first[key] & 0xFFFFFFFF
        stream = found.setdefault(key, {})
        for offset, byte in enumerate(segment.payload, begin):
            stream.setdefault(offset & 0xFFFFFFFF, byte)
    whole = {key: bytes(stream[at] for at in range(_length(stream)))
             for key, stream in found.items()}
    return {key: stream for key, stream in whole.items() if stream}


def _length(stream):
    return next(at for at in range(len(stream) + 1) if at not in stream)


def _key(line):
    ends = line.flow.split(">")
    return tuple(ends if line.side == trace_lines.SERVER else reversed(ends))


def peeked_streams(told):
    """{(source, target): [(bytes, their hash), ...]} of what was peeked."""
    found = {}
    for line in told:
        if line.buffer and line.buffer.peeked:
            found.setdefault(_key(line), []).append((line.buffer.peeked, line.buffer.hash))
    return found


def pieces_of(stream, told, key):
    """The stream, cut as it was peeked; and the rest of it."""
    pieces, at = [], 0
    for length, _ in peeked_streams(told).get(key, []):
        pieces.append((len(stream[at:at + length]), trace_lines.fnv1a(stream[at:at + length])))
        at += length
    return pieces + [(len(stream) - at, "not peeked")] * (at < len(stream))


class LikeTheContract(unittest.TestCase):
    def test_own_captures(self):
        """Of the repository; no mOS was there."""
        for name in ("sample.pcap", "short-big-endian.pcap", "no-packets.pcap"):
            with self.subTest(name):
                capture = Capture(CAPTURES / name)
                agree(self, capture.lines, record(capture.path))
                agree_without_buffers(self, capture)

    def test_stories(self):
        path = temp_dir() / "stories.pcap"
        ports = tcp_stories.write(path)
        capture = Capture(path)
        got = record(path)
        for port, story in ports.items():
            with self.subTest(story):
                agree(self, of_client(capture.lines, port), of_client(got, port))
        agree(self, capture.lines, got)
        agree_without_buffers(self, capture)


def of_client(lines, port):
    return [line for line in lines if f":{port}>" in line.flow]


class Rules(unittest.TestCase):
    def test_are_listed_in_the_readme(self):
        """Each once, by name, in the same order."""
        text = (ROOT / "api" / "README.md").read_text()
        _, _, section = text.partition("## Differences from mOS\n")
        section, _, _ = section.partition("\n## ")
        listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        self.assertEqual(listed, [rule.name for rule in differences.RULES])

    def test_have_reasons(self):
        for rule in differences.RULES:
            self.assertTrue(rule.reason and rule.contract, rule.name)


_SYN = "54,40,0,0,1000,0,8192,S,2b6f42c8"


class Comparison(unittest.TestCase):
    """Of made-up lines: it does find what differs."""

    def test_a_line_is_read_and_written(self):
        text = (f"NEW_DATA\tNULL\tSVR\t1.2.3.4:5>6.7.8.9:10\tSYN_SENT/!0\tP:!EACCES\tO:{_SYN}\t"
                "B:0,1001,1011,1021,1031\tD:10,ccbb86b2\tG:3")
        line = Line.parse(text, relative=False)
        self.assertEqual((line.client, line.server), ("SYN_SENT", "CLOSED"))
        self.assertEqual(line.own.error, "EACCES")
        self.assertEqual(line.others.window, 8192)
        self.assertEqual((line.buffer.read, line.buffer.expected, line.buffer.received),
                         (10, 20, 30))
        self.assertEqual((line.buffer.peeked, line.buffer.missing), (10, 3))

    def test_numbers_of_mos_are_offsets(self):
        text = (f"NEW_DATA\tNULL\tSVR\ta>b\tA/B\tP:{_SYN}\tO:=\t"
                "B:0,1001,1448,2896,2896\tD:nothing-new")
        buffer = Line.parse(text, relative=True).buffer
        self.assertEqual((buffer.read, buffer.expected, buffer.peeked), (1448, 2896, 0))

    def test_every_column_counts(self):
        columns = ["PKT_IN", "SND", "CLI", "a>b", "SYN_SENT/CLOSED", f"P:{_SYN}", "O:!ENODATA"]
        line = Line.parse("\t".join(columns), relative=False)
        for at, value in ((0, "REXMIT"), (1, "RCV"), (2, "SVR"), (3, "a>c"), (4, "CLOSED/CLOSED"),
                          (5, "P:!EACCES"), (5, f"P:{_SYN[:-1]}9"), (6, f"O:{_SYN}")):
            changed = columns[:at] + [value] + columns[at + 1:]
            with self.subTest(value):
                self.assertNotEqual("", difference(
                    [line], [Line.parse("\t".join(changed), relative=False)]))

    def test_lines_more_and_fewer_count(self):
        line = Line("PKT_IN", "SND", "CLI", "a>b")
        self.assertEqual("", difference([line], [line]))
        self.assertNotEqual("", difference([line], [line, line]))
        self.assertNotEqual("", difference([line], []))

    def test_a_line_of_no_segment_is_refused(self):
        with self.assertRaises(trace_alignment.Misaligned):
            trace_alignment.align([Line("PKT_IN", "SND", "CLI", "a>b")], [])
