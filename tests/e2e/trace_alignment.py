"""A trace cut into what it tells of each segment of its capture.

Lines of a flow's end (STATE_CHANGE and CONN_END, twice a side) are kept apart:
they stand after the segment that caused them, or between two others."""

import dataclasses

_END_LINES = 8


@dataclasses.dataclass
class End:
    """A flow's end, after the segment of this number (-1: before the first)."""

    after: int
    flow: str
    lines: list


@dataclasses.dataclass
class Trace:
    packets: list  # for each segment its lines
    ends: list

    def lines(self):
        found = []
        for number in range(-1, len(self.packets)):
            if number >= 0:
                found += self.packets[number]
            for end in self.ends:
                if end.after == number:
                    found += end.lines
        return found


class Misaligned(AssertionError):
    """A line tells of no segment that the capture has, there."""


def align(lines, segments):
    trace = Trace([[] for _ in segments], [])
    number, at = -1, 0
    while at < len(lines):
        line = lines[at]
        if at + 1 < len(lines) and lines[at + 1].event == "CONN_END":
            trace.ends.append(End(number, line.flow, lines[at:at + _END_LINES]))
            at += _END_LINES
            continue
        if line.event == "ORPHAN" or line.event == "PKT_IN" and line.hook == "SND":
            number = _find(line, segments, number + 1)
        trace.packets[number].append(line)
        at += 1
    return trace


def _find(line, segments, start):
    for number in range(start, len(segments)):
        segment = segments[number]
        if segment.hash == line.own.hash and (
                not line.flow or line.flow in (f"{segment.source}>{segment.target}",
                                               f"{segment.target}>{segment.source}")):
            return number
    raise Misaligned(f"no segment from number {start} on for: {line}")
