"""The programs of api/samples, each run with the configuration that ships with
them, against what tshark makes of the same capture."""

import collections
import os
import re
import signal
import subprocess
import unittest

from e2e import capture_file, http_capture, tshark_reading
from e2e.environment import BUILD, PATIENCE, ROOT, SAMPLE, needs_program, temp_dir
from e2e.tshark_reading import ACK, FIN, RST, SYN

_CONFIG = ROOT / "api" / "samples" / "mos.conf"
_LINE = re.compile(r"([\d.]+:\d+ > [\d.]+:\d+) (.*)")


def _start(program, capture=SAMPLE, config=_CONFIG, **environment):
    return subprocess.Popen(
        (BUILD / "api" / f"{program}_sample", config), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"MOSD_PORTS": f"pcap:{capture}"} | environment)


def _run(program, *arguments, **more):
    with _start(program, *arguments, **more) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


def _by_flow(out):
    """The texts after each flow's name, in order."""
    said = collections.defaultdict(list)
    for line in out.splitlines():
        name, text = _LINE.fullmatch(line).groups()
        said[name].append(text)
    return dict(said)


class _Flow:
    """A connection of IPv4 as tshark sees it, from its SYN on."""

    def __init__(self, first):
        self.ends = (first.source, first.destination)
        self.segments = []

    @property
    def name(self):
        return " > ".join(":".join(end) for end in self.ends)

    def side(self, segment):
        return self.ends.index(segment.source)

    def of(self, side):
        return [segment for segment in self.segments if self.side(segment) == side]

    def first_fin(self):
        """The side that closed first, or None."""
        return next((self.side(s) for s in self.segments if s.flags & FIN), None)

    def reset(self):
        return any(s.flags & RST for s in self.segments)


def _flows(path):
    """Those that begin with a SYN: a program sees no others."""
    streams = {}
    for segment in tshark_reading.read(path, capture_file.read(path).packets):
        if not segment.row["ip.src"]:
            continue
        if segment.stream not in streams:
            begins = segment.flags & (SYN | ACK | RST) == SYN
            streams[segment.stream] = _Flow(segment) if begins else None
        if streams[segment.stream] is not None:
            streams[segment.stream].segments.append(segment)
    return [flow for flow in streams.values() if flow is not None]


_NAMES = ("client", "server")


def _flags(segment):
    letters = ((SYN, "S"), (FIN, "F"), (RST, "R"), (0x08, "P"), (ACK, "A"), (0x20, "U"))
    return "".join(letter for bit, letter in letters if segment.flags & bit)


def _last_packet(flow):
    """What last_packet shall print of a flow."""
    lines = [f"{flow.name} {_NAMES[flow.side(flow.segments[-1])]} spoke last"]
    for side, name in enumerate(_NAMES):
        if not flow.of(side):
            lines.append(f"  {name} was never heard")
            continue
        last = flow.of(side)[-1]
        millis = last.time_ns // 10**6 % 2**32
        lines.append(f"  {name} {_flags(last)} seq {last.number('tcp.seq_raw')} "
                     f"ack {last.number('tcp.ack_raw')} at {millis // 1000}.{millis % 1000:03}, "
                     f"{last.number('frame.len')} bytes, {last.number('tcp.len')} of payload")
    return "\n".join(lines)


def _repeated(flow, side):
    """Packets, and bytes in them, whose payload begins with a byte that the
    capture has already: what fills a hole is none."""
    seen, packets, payload = set(), 0, 0
    for segment in flow.of(side):
        length, first = segment.number("tcp.len"), segment.number("tcp.seq_raw")
        if length and first in seen:
            packets, payload = packets + 1, payload + length
        seen.update((first + i) % 2**32 for i in range(length))
    return f"{_NAMES[side]} {packets} ({payload} bytes)"


