"""Whatever is wrong with what mosd is given: it says what and what to do, and
exits with a documented code."""

import os
import pathlib
import shutil
import signal
import socket
import time
import unittest

from e2e.daemon import KEEP_ALL, Daemon, counts, run
from e2e.environment import CAPTURES, MOSD, SAMPLE, needs_root, temp_dir

_OK, _FAILURE, _USAGE, _CONFIGURATION, _INPUT, _RESOURCES = range(6)
_SILENT = ("--set", "grpc.listen=", "--set", "metrics.listen=")
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
           "--bounding-set=-all")


class _Case(unittest.TestCase):
    def assert_ends(self, done, code, *patterns):
        self.assertEqual(done.returncode, code, done.stderr)
        for pattern in patterns:
            self.assertRegex(done.stderr, pattern)


class Captures(_Case):
    def read(self, path, **options):
        return run("--pcap", path, "--exit-on-eof", "--summary", *_SILENT, **options)

    def test_refused(self):
        for name, pattern in {
            "empty.pcap": "(?i)empty|truncated|too short",
            "text.pcap": "(?i)not a capture|unknown file format|format",
            "truncated-header.pcap": "(?i)truncated",
            "raw-ip.pcap": "(?i)ethernet",
            "linux-sll.pcap": "(?i)ethernet",
        }.items():
            with self.subTest(name):
                self.assert_ends(self.read(CAPTURES / "bad" / name), _INPUT, name, pattern)

    def test_read_as_far_as_they_go(self):
        for name, packets in {"truncated-packet.pcap": 25, "truncated-record.pcap": 26,
                              "truncated.pcapng": 25, "record-too-long.pcap": 26,
                              "two-link-types.pcapng": None}.items():
            with self.subTest(name):
                done = self.read(CAPTURES / "bad" / name)
                self.assert_ends(done, _INPUT, name)
                if packets is not None:
                    self.assertIn(f'"receivedFrames":"{packets}"', done.stdout)

    def test_no_packets_is_in_order(self):
        done = self.read(CAPTURES / "no-packets.pcap")
        self.assert_ends(done, _OK)
        self.assertIn('"receivedFrames":"0"', done.stdout)

    def test_missing(self):
        self.assert_ends(self.read("/nonexistent/x.pcap"), _INPUT, "/nonexistent/x.pcap",
                         "(?i)no such file")

    def test_a_folder(self):
        self.assert_ends(self.read(temp_dir()), _INPUT, "(?i)directory")

    def test_one_bad_among_good(self):
        self.assert_ends(run("--pcap", SAMPLE, "--pcap", "/nonexistent/x.pcap", *_SILENT),
                         _INPUT, "/nonexistent/x.pcap")


@needs_root()
class Permissions(_Case):
    """mosd as a user without any rights."""

    @classmethod
    def setUpClass(cls):
        # The build folder may be out of this user's reach.
        cls.folder = temp_dir()
        os.chmod(cls.folder, 0o777)
        cls.mosd = shutil.copy(MOSD, cls.folder)
        cls.capture = shutil.copy(SAMPLE, cls.folder)
        os.chmod(cls.capture, 0o644)

    def run_as_nobody(self, *arguments):
        return run(*arguments, *_SILENT, prefix=_NOBODY, program=self.mosd)

    def test_a_capture_needs_none(self):
        self.assert_ends(self.run_as_nobody("--pcap", self.capture, "--exit-on-eof"), _OK)

    def test_an_unreadable_capture(self):
        secret = pathlib.Path(shutil.copy(SAMPLE, self.folder / "secret.pcap"))
        secret.chmod(0o600)
        self.assert_ends(self.run_as_nobody("--pcap", secret, "--exit-on-eof"), _INPUT,
                         "secret.pcap", "(?i)permission denied")

    def test_an_interface(self):
        for device in ("af_packet:lo", "af_xdp:lo", "tap:mosd0"):
            with self.subTest(device):
                self.assert_ends(self.run_as_nobody("--port", device), _INPUT,
                                 device.split(":")[0], "CAP_NET_RAW|CAP_NET_ADMIN|root")

    def test_a_socket_where_it_may_not_be(self):
        done = run("--pcap", self.capture, "--grpc-listen", "unix:/run/mosd-e2e.sock",
                   prefix=_NOBODY, program=self.mosd)
        self.assertNotEqual(done.returncode, _OK)
        self.assertRegex(done.stderr, "/run/mosd-e2e.sock.*(?i:permission denied)")


class Devices(_Case):
    def test_unknown_interfaces(self):
        for device in ("af_packet:nope0", "af_xdp:nope0"):
            with self.subTest(device):
                self.assert_ends(run("--port", device, *_SILENT), _INPUT, "nope0")
        self.assert_ends(run("--interface", "nope0", *_SILENT), _INPUT, "nope0")

    def test_unknown_kinds(self):
        for device in ("pigeon:eth0", "0000:ff:1f.7", "dpdk9", "af_packet:", "pcap:", ""):
            with self.subTest(device):
                done = run("--port", device, *_SILENT)
                self.assertIn(done.returncode, (_CONFIGURATION, _INPUT), done.stderr)
                self.assertNotEqual(done.stderr.strip(), "")


