"""The project's own captures: the stories of tests/captures/README.md, and the
same bytes as tshark sees, whatever the format and the number of workers."""

import unittest

from e2e import capture_file, comparison, stubs, tshark_reading
from e2e.daemon import KEEP_ALL, Daemon, counts
from e2e.environment import CAPTURES, SAMPLE, needs_program
from e2e.sample_stories import STORIES

_CLIENT, _SERVER = stubs.flow.SIDE_CLIENT, stubs.flow.SIDE_SERVER


class Stories(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--pcap", SAMPLE, *KEEP_ALL)
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        cls.daemon.wait_for_input()
        cls.flows = {}
        listed = cls.daemon.list_flows()
        for flow in sorted(listed, key=lambda f: f.start_time.ToNanoseconds()):
            cls.flows.setdefault(flow.tuple.server.port, []).append(flow)
        cls.last = cls.daemon.last_packets([flow.flow_id for flow in listed])

    def one(self, port):
        self.assertEqual(len(self.flows[port]), 1)
        return self.flows[port][0]

    def frame(self, port, side):
        return self.last[self.one(port).flow_id, side].frame

    def test_ends(self):
        self.assertEqual(self.flows.keys(), STORIES.keys())
        for port, story in STORIES.items():
            with self.subTest(port):
                self.assertEqual([(f.end_reason, f.state) for f in self.flows[port]], story)

    def test_clients(self):
        for port, flows in self.flows.items():
            for flow in flows:
                self.assertEqual(flow.tuple.client.port, 40000 + port)

    def test_only_one_is_midstream(self):
        self.assertEqual([p for p, flows in self.flows.items() if flows[0].midstream], [8017])

    def test_a_vanished_client(self):
        flow = self.one(8012)
        self.assertEqual(flow.last_speaker, _SERVER)
        self.assertGreaterEqual(flow.server_side.retransmitted_frames, 3)
        self.assertIn(b"is anybody there", self.frame(8012, _SERVER))
        self.assertLess(flow.client_side.last_time.ToNanoseconds(),
                        flow.server_side.last_time.ToNanoseconds())

    def test_an_unanswered_syn(self):
        flow = self.one(8013)
        self.assertEqual(flow.server_side.frames, 0)
        self.assertFalse(flow.server_side.has_last_pkt)
        self.assertEqual(flow.client_side.retransmitted_frames, flow.client_side.frames - 1)

    def test_loss_and_order(self):
        lost_after = self.one(8004).server_side
        self.assertEqual(lost_after.payload_bytes, self.one(8005).server_side.payload_bytes
                         + 2 * 1428, "two segments of 1,428 bytes were seen twice")
        self.assertGreaterEqual(lost_after.retransmitted_frames, 2)
        self.assertGreaterEqual(self.one(8003).server_side.frames, 28)

    def test_stream_offsets(self):
        """Of the last data, as the payload of the whole stream says."""
        last = self.last[self.one(8012).flow_id, _SERVER]
        self.assertEqual(last.offset, self.one(8023).server_side.payload_bytes)
        last = self.last[self.one(8023).flow_id, _CLIENT]
        self.assertEqual(last.offset, self.one(8023).client_side.payload_bytes)

    def test_vlan_tags_stay_in_the_frame(self):
        self.assertEqual(self.frame(8018, _CLIENT)[12:16].hex(), "81000064")
        self.assertEqual(self.frame(8019, _SERVER)[12:16].hex(), "81006064")
        self.assertEqual(self.frame(8020, _SERVER)[12:20].hex(), "88a800c881000064")
        last = self.last[self.one(8020).flow_id, _SERVER]
        self.assertEqual((last.ip_offset, last.tcp_offset), (22, 42))

    def test_what_is_not_tcp_is_counted(self):
        stats = self.daemon.stats()
        drops = {d.reason: d.frames for d in stats.drops if d.frames}
        self.assertEqual(drops.get(stubs.appliance.DROP_REASON_UDP), 1)
        self.assertEqual(set(drops), {stubs.appliance.DROP_REASON_UDP,
                                      stubs.appliance.DROP_REASON_ICMP})
        self.assertEqual(stats.received_frames, stats.accounted_frames + stats.dropped_frames)


@needs_program("tshark")
class Agreement(unittest.TestCase):
    def check(self, path, *arguments):
        capture = capture_file.read(path)
        segments = tshark_reading.read(path, capture.packets)
        with Daemon("--pcap", path, *KEEP_ALL, *arguments, grpc_listen=()) as daemon:
            daemon.wait_for_input()
            flows = daemon.list_flows()
            last = daemon.last_packets([flow.flow_id for flow in flows])
        accounted = comparison.compare(capture.packets, segments, flows, last)
        self.assertEqual(daemon.exit_code, 0, daemon.text)
        self.assertEqual(counts(daemon.summary), (len(capture.packets), accounted,
                                                  len(capture.packets) - accounted))

    def test_every_format(self):
        for path in sorted(CAPTURES.glob("*.pcap*")):
            with self.subTest(path.name):
                self.check(path)

    def test_several_workers(self):
        self.check(SAMPLE, "--workers", "3")

    def test_paced_by_timestamps(self):
        self.check(CAPTURES / "short.pcapng", "--pace", "timestamps")


class Nanoseconds(unittest.TestCase):
    def test_are_kept(self):
        for name in ("short.pcapng", "short-nanoseconds.pcap"):
            with self.subTest(name), Daemon("--pcap", CAPTURES / name, *KEEP_ALL) as daemon:
                daemon.wait_for_input()
                times = [f.start_time.nanos % 1000 for f in daemon.list_flows()]
                self.assertTrue(any(times), f"{times}: all are whole microseconds")
