"""deploy/quickstart.sh does what the README promises, and cleans up."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from e2e import debian
from e2e.environment import (BUILD, CAPTURES, PATIENCE, ROOT, needs_program, needs_root,
                             temp_dir)
from netlab import pair
from netlab.namespace import Lab

_QUICKSTART = ROOT / "deploy" / "quickstart.sh"
_MINUTES = 600


def _assert_shown(test, done):
    test.assertEqual(done.returncode, 0, done.stderr[-3000:])
    # A table of flows, then one frame of each side.
    test.assertRegex(done.stdout, r"192\.0\.2\.1:\d+")
    test.assertEqual(len(re.findall(r"^\s*Ethernet\b", done.stdout, re.MULTILINE)), 2, done.stdout)


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.temp = temp_dir()
        self.env = {**os.environ, "TMPDIR": str(self.temp)}

    def run_it(self, *arguments, prefix=()):
        return subprocess.run((*prefix, _QUICKSTART, "--build", BUILD, *arguments),
                              capture_output=True, text=True, timeout=_MINUTES, env=self.env,
                              stdin=subprocess.DEVNULL)

    def assert_shown(self, done):
        _assert_shown(self, done)

    def test_the_sample(self):
        done = self.run_it()
        self.assert_shown(done)
        self.assertGreaterEqual(len(re.findall(r":8\d\d\d\b", done.stdout)), 24)
        self.assertEqual(os.listdir(self.temp), [])

    def test_keep(self):
        done = self.run_it("--keep")
        pid = int(re.search(r"kill (\d+)", done.stderr).group(1))
        try:
            self.assert_shown(done)
            command = re.search(r"(\S+mosctl --server \S+) stats", done.stderr).group(1)
            stats = subprocess.run((*command.split(), "stats"), capture_output=True, text=True,
                                   timeout=PATIENCE)
            self.assertEqual(stats.returncode, 0, stats.stderr)
        finally:
            os.kill(pid, signal.SIGTERM)

    def test_errors(self):
        for arguments, words in ((("--pcap", "/nonexistent"), "cannot be read"),
                                 (("--interface", "nope0"), "no interface nope0"),
                                 (("--pcap", CAPTURES / "bad" / "text.pcap"), "text.pcap"),
                                 (("--frobnicate",), "unknown option")):
            with self.subTest(arguments):
                done = self.run_it(*arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)
                self.assertEqual(os.listdir(self.temp), [])

    @needs_root()
    def test_an_interface(self):
        with Lab("mosd-quick") as lab:
            hosts = pair.make(lab)
            relay = hosts.relay()
            stop = threading.Event()
            talker = threading.Thread(target=_talk, args=(hosts, stop))
            with relay:
                talker.start()
                try:
                    done = self.run_it("--interface", "eth0", "--duration", "3",
                                       prefix=hosts.server.prefix())
                finally:
                    stop.set()
                    talker.join()
        self.assert_shown(done)
        self.assertEqual(os.listdir(self.temp), [])


# What a started system has; and what is compiled already is not compiled again.
_IN_DEBIAN = """
for name in proc sys dev; do mount --rbind /$name $1/$name; done
mkdir -p $1/root/.cache/ccache $2
mount --bind $2 $1/root/.cache/ccache
exec chroot $1 /root/mosd/deploy/quickstart.sh
"""


@needs_root()
@needs_program("mmdebstrap")
class InAFreshDebian(unittest.TestCase):
    def test_of_a_new_user(self):
        root = temp_dir() / "root"
        debian.unpack(root)
        subprocess.run(("git", "clone", "--quiet", ROOT, root / "root" / "mosd"), check=True)
        cache = os.environ.get("CCACHE_DIR", pathlib.Path.home() / ".cache" / "ccache")
        done = subprocess.run(
            ("unshare", "--mount", "sh", "-ec", _IN_DEBIAN, "sh", root, cache),
            capture_output=True, text=True, timeout=4 * _MINUTES, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C",
                 **debian.PROXIES})
        if "Unable to fetch" in done.stderr:
            self.skipTest("Debian's archive cannot be reached")
        _assert_shown(self, done)


def _talk(hosts, stop):
    """A short connection every now and then."""
    listener = hosts.server.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((pair.SERVER[socket.AF_INET], 8001))
    listener.listen()
    while not stop.is_set():
        client = hosts.client.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.connect((pair.SERVER[socket.AF_INET], 8001))
        server, _ = listener.accept()
        client.sendall(b"hello")
        server.recv(100)
        client.close()
        server.close()
        time.sleep(0.2)
    listener.close()