class Memory(_Case):
    @unittest.skipIf("HugePages_Free:        0" not in pathlib.Path("/proc/meminfo").read_text(),
                     "this machine has free huge pages")
    def test_hugepages_that_are_not_there(self):
        self.assert_ends(run("--pcap", SAMPLE, "--set", "dataplane.memory.hugepages=on", *_SILENT),
                         _RESOURCES, "(?i)hugepages")

    def test_not_enough_of_it(self):
        """Bounded by the kernel, since this machine may have plenty."""
        self.assert_ends(run("--pcap", SAMPLE, *_SILENT, prefix=("prlimit", "--as=1000000000")),
                         _RESOURCES, "(?i)memory")


class Addresses(_Case):
    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            for flag, other in (("--grpc-listen", "metrics.listen="),
                                ("--metrics-listen", "grpc.listen=")):
                with self.subTest(flag):
                    self.assert_ends(run("--pcap", SAMPLE, flag, address, "--set", other),
                                     _RESOURCES, address, "in use")

    def test_two_daemons(self):
        with Daemon("--pcap", SAMPLE) as first:
            self.assert_ends(run("--pcap", SAMPLE, "--set", "metrics.listen=",
                                 "--grpc-listen", first.socket), _RESOURCES,
                             "another mosd serves this socket")
            self.assert_ends(run("--pcap", SAMPLE, "--set", "metrics.listen=",
                                 "--grpc-listen", first.address()), _RESOURCES, "in use")
            first.stats()

    def test_a_stale_socket_is_replaced(self):
        with Daemon("--pcap", SAMPLE) as first:
            first.signal(signal.SIGKILL)
            path = first.socket.removeprefix("unix:")
            time.sleep(0.2)
            self.assertTrue(os.path.exists(path))
            self.assert_ends(run("--pcap", SAMPLE, "--exit-on-eof", "--set", "metrics.listen=",
                                 "--grpc-listen", first.socket), _OK)

    def test_beyond_loopback(self):
        self.assert_ends(run("--pcap", SAMPLE, "--grpc-listen", "0.0.0.0:0"), _CONFIGURATION,
                         "loopback|TLS")


class Configuration(_Case):
    def check(self, text):
        path = temp_dir() / "mosd.yaml"
        path.write_text(text)
        done = run("--config", path, "--check-config")
        # Without --check-config it is the same error.
        self.assertEqual(run("--config", path).returncode, _CONFIGURATION)
        return path, done

    def test_errors_have_file_and_line(self):
        for text, line, pattern in (
            ("dataplane:\n  ports: [\n", 3, ""),
            ("dataplane:\n  wrokers: 2\n", 2, "wrokers"),
            ("dataplane:\n  workers: 65\n", 2, "workers.*64"),
            ("dataplane:\n  workers: many\n", 2, "workers"),
            ("dataplane:\n  timeouts:\n    half_open: 0s\n", 3, "half_open"),
            ("log:\n  level: loud\n", 2, "level"),
            ("grpc:\n  listen: ['0.0.0.0:1']\n", 2, "loopback|TLS"),
            ("- a list\n", 1, ""),
            ("node: a\nnode: b\n", 2, "node"),
        ):
            with self.subTest(text):
                path, done = self.check(text)
                self.assert_ends(done, _CONFIGURATION, f"{path}:{line}:.*({pattern})")

    def test_no_such_file(self):
        self.assert_ends(run("--config", "/nonexistent/mosd.yaml"), _CONFIGURATION,
                         "/nonexistent/mosd.yaml")

    def test_the_effective_configuration_is_valid(self):
        done = run("--pcap", SAMPLE, "--print-config")
        path = temp_dir() / "mosd.yaml"
        path.write_text(done.stdout)
        self.assert_ends(run("--config", path, "--check-config"), _OK)
        self.assertEqual(run("--config", path, "--print-config").stdout, done.stdout)


class CommandLine(_Case):
    def test_usage(self):
        for arguments in ((), ("--no-such-flag",), ("--pcap",), ("stray",)):
            with self.subTest(arguments):
                self.assert_ends(run(*arguments), _USAGE, ".")

    def test_flags_that_do_not_go_together(self):
        for arguments in (("--interface", "lo", "--exit-on-eof"),
                          ("--pcap", SAMPLE, "--loop", "--exit-on-eof"),
                          ("--interface", "lo", "--loop")):
            with self.subTest(arguments):
                self.assert_ends(run(*arguments, *_SILENT), _CONFIGURATION, "--")

    def test_help_documents_exit_codes(self):
        text = run("--help").stdout
        for code in range(6):
            self.assertRegex(text, rf"\n  {code}  \S")


class Signals(_Case):
    def test_in_the_middle_of_everything(self):
        """A capture that loops, while clients ask."""
        for delay in (0.0, 0.05, 0.3):
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest((delay, number)):
                    with Daemon("--pcap", SAMPLE, "--loop", *KEEP_ALL) as daemon:
                        daemon.list_flows()
                        time.sleep(delay)
                        daemon.signal(number)
                        started = time.monotonic()
                    self.assertEqual(daemon.exit_code, _OK, daemon.text)
                    self.assertLess(time.monotonic() - started, 10)
                    received, accounted, dropped = counts(daemon.summary)
                    self.assertEqual(received, accounted + dropped)

    def test_while_it_starts(self):
        for delay in (0.0, 0.01, 0.03, 0.1, 0.2):
            with self.subTest(delay):
                daemon = Daemon("--pcap", SAMPLE, "--loop")
                time.sleep(delay)
                daemon.stop()
                self.assertIn(daemon.exit_code, (_OK, -signal.SIGTERM), daemon.text)
