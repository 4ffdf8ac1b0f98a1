"""Faults that are provoked in a real mosd, scraped by a real Prometheus with the rules
of deploy/prometheus, fire the right alerts. Thresholds are those of operation; windows
and waiting are short (prometheus.hurried)."""

import os
import signal
import socket
import subprocess
import time
import unittest

import grpc

from e2e import stubs, synthetic
from e2e.authority import Authority
from e2e.daemon import KEEP_ALL, Daemon
from e2e.environment import BUILD, PATIENCE, ROOT, SAMPLE, needs_program, needs_root, temp_dir
from e2e.prometheus import RULES, Prometheus, hurried, listening_ports
from e2e.test_live import _scenarios
from netlab import pair
from netlab.namespace import Lab

# New connections come for longer than all tests may take, some every second.
_SECONDS, _PER_SECOND = 110, 25

_SLOW_PROGRAM = """
#include <unistd.h>
#include "mos_api.h"

static void on_start(mctx_t mctx, int sock, int side, event_t event, filter_arg_t* arg) {
  (void)mctx, (void)sock, (void)side, (void)event, (void)arg;
  sleep(7);
}

int main(int argc, char** argv) {
  if (argc != 2 || mtcp_init(argv[1]) != 0) return 1;
  mctx_t mctx = mtcp_create_context(0);
  int sock = mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
  if (mtcp_register_callback(mctx, sock, MOS_ON_CONN_START, MOS_HK_SND, on_start) != 0) return 1;
  mtcp_app_join(mctx);
  return 0;
}
"""


class _Alerts(unittest.TestCase):
    """What a test of alerts has: `prometheus`."""

    def expect(self, alerts, meanwhile=lambda: None, **labels):
        """Waits until all of {(name, severity)} fire for what has the labels."""
        def firing():
            meanwhile()
            return alerts <= self.prometheus.firing(**labels)
        self.prometheus.wait_for(firing, f"not all of {sorted(alerts)} fire for {labels}")
        for alert in self.prometheus.alerts():
            if labels.items() <= alert["labels"].items():
                for text in alert["annotations"].values():
                    self.assertNotRegex(text, r"no value|error|{{|NaN")


def _crowd(folder, first, later):
    """A mosd that reads `first`, frames of one moment, at once, and then `later`, as
    time goes by."""
    for name, frames in (("first", first), ("later", later)):
        synthetic.write(folder / name, frames)
    config = folder / "mosd.yaml"
    config.write_text("dataplane:\n  ports:\n"
                      f"  - {{device: 'pcap:{folder}/first'}}\n"
                      f"  - {{device: 'pcap:{folder}/later', pace: timestamps}}\n")
    return config


def _at_once(*frames):
    return [(0, frame) for frame in frames]


def _in_time(start, frames_of):
    """(seconds, frame)s: those of one number after the other."""
    return [(start + number / _PER_SECOND, frame)
            for number in range(_SECONDS * _PER_SECOND) for frame in frames_of(number)]


@needs_program("prometheus")
class Crowded(_Alerts):
    """Appliances, each with too much of something."""

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(temp_dir())
        cls.daemons = {
            # Established flows that nobody has heard of for a minute and more, whose
            # last frames take all there is; and new ones like them.
            "crowd": cls.start(
                _at_once(*(frame for number in range(3000)
                           for frame in synthetic.connection(number, b"x" * 600))),
                _in_time(100, lambda n: synthetic.connection(10_000 + n, b"x" * 600)),
                max_flows=3000, last_frame__memory=1 << 20),
            # Established flows that spoke just now, and others that find no room.
            "full": cls.start(
                _at_once(*(frame for number in range(64)
                           for frame in synthetic.connection(number))),
                # Of which a minute is over when the tests are.
                _in_time(-50, lambda n: [synthetic.syn(10_000 + n), synthetic.malformed(n)]),
                max_flows=64),
            "flood": cls.start(
                _at_once(synthetic.syn(0)),
                _in_time(1, lambda n: [synthetic.syn(10_000 + n)]),
                *cls.authority.settings_of_a_server(days=2), max_flows=64),
        }
        cls.prometheus = Prometheus(
            hurried(RULES.read_text()),
            {name: daemon.address("HTTP") for name, daemon in cls.daemons.items()})
        cls.addClassCleanup(cls.prometheus.stop)

    @classmethod
    def start(cls, first, later, *arguments, **settings):
        words = [word for key, value in settings.items()
                 for word in ("--set", f"dataplane.{key.replace('__', '.')}={value}")]
        daemon = Daemon("--config", _crowd(temp_dir(), first, later), *KEEP_ALL, *words,
                        *arguments, "--set", "grpc.max_watches=1", metrics=True)
        cls.addClassCleanup(daemon.stop)
        daemon.wait_until_ready()
        return daemon

    def test_established_flows_are_evicted(self):
        self.expect({("MosdFlowTableNearlyFull", "warning"),
                     ("MosdEstablishedFlowsEvicted", "warning")}, instance="crowd", worker="0")
        self.assertNotIn(("MosdFlowsEvicted", "warning"),
                         self.prometheus.firing(instance="crowd"))

    def test_last_frames_take_all_memory(self):
        self.expect({("MosdLastFrameMemoryNearCap", "warning"),
                     ("MosdLastFramesIncomplete", "warning")}, instance="crowd")

    def test_new_flows_find_no_room(self):
        self.expect({("MosdFlowTableFull", "critical")}, instance="full",
                    reason="flow_table_full")
        self.assertNotIn(("MosdEstablishedFlowsEvicted", "warning"),
                         self.prometheus.firing(instance="full"))

    def test_broken_frames(self):
        self.expect({("MosdFramesMalformed", "warning")}, instance="full",
                    reason="tcp_malformed")

    def test_a_flood_of_syns(self):
        self.expect({("MosdFlowTableNearlyFull", "warning"), ("MosdFlowsEvicted", "warning")},
                    instance="flood", worker="0")
        self.assertNotIn(("MosdEstablishedFlowsEvicted", "warning"),
                         self.prometheus.firing(instance="flood"))

    def test_a_certificate_of_two_days(self):
        self.expect({("MosdCertificateExpiring", "warning"),
                     ("MosdCertificateExpiring", "critical")},
                    instance="flood", certificate="server")
        self.assertEqual(self.prometheus.firing(instance="flood", certificate="client_ca"), set())

    def test_a_new_certificate_without_its_key(self):
        last = 0

        def another_mistake():  # and not while the one before is looked at
            nonlocal last
            if time.monotonic() > last + 2.5:
                last = time.monotonic()
                self.authority.key_of("server").write_text(f"lost {last}")

        self.expect({("MosdCertificateReloadFailing", "warning")}, another_mistake,
                    instance="flood")

    def test_more_watchers_than_are_allowed(self):
        flows = self.daemons["flood"].flows
        first = flows.WatchFlows(stubs.flows.WatchFlowsRequest(include_existing=True))
        self.addCleanup(first.cancel)
        next(first)

        def another():
            with self.assertRaises(grpc.RpcError):
                next(flows.WatchFlows(stubs.flows.WatchFlowsRequest(), timeout=PATIENCE))

        self.expect({("MosdCallsFailing", "warning")}, another, instance="flood",
                    method="WatchFlows")


