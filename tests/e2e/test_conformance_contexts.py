"""What a program is told does not depend on how many contexts it has, nor on
where the frames come from: the flows of captures, spread over two contexts, and
real TCP, watched by tcpdump at the same place."""

import contextlib
import itertools
import os
import subprocess
import sys
import time
import unittest

from e2e import tcp_stories
from e2e.conformance import TRACES, Capture, Monitor, difference, needs_traces
from e2e.environment import CAPTURES, PATIENCE, needs_root, temp_dir
from netlab import pair
from netlab.namespace import Lab
from netlab.recorder import Recorder

sys.path.insert(0, str(CAPTURES))

from scenarios import SCENARIOS  # noqa: E402
from wire import Wire  # noqa: E402

# net_af_packet forgets the kind of an 802.1ad tag; see dataplane/README.md.
_SEEN_OTHERWISE = {8020}


def by_flow(lines):
    """{flow: its lines in order}; orphans are of no flow, and in no order."""
    found = {}
    for line in lines:
        found.setdefault(line.flow, []).append(line)
    found.get("", []).sort(key=str)
    return found


def agree_by_flow(test, expected, contexts):
    """Each flow's lines, all of them on one context; orphans are on any."""
    told = by_flow(itertools.chain(*contexts))
    wanted = by_flow(expected)
    test.assertEqual(set(told), set(wanted))
    for flow, lines in wanted.items():
        found = difference(lines, told[flow])
        if found:
            test.fail(f"{flow}:\n{found}")
    for one, other in itertools.combinations(contexts, 2):
        test.assertEqual(set(by_flow(one)) & set(by_flow(other)) - {""}, set())


@unittest.skipIf((os.cpu_count() or 1) < 2, "one processor")
class OnCaptures(unittest.TestCase):
    def check(self, path):
        with Monitor(f"pcap:{path}", contexts=2) as monitor:
            told = monitor.lines()
        agree_by_flow(self, Capture(path).lines, told)
        return told

    def test_stories(self):
        """There are enough flows for both contexts to have some."""
        path = temp_dir() / "stories.pcap"
        tcp_stories.write(path)
        self.assertTrue(all(self.check(path)))

    def test_own_captures(self):
        for name in ("sample.pcap", "short-big-endian.pcap", "no-packets.pcap"):
            with self.subTest(name):
                self.check(CAPTURES / name)

    @needs_traces
    def test_captures_that_mos_was_run_over(self):
        for path in sorted(TRACES.glob("*.pcap")):
            with self.subTest(path.name):
                self.check(path)


@needs_root()
@unittest.skipIf((os.cpu_count() or 1) < 2, "one processor")
class OnLiveTraffic(unittest.TestCase):
    """Kernels that lose, reorder, retransmit, reset and close, through
    af_packet, whose queues are spread by the kernel."""

    def setUp(self):
        lab = Lab("mosd-conformance")
        self.addCleanup(lab.__exit__)
        hosts = pair.make(lab)
        self.wire = Wire(lab, hosts, [scenario for scenario in SCENARIOS
                                      if scenario.port not in _SEEN_OTHERWISE])
        self.addCleanup(self.wire.close)
        self.folder = temp_dir()

    def check(self, contexts):
        space, interface = self.wire.near
        http = self.folder / "http.sock"
        appliance = f"dataplane: {{burst: 1}}\nmetrics: {{listen: ['unix:{http}']}}\n"
        path = self.folder / "recorded.pcap"
        with contextlib.ExitStack() as carried:
            carried.enter_context(self.wire.relay)
            self.wire.begin_early()
            with Monitor(f"af_packet:{interface}", contexts, appliance=appliance,
                         prefix=space.prefix()) as monitor:
                _wait_until_ready(http)
                with Recorder(*self.wire.near, path):
                    self.wire.talk()
                    # Who retransmits into the dark does so unseen from here on.
                    carried.close()
                    time.sleep(0.3)
                monitor.interrupt()
                told = monitor.lines()
        expected = Capture(path).lines
        self.assertGreater(len({line.flow for line in expected}), 10)
        for event in ("REXMIT", "NEW_DATA", "ORPHAN", "CONN_END"):
            self.assertIn(event, {line.event for line in expected})
        agree_by_flow(self, expected, told)
        self.assertTrue(all(told))

    def test_one_context(self):
        self.check(1)

    def test_two_contexts(self):
        self.check(2)


def _wait_until_ready(http):
    """Its ports are up. Not by gRPC: what its headers put into the program is
    ordered by libraries that ThreadSanitizer does not see into."""
    deadline = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(("curl", "-fsS", "--unix-socket", http, "http://program/readyz"),
                              capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not ready: {done.stderr}")
        time.sleep(0.05)
