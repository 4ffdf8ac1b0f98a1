"""libmos in a C program: the sample under api/samples tells who spoke last."""

import subprocess
import unittest

from e2e.environment import BUILD, PATIENCE, SAMPLE, temp_dir

_PROGRAM = BUILD / "api" / "lastpkt_sample"


class Sample(unittest.TestCase):
    def setUp(self):
        self.config = temp_dir() / "mosd.yaml"
        self.config.write_text(f"dataplane:\n  ports:\n  - device: pcap:{SAMPLE}\n"
                               "grpc:\n  listen: []\nmetrics:\n  listen: []\n")

    def run_it(self, *arguments):
        return subprocess.run((_PROGRAM, *map(str, arguments)), capture_output=True, text=True,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL)

    def test_tells_both_sides(self):
        done = self.run_it(self.config, "192.0.2.1", 48012, "192.0.2.2", 8012)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\Aclient: \d+ bytes, seq \d+, ack \d+, \d+ of payload\n"
                                      r"server: \d+ bytes, seq \d+, ack \d+, \d+ of payload\n\Z")

    def test_a_side_that_was_silent(self):
        done = self.run_it(self.config, "192.0.2.2", 8013, "192.0.2.1", 48013)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("server: No data available", done.stdout)

    def test_says_what_is_wrong(self):
        done = self.run_it("/nonexistent.yaml", "192.0.2.1", 1, "192.0.2.2", 2)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent.yaml", done.stderr)
        self.assertEqual(self.run_it().returncode, 2)
