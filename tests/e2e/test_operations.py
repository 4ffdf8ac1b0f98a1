"""deploy/OPERATIONS.md: every command in it that begins with "$" runs as it stands
there, on the sample capture, and says what is shown below it."""

import os
import re
import subprocess
import unittest

from e2e.daemon import Daemon
from e2e.environment import BUILD, PATIENCE, ROOT, SAMPLE, needs_program, temp_dir

_GUIDE = ROOT / "deploy" / "OPERATIONS.md"
_DAEMON = re.compile(r"^    mosd --pcap tests/captures/sample\.pcap (.*?)(?: \\)?$", re.M)


def examples():
    """(command, lines shown below it), in order."""
    found, shown = [], None
    for line in _GUIDE.read_text().replace("\\\n", "").splitlines():
        if line.startswith("    $ "):
            shown = []
            found.append((line.removeprefix("    $ "), shown))
        elif line.startswith("    ") and shown is not None:
            shown.append(line)
        else:
            shown = None
    return found


def is_shown(line, output):
    """Whether a line of the output has these pieces, in this order; blanks are alike."""
    pieces = [re.escape(" ".join(piece.split())) for piece in line.split("...")]
    pattern = re.compile(".*".join(pieces))
    return any(pattern.search(" ".join(one.split())) for one in output.splitlines())


@needs_program("tshark")
class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("--pcap", SAMPLE, *_DAEMON.search(_GUIDE.read_text())[1].split())
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.wait_until_ready()
        cls.daemon.wait_for_input()
        cls.env = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}",
                   "MOSCTL_SERVER": cls.daemon.socket}

    def run_it(self, command):
        """What it says, and writes into files."""
        folder = temp_dir()
        done = subprocess.run(("bash", "-euo", "pipefail", "-c", command), cwd=folder, env=self.env,
                              capture_output=True, text=True, timeout=PATIENCE, check=False,
                              stdin=subprocess.DEVNULL)
        if "It does not fit" in done.stdout:
            self.skipTest("this machine is smaller than the one of the guide")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        files = list(folder.iterdir())
        self.assertTrue(done.stdout or files, "neither output nor a file")
        for file in files:
            self.assertGreater(file.stat().st_size, 0, file.name)
        return done.stdout

    def test_every_command(self):
        commands = examples()
        self.assertGreaterEqual(len(commands), 13)
        for command, shown in commands:
            with self.subTest(command):
                output = self.run_it(command)
                for line in shown:
                    self.assertTrue(is_shown(line, output), f"{line}\nis not in\n{output}")

    def test_every_key(self):
        """That is named exists."""
        known = self.run_it("mosd --help-config")
        text = _GUIDE.read_text()
        keys = set(re.findall(r"\b(?:dataplane|grpc)\.[a-z_.]*[a-z]", text))
        self.assertGreater(len(keys), 8)
        for key in keys:
            self.assertRegex(known, rf"(?m)^{re.escape(key)}(\.|$)")

    def test_every_filter(self):
        for text in re.findall(r"`[^`]*--filter '([^']*)'`", _GUIDE.read_text()):
            with self.subTest(text):
                self.assertEqual(self.daemon.mosctl("flows", "list", "--filter", text).returncode, 0)

    def test_is_linked(self):
        for page, path in (("README.md", "deploy/OPERATIONS.md"),
                           ("deploy/README.md", "OPERATIONS.md")):
            self.assertIn(f"]({path})", (ROOT / page).read_text())
