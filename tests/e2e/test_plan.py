"""mosd --plan: what it says of memory is what mosd then takes."""

import os
import pathlib
import re
import unittest

from e2e.daemon import Daemon, run
from e2e.environment import needs_root, temp_dir
from e2e.synthetic import many_flows

_OK, _CONFIGURATION, _RESOURCES = 0, 3, 5
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_MIB = 2**20


def plan(*arguments, **options):
    return run("--plan", *arguments, **options)


def size(text, name):
    """Bytes of a line of the plan."""
    found = re.search(rf"^ +{name} +([\d.]+) (\w+)", text, re.M)
    return float(found[1]) * _UNITS[found[2]]


def settings(**values):
    return [word for key, value in values.items()
            for word in ("--set", f"dataplane.{key.replace('__', '.')}={value}")]


def status(daemon, field):
    """Of proc(5), in bytes."""
    text = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M)[1]) * 1024


class Truth(unittest.TestCase):
    """A table that is filled. A flow times out after 30 of the 64 seconds, so that
    when the capture is over there are nearly as many live flows as may be, and all
    the ended ones."""

    def fill(self, flows, **values):
        """The counters of a full mosd, which takes what its plan says."""
        shape = settings(max_flows=flows // 2, ended_flows__max_count=flows // 2,
                         memory__packet_buffers=4096, timeouts__half_open="30s", **values)
        capture = temp_dir() / "syns.pcap"
        many_flows(capture, flows, seconds=64)
        shape += ["--pcap", str(capture)]
        planned = plan(*shape)
        self.assertEqual(planned.returncode, _OK, planned.stdout)
        with Daemon(*shape) as daemon:
            self.assertGreaterEqual(status(daemon, "VmSize"), size(planned.stdout, "address space"))
            daemon.wait_for_input()
            stats = daemon.stats()
            resident = status(daemon, "VmRSS")
        kept = sum(state.flows for state in stats.flows_by_state)
        self.assertGreaterEqual(kept, 0.95 * flows)
        full = size(planned.stdout, "full")
        figures = f"plan {full / _MIB:.1f} MiB, resident {resident / _MIB:.1f} MiB"
        self.assertLessEqual(resident, full, figures)
        self.assertGreaterEqual(resident, 0.7 * full, figures)
        return stats

    def test_full_of_flows_and_frames(self):
        # A SYN's buffer has 96 bytes: 19 MiB are full with 200,000 of them.
        stats = self.fill(200_000, last_frame__memory="19MiB")
        self.assertGreaterEqual(stats.last_frame_bytes, 0.9 * stats.last_frame_capacity_bytes)

    def test_without_last_frames(self):
        self.fill(200_000, last_frame__enabled="false")

    def test_with_several_workers(self):
        self.fill(200_000, last_frame__memory="19MiB", workers=3)


class Answers(unittest.TestCase):
    def test_no_port_is_needed_and_none_is_touched(self):
        done = plan()
        self.assertIn(done.returncode, (_OK, _RESOURCES), done.stderr)
        self.assertEqual(done.stderr, "")
        for name in ("flow records", "flow index", "IPv6 key tails", "last frames",
                     "packet buffers", "watch queues", "gRPC buffers", "program", "full"):
            self.assertGreater(size(done.stdout, name), 0, name)
        self.assertRegex(done.stdout, r"MOSD_HUGEPAGES=\d+|enough are free|not used")
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        for device in ("pcap:/nonexistent.pcap", "af_packet:nope0", "0000:ff:1f.7"):
            self.assertIn(plan("--port", device).returncode, (_OK, _RESOURCES), device)

    def test_every_way_of_configuring_counts(self):
        file = temp_dir() / "mosd.yaml"
        file.write_text("dataplane:\n  max_flows: 5000\n")
        cases = (((("--set", "dataplane.max_flows=7000"), {}), "7,256 x"),
                 ((("--config", file), {}), "5,256 x"),
                 (((), {"MOSD_DATAPLANE_MAX_FLOWS": "6000"}), "6,256 x"))
        for (arguments, environment), words in cases:
            with self.subTest(words):
                done = plan(*arguments, "--set", "dataplane.ended_flows.max_count=0",
                            env={**os.environ, **environment})
                self.assertEqual(done.returncode, _OK, done.stderr)
                self.assertIn(words, done.stdout)

    def test_what_does_not_fit(self):
        done = plan("--set", "dataplane.last_frame.memory=1TiB")
        self.assertEqual(done.returncode, _RESOURCES, done.stdout)
        self.assertRegex(done.stdout, r"(?s)It does not fit: .*lower:.*dataplane.last_frame.memory")

    def test_errors_are_those_of_a_start(self):
        done = plan("--set", "dataplane.max_flows=1")
        self.assertEqual(done.returncode, _CONFIGURATION)
        self.assertIn("dataplane.max_flows", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_help_teaches_it(self):
        text = run("--help").stdout
        self.assertIn("mosd --plan --set dataplane.max_flows=", text)
        self.assertRegex(text, r"(?s)\n  5  [^0-9]*--plan")

    @needs_root()
    def test_a_container_s_limit(self):
        """In a control group of version 1 or 2, where one may be made."""
        for top, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                          ("/sys/fs/cgroup", "memory.max")):
            group = pathlib.Path(top) / f"mosd-plan-{os.getpid()}"
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(group.rmdir)
            if not (group / file).exists():
                continue
            (group / file).write_text(str(512 * _MIB))
            done = plan(prefix=("sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"))
            self.assertEqual(done.returncode, _RESOURCES, done.stdout)
            self.assertIn("512.0 MiB allowed by the control group", done.stdout)
            return
        self.skipTest("no control group of memory can be made here")