@needs_program("tshark")
class OnTheSample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.flows = _flows(SAMPLE)

    def setUp(self):
        self.assertGreaterEqual(len(self.flows), 14)

    def test_flow_monitor_tells_starts_and_ends(self):
        told = _by_flow(_run("flow_monitor"))
        self.assertEqual(
            {name: texts.count("start") for name, texts in told.items()},
            collections.Counter(flow.name for flow in self.flows))
        for name, texts in told.items():
            with self.subTest(name):
                self.assertEqual(texts[:2], ["start", "client SYN_SENT"])
                self.assertEqual(texts[-1], "end")
                self.assertEqual(texts.count("end"), texts.count("start"))

    def test_flow_monitor_tells_states(self):
        told = _by_flow(_run("flow_monitor"))
        names = collections.Counter(flow.name for flow in self.flows)
        for flow in self.flows:
            if names[flow.name] > 1:
                continue
            texts = told[flow.name]
            with self.subTest(flow.name):
                # Before the end, at which all are CLOSED.
                self.assertEqual(sorted(texts[-3:-1]), ["client CLOSED", "server CLOSED"])
                answered = any(s.flags & (SYN | ACK) == SYN | ACK for s in flow.segments)
                both = {"client ESTABLISHED", "server ESTABLISHED"}
                self.assertEqual(both & set(texts), both if answered else set())
                first = flow.first_fin()
                waits = {t for t in texts if t.endswith((" FIN_WAIT_1", " CLOSE_WAIT"))}
                self.assertEqual(waits, set() if first is None else {
                    f"{_NAMES[first]} FIN_WAIT_1", f"{_NAMES[1 - first]} CLOSE_WAIT"})

    def test_last_packet_tells_both(self):
        told = re.split(r"\n(?! )", _run("last_packet").rstrip("\n"))
        self.assertEqual(sorted(told), sorted(map(_last_packet, self.flows)))

    def test_rexmit_counter_counts_what_was_there_before(self):
        told = _run("rexmit_counter").splitlines()
        expected = [f"{flow.name} {_repeated(flow, 0)} {_repeated(flow, 1)}"
                    for flow in self.flows]
        self.assertEqual(sorted(told), sorted(expected))
        self.assertTrue(any(" server 5 (" in line for line in told), told)

    def test_http_log_logs_first_lines(self):
        told = _by_flow(_run("http_log"))
        expected = http_capture.first_lines(SAMPLE, {flow.name for flow in self.flows})
        self.assertEqual({name: sorted(texts) for name, texts in told.items()},
                         {name: sorted(texts) for name, texts in expected.items()})

    @unittest.skipIf((os.cpu_count() or 1) < 2, "one processor")
    def test_two_cores_tell_the_same(self):
        config = temp_dir() / "mos.conf"
        text, changes = re.subn(r"(sample.pcap) 0x1\b", r"\1 0x3", _CONFIG.read_text())
        self.assertEqual(changes, 1)
        config.write_text(text)
        for program in ("rexmit_counter", "flow_monitor", "http_log"):
            with self.subTest(program):
                self.assertEqual(sorted(_run(program, config=config).splitlines()),
                                 sorted(_run(program).splitlines()))