@needs_program("prometheus")
class Absent(_Alerts):
    def test_no_target_at_all(self):
        self.prometheus = Prometheus(hurried(RULES.read_text()))
        self.addCleanup(self.prometheus.stop)
        self.expect({("MosdAbsent", "critical")}, job="mosd")
        self.assertEqual(len(self.prometheus.firing()), 1)


@needs_program("prometheus")
@needs_program("gcc")
class SlowProgram(_Alerts):
    """A callback that sleeps stands for one that blocks: once a connection, and with
    bursts of one frame once a turn at most."""

    def start(self):
        folder = temp_dir()
        (folder / "slow.c").write_text(_SLOW_PROGRAM)
        subprocess.run(("gcc", "-std=gnu99", "-I", ROOT / "api" / "include", folder / "slow.c",
                        BUILD / "libmos.so", f"-Wl,-rpath,{BUILD}", "-o", folder / "slow"),
                       check=True)
        (folder / "appliance.yaml").write_text("dataplane: {burst: 1}\ngrpc: {listen: []}\n"
                                               "metrics: {listen: ['127.0.0.1:0']}\n")
        (folder / "mos.conf").write_text("mos {\n  appliance = appliance.yaml\n  netdev {\n"
                                         f"    pcap:{SAMPLE} 0x1\n  }}\n}}\n")
        process = subprocess.Popen((folder / "slow", folder / "mos.conf"),
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE
        while not (ports := listening_ports(process.pid)):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline, "it serves no metrics")
            time.sleep(0.1)
        return f"127.0.0.1:{ports[0]}"

    def test_holds_up_its_worker(self):
        self.prometheus = Prometheus(hurried(RULES.read_text()), {"slow": self.start()})
        self.addCleanup(self.prometheus.stop)
        self.expect({("MosdWorkerStalled", "warning"), ("MosdWorkerStalled", "critical")},
                    instance="slow", worker="0")
        self.expect({("MosdWorkerSlowTurns", "warning")}, instance="slow", worker="0")


@needs_root()
@needs_program("prometheus")
class OnLiveTraffic(_Alerts):
    """The kernel's TCP between two namespaces; then one thing after the other fails."""

    def test_frames_are_missed_then_none_come_then_the_link_then_mosd_goes(self):
        lab = Lab("mosd-alerts")
        self.addCleanup(lab.__exit__)
        hosts = pair.make(lab)
        relay = hosts.relay()
        daemon = Daemon("--port", "af_packet:from-client,framecnt=64", *KEEP_ALL, metrics=True,
                        prefix=hosts.middle.prefix())
        self.addCleanup(daemon.stop)
        daemon.wait_until_ready()
        self.prometheus = Prometheus(hurried(RULES.read_text()), {"live": daemon.address("HTTP")},
                                     hosts.middle)
        self.addCleanup(self.prometheus.stop)
        with relay:
            for connection in _scenarios(hosts):
                connection.close()
            received = 'sum(mosd_worker_accounted_frames_total{instance="live"}) > 100'
            self.prometheus.wait_for(lambda: self.prometheus.query(received), "no TCP seen")
            self.assertEqual(self.prometheus.firing(instance="live"), set())

        sender = hosts.client.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.addCleanup(sender.close)
        sender.bind(("eth0", 0))

        def overrun():
            """More frames than the ring holds, while nobody empties it."""
            os.kill(daemon.pid, signal.SIGSTOP)
            for number in range(500):
                sender.send(synthetic.syn(number))
            os.kill(daemon.pid, signal.SIGCONT)

        self.expect({("MosdFramesMissed", "warning"), ("MosdFramesMissed", "critical")}, overrun,
                    instance="live")
        self.expect({("MosdPortSilent", "warning")}, instance="live")
        hosts.client.ip("link", "set", "eth0", "down")
        self.expect({("MosdPortDown", "critical")}, instance="live")
        daemon.stop()
        self.expect({("MosdDown", "critical")}, instance="live")
