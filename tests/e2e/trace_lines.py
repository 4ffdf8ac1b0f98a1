"""The lines of a trace: what a monitor was told, as mOS's recorder and
tests/conformance/trace_monitor.c write it.

Two spellings are made one here, for they are what section 2 of the contract
says of the calls: the state of a side that there is not ("!0") is CLOSED, and
the numbers of a buffer are offsets in the stream.
"""

import dataclasses

CLIENT, SERVER, BOTH = "CLI", "SVR", "BOTH"


def other(side):
    return {CLIENT: SERVER, SERVER: CLIENT}.get(side, side)


def fnv1a(data):
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{value:08x}"


@dataclasses.dataclass(frozen=True)
class LastPacket:
    """What mtcp_getlastpkt told, or with which error it failed."""

    eth_len: int = 0
    ip_len: int = 0
    offset: int = 0
    payload: int = 0
    seq: int = 0
    ack: int = 0
    window: int = 0
    flags: str = ""
    hash: str = ""
    error: str = ""

    @staticmethod
    def parse(text):
        if text.startswith("!"):
            return LastPacket(error=text[1:])
        *numbers, flags, digest = text.split(",")
        return LastPacket(*map(int, numbers), flags, digest)

    def but_offset(self):
        return dataclasses.replace(self, offset=0)

    def __str__(self):
        if self.error:
            return "!" + self.error
        return ",".join(map(str, (self.eth_len, self.ip_len, self.offset, self.payload, self.seq,
                                  self.ack, self.window, self.flags, self.hash)))


NO_FRAME = LastPacket(error="ENODATA")


@dataclasses.dataclass(frozen=True)
class Buffer:
    """What MOS_INFO_* told, as offsets in the stream, and what was peeked."""

    init_seq: int
    read: int
    expected: int
    received: int
    peeked: int
    hash: str = ""  # of what was peeked
    missing: int = 0

    @staticmethod
    def parse(relative, info, peeked, missing="G:0"):
        result, init, *numbers = map(int, info[2:].split(","))
        if result != 0:
            raise ValueError(info)
        if not relative:
            numbers = [number - init & 0xFFFFFFFF for number in numbers]
        count, _, digest = peeked[2:].replace("nothing-new", "0,").partition(",")
        return Buffer(init, *numbers, int(count), digest, int(missing[2:]))

    def __str__(self):
        text = f"B:{self.init_seq}+{self.read},{self.expected},{self.received}"
        return f"{text} D:{self.peeked},{self.hash} G:{self.missing}"


@dataclasses.dataclass(frozen=True)
class Line:
    event: str
    hook: str
    side: str
    flow: str = ""  # client>server; empty: none
    client: str = ""  # TCP state
    server: str = ""
    own: LastPacket = NO_FRAME  # last packet of `side`
    others: LastPacket = NO_FRAME
    buffer: Buffer | None = None

    @staticmethod
    def parse(text, relative):
        event, hook, side, flow, states, own, others, *rest = text.split("\t")
        client, _, server = states.replace("!0", "CLOSED").partition("/")
        own = LastPacket.parse(own[2:])
        others = own if others == "O:=" else LastPacket.parse(others[2:])
        if side == BOTH:
            flow = client = server = ""
        return Line(event, hook, side, flow, client, server, own, others,
                    Buffer.parse(relative, *rest) if rest else None)

    def __str__(self):
        text = (f"{self.event} {self.hook} {self.side} {self.flow or '-'} "
                f"{self.client}/{self.server} P:{self.own} O:{self.others}")
        return f"{text} {self.buffer}" if self.buffer else text

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


def read(text, relative):
    """The lines of a trace. `relative`: numbers of buffers are offsets in the
    stream, as mOS tells them, and not the sequence numbers of its manual."""
    return [Line.parse(line, relative) for line in text.splitlines()]