class AsPrograms(unittest.TestCase):
    def test_end_when_interrupted(self):
        for program in ("flow_monitor", "last_packet", "rexmit_counter", "http_log"):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(program, signal=number), \
                        _start(program, MOSD_DATAPLANE_EXIT_ON_EOF="false") as process:
                    try:
                        # The first line is there: packets are being taken.
                        first = process.stdout.readline()
                        process.send_signal(number)
                        out, err = process.communicate(timeout=PATIENCE)
                    finally:
                        process.kill()
                    self.assertRegex(first, _LINE)
                    self.assertEqual(process.returncode, 0, err)
                    # Flows that were alive are told of when they end.
                    if program == "flow_monitor":
                        out = first + out
                        self.assertEqual(out.count(" start\n"), out.count(" end\n"), out)

    def test_say_what_is_wrong(self):
        for program in ("flow_monitor", "last_packet", "rexmit_counter", "http_log"):
            path = BUILD / "api" / f"{program}_sample"
            with self.subTest(program):
                usage = subprocess.run((path,), capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual((usage.returncode, usage.stdout), (2, ""))
                self.assertEqual(usage.stderr, f"usage: {path} CONF\n")
                failed = subprocess.run((path, "/nonexistent.conf"), capture_output=True,
                                        text=True, timeout=PATIENCE)
                self.assertEqual((failed.returncode, failed.stdout), (1, ""))
                self.assertIn("/nonexistent.conf: No such file or directory", failed.stderr)


@needs_program("tshark")
class HttpLog(unittest.TestCase):
    """On captures that are made for it."""

    def setUp(self):
        self.path = temp_dir() / "http.pcap"

    def log(self, *steps):
        http_capture.write(self.path, *steps)
        told = _by_flow(_run("http_log", self.path))
        self.assertLessEqual(told.keys(), {http_capture.NAME})
        texts = told.get(http_capture.NAME, [])
        return [[t.partition(" ")[2] for t in texts if t.startswith(name)] for name in _NAMES]

    def expect_as_tshark(self, *steps):
        told = self.log(*steps)
        lines = http_capture.first_lines(self.path)[http_capture.NAME]
        self.assertEqual(told, [[t.partition(" ")[2] for t in lines if t.startswith(name)]
                                for name in _NAMES])
        return told

    def test_requests_in_pieces(self):
        asked = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
        self.assertEqual(
            self.expect_as_tshark(*[("client", asked[i:i + 3]) for i in range(0, len(asked), 3)],
                                  ("server", b"HTTP/1.1 204 No "), ("server", b"Content\r\n\r\n")),
            [["GET /a HTTP/1.1"], ["HTTP/1.1 204 No Content"]])

    def test_several_in_a_segment(self):
        self.assertEqual(
            self.expect_as_tshark(
                ("client", b"GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
                           b"a\nb=GET /3 HTTP/1.0\r\n\r\n"),
                ("server", b"HTTP/1.1 200 OK\r\ncontent-length:19\r\n\r\nHTTP/1.1 999 Body\r\n"
                           b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n.HTTP/1.0 500 X\r\n\r\n"
                 )),
            [["GET /1 HTTP/1.1", "POST /2 HTTP/1.1", "GET /3 HTTP/1.0"],
             ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.0 500 X"]])

    def test_disorder(self):
        self.assertEqual(
            self.log(("client", b"GET /one HTTP/1.1\r\n\r\n", {"late": True}),
                     ("client", b"GET /two HTTP/1.1\r\n\r\n"),
                     ("client", b"GET /two HTTP/1.1\r\n\r\n", {"again": True}),
                     ("client", b"GET /three HTTP/1.1\r\n\r\n")),
            [["GET /one HTTP/1.1", "GET /two HTTP/1.1", "GET /three HTTP/1.1"], []])

    def test_a_gap_in_a_body(self):
        self.assertEqual(
            self.log(("server", b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"." * 500),
                     ("server", b"." * 1400, {"missing": True}),
                     ("client", b""),
                     ("server", b"." * 1100 + b"HTTP/1.1 201 Created\r\n\r\n")),
            [[], ["HTTP/1.1 200 OK", "HTTP/1.1 201 Created"]])

    def test_a_gap_in_a_line(self):
        self.assertEqual(
            self.log(("client", b"GET /seen HTTP/1.1\r\n\r\nGET /not"),
                     ("client", b"-seen", {"missing": True}),
                     ("server", b""),
                     ("client", b"-at-all HTTP/1.1\r\n\r\nGET /again HTTP/1.1\r\n\r\n")),
            [["GET /seen HTTP/1.1", "GET /again HTTP/1.1"], []])

    def test_no_terminal_is_commanded(self):
        self.assertEqual(self.log(("client", b"GET /\x1b[2J\x9b HTTP/1.1\r\n\r\n")),
                         [["GET /?[2J? HTTP/1.1"], []])

    def test_a_long_line(self):
        told, _ = self.log(("client", b"GET /" + b"a" * 1200), ("client", b" HTTP/1.1\r\n\r\n"
                                                                b"GET /short HTTP/1.1\r\n\r\n"))
        self.assertEqual(told, ["GET /short HTTP/1.1"])
