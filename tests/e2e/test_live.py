"""Real TCP between two network namespaces, watched by mosd and by tcpdump at
the same place: what mosd serves is what tcpdump wrote."""

import http.server
import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest

from e2e import capture_file, comparison, tshark_reading
from e2e.daemon import KEEP_ALL, Daemon, counts
from e2e.environment import CAPTURES, PATIENCE, needs_program, needs_root, temp_dir
from netlab import pair
from netlab.namespace import Lab
from netlab.recorder import Recorder
from netlab.relay import Relay, Tag

sys.path.insert(0, str(CAPTURES))

import scenarios  # noqa: E402

_TAGGED_PORT = 8018
_TALKS = {
    8001: scenarios.orderly_client, 8002: scenarios.orderly_server, 8003: scenarios.bulk,
    8006: scenarios.refused, 8008: scenarios.reset_client, 8009: scenarios.reset_server,
    8010: scenarios.half_close, 8011: scenarios.half_closed_open, 8016: scenarios.reused,
    _TAGGED_PORT: scenarios.orderly_client, 8023: scenarios.idle,
}


def _family(port):
    return socket.AF_INET6 if port in (8002, 8009, 8011) else socket.AF_INET


def _scenarios(hosts):
    connections = []
    for port, talk in _TALKS.items():
        connection = scenarios.Connection(hosts.client, hosts.server, _family(port), port)
        connections.append(connection)
        talk(connection)
    return connections


class _Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "30000")
        self.end_headers()
        self.wfile.write(b"an unhurried download " * 1364 + b"the last")

    def log_message(self, *_):
        pass


def _curl(hosts):
    """curl against a Python web server, over IPv4 and IPv6."""
    for family, host in ((socket.AF_INET, "192.0.2.2"), (socket.AF_INET6, "[2001:db8::2]")):
        server = http.server.HTTPServer(("", 0), _Files, bind_and_activate=False)
        server.socket.close()
        server.socket = hosts.server.socket(family, socket.SOCK_STREAM)
        server.socket.bind((pair.SERVER[family], 8080))
        server.socket.listen()
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        hosts.client.run("curl", "-sS", "-o", "/dev/null", "--max-time", "10",
                         f"http://{host}:8080/")
        thread.join()
        server.server_close()


def _iperf3(hosts):
    """Two connections a test: control and data. Slow, for the relay is."""
    server = subprocess.Popen((*hosts.server.prefix(), "iperf3", "-s", "-1", "-p", "5201"),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        hosts.client.run("timeout", "15", "iperf3", "-c", "192.0.2.2", "-p", "5201", "-t", "1",
                         "-b", "8M")
        server.wait(10)
    finally:
        server.kill()
        server.wait()


def _talk(hosts):
    connections = _scenarios(hosts)
    _curl(hosts)
    _iperf3(hosts)
    time.sleep(0.3)
    return connections


@needs_root()
@needs_program("tshark")
@needs_program("iperf3")
class Live(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("mosd-live")
        self.addCleanup(self.lab.__exit__)
        self.hosts = pair.make(self.lab)
        self.folder = temp_dir()

    def mirrored(self):
        """The relay between the hosts, with a copy of all they say, one
        connection in a VLAN, on its way to `mirror`. Recorded where the copy
        is sent: af_xdp takes frames before tcpdump sees them."""
        sender, mirror = (self.hosts.middle, "mirror-out"), (self.hosts.middle, "mirror")
        self.lab.link(*sender, *mirror)
        relay = Relay()
        for source, destination in ((self.hosts.from_client, self.hosts.from_server),
                                    (self.hosts.from_server, self.hosts.from_client)):
            relay.cable(source, destination)
            relay.cable(source, sender, Tag(_TAGGED_PORT, (0x8100, 100)))
        return relay, sender, mirror

    def start(self, device, namespace, *arguments):
        daemon = Daemon("--port", device, *KEEP_ALL, *arguments, prefix=namespace.prefix())
        self.addCleanup(daemon.stop)
        daemon.wait_until_ready()
        return daemon

    def watch(self, daemon, place):
        """Lets the hosts talk, and compares."""
        path = self.folder / "recorded.pcap"
        with Recorder(*place, path):
            connections = _talk(self.hosts)
            time.sleep(0.3)
        packets = capture_file.read(path).packets
        self.settle(daemon, len(packets))
        flows = daemon.list_flows()
        last = daemon.last_packets([flow.flow_id for flow in flows])
        daemon.stop()
        for connection in connections:
            connection.close()
        accounted = comparison.compare(packets, tshark_reading.read(path, packets), flows, last,
                                       same_clock=False)
        self.assertEqual(daemon.exit_code, 0, daemon.text)
        # Not the number received: mosd also saw what the hosts' kernels said
        # to their neighbours before tcpdump ran.
        received, accounted_by_mosd, dropped = counts(daemon.summary)
        self.assertEqual(accounted_by_mosd, accounted)
        self.assertEqual(received, accounted + dropped)
        self.assertEqual(daemon.summary["missedFrames"], "0")
        self.assertGreater(len(flows), len(_TALKS))

    def settle(self, daemon, frames):
        deadline = time.monotonic() + PATIENCE
        while daemon.stats().received_frames < frames and time.monotonic() < deadline:
            time.sleep(0.05)

    def test_af_packet(self):
        relay, sender, (space, interface) = self.mirrored()
        daemon = self.start(f"af_packet:{interface}", space)
        with relay:
            self.watch(daemon, sender)

    def test_several_workers(self):
        """The kernel spreads over the queues; flows stay whole."""
        relay, sender, (space, interface) = self.mirrored()
        daemon = self.start(f"af_packet:{interface}", space, "--workers", "3")
        with relay:
            self.watch(daemon, sender)
        self.assertEqual(daemon.summary["inHandoffFrames"], "0")

    def test_af_xdp(self):
        relay, sender, (space, interface) = self.mirrored()
        daemon = self.start(f"af_xdp:{interface}", space)
        with relay:
            self.watch(daemon, sender)

    def test_both_directions_of_an_own_interface(self):
        """What a host itself sends and receives, as with --interface eth0."""
        relay = self.hosts.relay()
        daemon = self.start("af_packet:eth0", self.hosts.server)
        with relay:
            self.watch(daemon, (self.hosts.server, "eth0"))

    def test_an_interface_that_vanishes(self):
        """mosd says so, and serves what it has seen."""
        self.lab.link(self.hosts.middle, "gone", self.hosts.client, "gone-too")
        daemon = self.start("af_packet:gone", self.hosts.middle)
        self.hosts.middle.ip("link", "delete", "gone")
        time.sleep(1)
        daemon.stats()
        daemon.stop()
        self.assertGreaterEqual(daemon.exit_code, 0, daemon.text)


@needs_root()
class Tap(unittest.TestCase):
    def test_frames_written_to_it(self):
        with Lab("mosd-tap") as lab:
            host = lab.namespace("host")
            host.write_sysctl("net.ipv6.conf.default.disable_ipv6", 1)
            with Daemon("--port", "tap:mosd0", *KEEP_ALL, prefix=host.prefix()) as daemon:
                host.ip("link", "set", "mosd0", "up")
                packets = capture_file.read(pathlib.Path(CAPTURES / "short-big-endian.pcap"))
                with host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
                    sender.bind(("mosd0", 0))
                    for packet in packets.packets:
                        sender.send(packet.data)
                deadline = time.monotonic() + PATIENCE
                while (daemon.stats().accounted_frames < len(packets.packets)
                       and time.monotonic() < deadline):
                    time.sleep(0.05)
                self.assertEqual(len(daemon.list_flows()), 3)
