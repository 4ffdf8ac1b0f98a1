"""A program that writes down what it is told (tests/conformance/trace_monitor.c),
and what the contract would have it told of the same segments."""

import difflib
import signal
import subprocess
import unittest

from e2e import differences, tcp_model, trace_alignment, trace_frames, trace_lines
from e2e.environment import BUILD, PATIENCE, ROOT, temp_dir

TRACES = ROOT.parent / "shared" / "mos-traces"
needs_traces = unittest.skipUnless(TRACES.is_dir(), f"no traces of mOS in {TRACES}")
DEFAULT_RMEM_BYTES = 8192
_PROGRAM = BUILD / "tests" / "conformance" / "trace_monitor"
_SHOWN_LINES = 30


class Monitor:
    """The program, in bursts of one frame, on `contexts` of them."""

    def __init__(self, device, contexts=1, rmem_bytes=DEFAULT_RMEM_BYTES, appliance="", mos="",
                 prefix=()):
        folder = temp_dir()
        (folder / "appliance.yaml").write_text(appliance or "dataplane: {burst: 1}\n")
        (folder / "mos.conf").write_text(
            f"mos {{\n  appliance = appliance.yaml\n  tcp_timeout = 30\n"
            f"  rmem_size = {rmem_bytes}\n{mos}"
            f"  netdev {{\n    {device} {(1 << contexts) - 1:#x}\n  }}\n}}\n")
        self._files = [folder / f"lines-{number}" for number in range(contexts)]
        self._process = subprocess.Popen(
            (*prefix, _PROGRAM, folder / "mos.conf", *self._files), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def lines(self):
        """What it wrote until its input was at its end; a list for each context."""
        _, errors = self._process.communicate(timeout=PATIENCE)
        if self._process.returncode != 0:
            raise AssertionError(
                f"trace_monitor: exit code {self._process.returncode}:\n{errors}")
        return [trace_lines.read(file.read_text(), relative=False) for file in self._files]

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)


def record(capture, **options):
    """What it is told of a capture, on one context."""
    with Monitor(f"pcap:{capture}", **options) as monitor:
        return monitor.lines()[0]


class Capture:
    """A capture and what the contract makes of it."""

    def __init__(self, path):
        self.path = path
        self.segments = trace_frames.read(path)
        model = tcp_model.Model(self.segments)
        self.lines = model.run()
        self._facts = differences.Facts(
            model.steps, trace_alignment.align(self.lines, self.segments))

    def without_habits(self, told, rules=differences.RULES):
        """What mOS would tell without its habits, and the rules that it takes
        to know."""
        trace = trace_alignment.align(told, self.segments)
        applied, before = set(), trace.lines()
        for rule in rules:
            rule.change(trace, self._facts)
            after = trace.lines()
            if after != before:
                applied.add(rule.name)
            before = after
        return before, applied


def difference(expected, got):
    """"" if there is none."""
    lines = list(difflib.unified_diff([str(line) for line in expected],
                                      [str(line) for line in got],
                                      "expected", "got", n=1, lineterm=""))
    more = [f"... and {len(lines) - _SHOWN_LINES} lines more"] if len(lines) > _SHOWN_LINES else []
    return "\n".join(lines[:_SHOWN_LINES] + more)


def agree(test, expected, got):
    found = difference(expected, got)
    if found:
        test.fail(found)
