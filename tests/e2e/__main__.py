"""Runs end-to-end tests: python3 -m e2e [--build DIR] [--junit FILE] [NAME...]"""

import argparse
import os
import pathlib
import sys
import time
import traceback
import unittest
import xml.etree.ElementTree as ElementTree

# Runs for minutes, and is of most use under sanitizers: only when it is named.
_ONLY_WHEN_NAMED = {"test_public_captures"}


def _dotted(test_id):
    """Names like "setUpModule (e2e.test_image)" as those of tests are."""
    fixture, _, owner = test_id.rstrip(")").partition(" (")
    return f"{owner}.{fixture}" if owner.startswith("e2e.") else test_id


class _Result(unittest.TestResult):
    """Says one line a test, and keeps what a JUnit report wants."""

    def __init__(self):
        super().__init__()
        self.report = ElementTree.Element("testsuite", name="e2e")
        self._started = time.monotonic()
        self._failed = False

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._failed = False

    def _case(self, test, outcome=None, message=""):
        seconds = time.monotonic() - self._started
        _, _, path = _dotted(test.id()).partition(".")
        self._started = time.monotonic()
        class_name, _, name = path.partition(".")
        case = ElementTree.SubElement(self.report, "testcase", classname=class_name, name=name,
                                      time=f"{seconds:.3f}")
        if outcome is not None:
            ElementTree.SubElement(case, outcome, message=message.strip().split("\n")[-1][:500])
            print(f"{outcome.upper():8} {path} ({seconds:.1f} s)\n{message}", flush=True)
        elif seconds > 0.5:
            print(f"ok       {path} ({seconds:.1f} s)", flush=True)

    def _failure(self, test, error):
        self._failed = True
        self._case(test, "failure", "".join(traceback.format_exception(*error)))

    def addSuccess(self, test):
        if not self._failed:
            self._case(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failure(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failure(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failure(subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._case(test, "skipped", reason)


def main():
    parser = argparse.ArgumentParser(prog="python3 -m e2e", description=__doc__)
    parser.add_argument("--build", default=None, help="folder with mosd and mosctl [build]")
    parser.add_argument("--junit", type=pathlib.Path, help="write a report there")
    parser.add_argument("name", nargs="*", help="such as test_sample.Stories; default: all but "
                        + ", ".join(_ONLY_WHEN_NAMED))
    options = parser.parse_args()
    if options.build:
        os.environ["E2E_BUILD"] = options.build
    here = pathlib.Path(__file__).parent
    names = options.name or sorted(
        {path.stem for path in here.glob("test_*.py")} - _ONLY_WHEN_NAMED)
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromName(f"e2e.{name}") for name in names)
    result = _Result()
    suite.run(result)
    if options.junit:
        ElementTree.ElementTree(result.report).write(options.junit)
    cases = list(result.report)
    failed, skipped = (sum(case.find(outcome) is not None for case in cases)
                       for outcome in ("failure", "skipped"))
    print(f"{len(cases) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
