"""tcpdump on an interface, from the first to the last frame."""

import signal
import subprocess


class Recorder:
    """Records from `with` to its end."""

    def __init__(self, namespace, interface, path):
        self._command = (
            *namespace.prefix(), "tcpdump", "-i", interface, "-w", path, "-U", "-n", "-s", "0",
            "-Z", "root", "-B", "8192", "--time-stamp-precision=nano", "--immediate-mode")
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:
            if "listening on" in line:
                return self
        raise RuntimeError("tcpdump does not start")

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
