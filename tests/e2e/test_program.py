"""A program written to mOS as an appliance: in the same process gRPC lists its
flows and serves their last frames, and it watches live traffic on two cores."""

import collections
import os
import re
import signal
import subprocess
import time
import unittest

from e2e.environment import BUILD, MOSCTL, PATIENCE, SAMPLE, needs_root, temp_dir
from e2e.test_live import _scenarios
from netlab import pair
from netlab.namespace import Lab

_LINE = re.compile(r"([\d.]+:\d+ > [\d.]+:\d+) (start|end)")


class Program:
    """flow_monitor, with a gRPC server inside. Writes its lines to a file, so
    that it never waits for a reader."""

    def __init__(self, device, mask, prefix=()):
        folder = temp_dir()
        self.server = f"unix:{folder}/program.sock"
        (folder / "appliance.yaml").write_text(
            f"dataplane: {{exit_on_eof: false}}\ngrpc: {{listen: ['{self.server}']}}\n")
        config = folder / "mos.conf"
        config.write_text("mos {\n  appliance = appliance.yaml\n  netdev {\n"
                          f"    {device} {mask}\n  }}\n}}\n")
        self._lines = folder / "lines"
        with open(self._lines, "wb") as lines:
            self._process = subprocess.Popen(
                (*prefix, BUILD / "api" / "flow_monitor_sample", config), stdout=lines,
                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def lines(self):
        return self._lines.read_text().splitlines()

    def events(self):
        """How often each flow started and ended."""
        told = collections.Counter()
        for line in self.lines():
            if match := _LINE.fullmatch(line):
                told[match.groups()] += 1
        return told

    def wait_for(self, what):
        deadline = time.monotonic() + PATIENCE
        while not what():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self._process.poll()}: {self.lines()}")
            time.sleep(0.05)

    def mosctl(self, *arguments):
        done = subprocess.run((MOSCTL, "--server", self.server, *map(str, arguments)),
                              capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def end(self):
        self._process.send_signal(signal.SIGINT)
        _, errors = self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == 0, errors


class InOneProcess(unittest.TestCase):
    def test_grpc_serves_the_flows_of_the_program(self):
        with Program(f"pcap:{SAMPLE}", "0x1") as program:
            name = "192.0.2.1:48012 > 192.0.2.2:8012"
            program.wait_for(lambda: program.events()[name, "start"])
            # The last to begin, and never to end.
            program.wait_for(lambda: b":48023 " in program.mosctl("flows", "list"))
            listed = (program.mosctl("flows", "list")
                      + program.mosctl("flows", "list", "--ended")).decode()
            for flow, _ in program.events():
                client = flow.split(" > ", maxsplit=1)[0]
                self.assertIn(client, listed)
            frame = program.mosctl("lastpkt", "get", "192.0.2.1:48012-192.0.2.2:8012", "--side",
                                   "client", "-o", "raw")
            self.assertIn(frame, SAMPLE.read_bytes())
            self.assertGreater(len(frame), 53)
            program.end()


@needs_root()
@unittest.skipIf((os.cpu_count() or 1) < 2, "one processor")
class OnLiveTraffic(unittest.TestCase):
    def test_two_contexts_on_real_tcp(self):
        lab = Lab("mosd-program")
        self.addCleanup(lab.__exit__)
        hosts = pair.make(lab)
        relay = hosts.relay()
        with relay, Program("af_packet:from-client", "0x3", hosts.middle.prefix()) as program:
            program.wait_for(lambda: self.is_up(program))
            connections = _scenarios(hosts)
            # Of the connections over IPv4, each started once; those that have
            # ended, too, once.
            expected = {8001, 8003, 8006, 8008, 8010, 8016, 8018, 8023}
            program.wait_for(lambda: expected <= self.ports(program, "start"))
            time.sleep(0.5)
            program.end()
            for connection in connections:
                connection.close()
            self.assertEqual(self.ports(program, "start"), self.ports(program, "end"))
            started = sum(n for (_, what), n in program.events().items() if what == "start")
            ended = sum(n for (_, what), n in program.events().items() if what == "end")
            self.assertEqual(started, ended)

    @staticmethod
    def is_up(program):
        try:
            return b"from-client" in program.mosctl("ports")
        except AssertionError:
            return False

    @staticmethod
    def ports(program, what):
        return {int(flow.rsplit(":", 1)[1]) for flow, event in program.events() if event == what}
