"""Connections that happen, told segment by segment, as a capture.

A story is lines "SIDE FLAGS SEQ [ACK [LENGTH]] [word=value]"; SIDE is c or s,
numbers count from the side's initial one. Words: wait, seconds before it; win;
isn, "client,server", from here on; fill, the payload's letter.
"""

import struct

_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "-": 0}
_CLIENT, _SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
_FIRST_PORT = 20001
_ALPHABET = bytes(range(ord("A"), ord("Z") + 1))

_OPEN = "c S 0 | s SA 0 1 | c A 1 1 |"

# Silence ends what is there, so these are the first.
STORIES = {
    "a new connection after silence":
        f"{_OPEN} c PA 1 1 3 | c S 0 isn=70000,90000 wait=40 | s SA 0 1 | c A 1 1",
    "data after silence": f"{_OPEN} c PA 1 1 3 | c PA 4 1 3 wait=40 | s A 1 7",
    "numbers wrap":
        "c S 0 isn=4294967280,4294967288 | s SA 0 1 | c A 1 1 | c PA 1 1 40 | s A 1 41 |"
        "s PA 1 41 30 | c A 41 31 | c FA 41 31 | s FA 31 42 | c A 42 32",
    "data in a SYN": "c S 0 0 10 | s SA 0 11 | c A 11 1 | c PA 11 1 5 | s A 1 16",
    "data in a SYN, refused": "c S 0 0 10 | s SA 0 1 | c A 1 1 | c PA 1 1 10 | s A 1 11",
    "the server alone is seen": "s SA 0 1 | s A 1 11 | s PA 1 11 5 | s FA 6 11",
    "a reset far away":
        f"{_OPEN} c PA 1 1 10 | s R 100000 | s A 1 11 | s PA 1 11 10 | s R 11 | c A 11 11",
    "a reset that waits not there":
        f"{_OPEN} c PA 1 1 10 | s A 1 11 | s R 500 | s PA 1 11 10 | s RA 11 11",
    "an old reset": f"{_OPEN} s PA 1 1 10 | c A 1 11 | s R 1 | s PA 11 1 10 | c A 1 21",
    "the client resets": f"{_OPEN} s PA 1 1 10 | c RA 1 11 | s PA 11 1 3",
    "a SYN out of nowhere":
        f"{_OPEN} c PA 1 1 10 | c S 70000 | s A 1 11 | c PA 11 1 10 | s A 1 21",
    "the tuple again, after FINs":
        f"{_OPEN} c FA 1 1 | s FA 1 2 | c A 2 2 | c S 0 isn=900000,800000 | s SA 0 1 | c A 1 1 |"
        "c PA 1 1 4",
    "the tuple again, with a lower number":
        f"{_OPEN} c FA 1 1 | s FA 1 2 | c A 2 2 | c S 0 isn=100,800000 | s SA 0 1 | c A 1 1",
    "the tuple again, after a reset":
        f"{_OPEN} s RA 1 1 | c S 0 isn=900000,800000 | s SA 0 1 | c A 1 1 | c PA 1 1 4",
    "both close at once": f"{_OPEN} c FA 1 1 | s FA 1 1 | c A 2 2 | s A 2 2",
    "data with a FIN, twice":
        f"{_OPEN} c FPA 1 1 10 | s A 1 12 | c FPA 1 1 10 | s FPA 1 12 5 | c A 12 7",
    "bytes that are not seen":
        f"{_OPEN} c PA 1 1 10 | c PA 21 1 10 | s A 1 31 | c PA 31 1 10 | s A 1 41",
    "the last bytes are not seen":
        f"{_OPEN} c PA 1 1 10 | s A 1 21 | c PA 21 1 10 | s A 1 31",
    "bytes before a FIN are not seen":
        f"{_OPEN} c PA 1 1 10 | c FA 21 1 | s A 1 22 | s FA 1 22 | c A 22 2",
    "holes":
        f"{_OPEN} c PA 31 1 10 | c PA 11 1 10 | c PA 51 1 10 | c PA 1 1 10 | c PA 41 1 10 |"
        "c PA 21 1 10 | s A 1 61",
    "ahead of a hole, twice":
        f"{_OPEN} c PA 11 1 10 | c PA 11 1 10 | c PA 41 1 10 | c PA 31 1 15 | c PA 25 1 3 |"
        "c PA 1 1 30 | c PA 15 1 10 | s A 1 51",
    "ahead of two holes, with a FIN":
        f"{_OPEN} c PA 11 1 10 | c FPA 31 1 10 | c PA 21 1 10 | c PA 21 1 10 | c PA 1 1 10 |"
        "s A 1 42 | s FA 1 42 | c A 42 2",
    "a hole is filled by what is half old, before a FIN":
        f"{_OPEN} c PA 1 1 10 | c FPA 31 1 3 | c PA 6 1 25 | s A 1 35 | s FA 1 35 | c A 35 2",
    "no room":
        f"{_OPEN} c PA 1 1 10 | s A 1 11 win=0 | c A 11 1 1 | s A 1 11 win=0 | c A 11 1 1 |"
        "s A 1 12 | c PA 12 1 5",
    "a client that starts again":
        f"{_OPEN} c PA 1 1 4 | c S 0 isn=900000,800000 | s SA 0 1 | c A 1 1 | c PA 1 1 4 |"
        "s A 1 5 | s R 1",
    "a server that starts again, as a client":
        f"{_OPEN} c PA 1 1 4 | s S 0 isn=900000,800000 | c SA 0 1 | s A 1 1 | s PA 1 1 4",
    "a SYN that is late": f"{_OPEN} c S 0 | s A 1 1 | c PA 1 1 10",
    "a SYN/ACK that is late": f"{_OPEN} s SA 0 1 | c A 1 1 | c PA 1 1 10 | s SA 0 1",
    "the server closes its half":
        f"{_OPEN} s FA 1 1 | c A 1 2 | c PA 1 2 10 | s A 2 11 | c FA 11 2 | s A 2 12",
    "refused": "c S 0 | s RA 0 1",
    "a reset that acknowledges nothing": "c S 0 | s R 0 | s SA 0 1 | c A 1 1",
    "a reset that acknowledges another SYN": "c S 0 | s RA 0 77 | s SA 0 1 | c A 1 1",
    "late segments":
        f"{_OPEN} c FA 1 1 | s FA 1 2 | c A 2 2 | s FA 1 2 | c A 2 2 | s PA 1 2 3",
    "partly new": f"{_OPEN} c PA 1 1 10 | c PA 6 1 10 fill=x | c PA 1 1 25 fill=y | s A 1 26",
    "an old segment":
        f"{_OPEN} c PA 1 1 10 | s A 1 11 | c PA 11 1 10 | s A 1 21 | c PA 1 1 10 | s A 1 21",
    "FINs that come again":
        f"{_OPEN} c FA 1 1 | s A 1 2 | c FA 1 1 | s A 1 2 | s FA 1 2 | s FA 1 2 | c A 2 2",
    "an acknowledgement of what was not sent":
        f"{_OPEN} s A 1 5000 | c PA 1 1 10 | s A 1 11",
    "another SYN, unanswered": "c S 0 | c S 500 | s SA 0 501 | c A 501 1",
    "a FIN is the third packet":
        "c S 0 | s SA 0 1 | c FA 1 1 | s A 1 2 | s FA 1 2 | c A 2 2",
    "last words": f"{_OPEN} s FPA 1 1 5 | c FPA 1 7 6 | s A 7 8",
}


def _sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _frame(client_port, side, flags, seq, ack, payload, window):
    source, target = (_CLIENT, _SERVER) if side == "c" else (_SERVER, _CLIENT)
    ports = (client_port, 80) if side == "c" else (80, client_port)
    tcp = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50,
                      sum(_FLAGS[letter] for letter in flags), window, 0, 0) + payload
    check = _sum(source + target + struct.pack("!HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0) + source + target
    ip = ip[:10] + struct.pack("!H", _sum(ip)) + ip[12:]
    return bytes.fromhex("020000000002" "020000000001" "0800") + ip + tcp


def _segments(port, story):
    """(seconds to wait, frame) of each segment."""
    isn = {"c": 1000, "s": 5000}
    for line in story.split("|"):
        numbers = [word for word in line.split() if "=" not in word]
        words = dict(word.split("=") for word in line.split() if "=" in word)
        side, flags, seq, ack, length = (numbers + ["", "0"][len(numbers) - 3:])[:5]
        if "isn" in words:
            isn = dict(zip("cs", map(int, words["isn"].split(","))))
        peer = isn["s" if side == "c" else "c"]
        fill = words.get("fill", "").encode() or _ALPHABET
        payload = (fill * (int(length) // len(fill) + 1))[:int(length)]
        yield float(words.get("wait", 0.01)), _frame(
            port, side, flags, isn[side] + int(seq),
            peer + int(ack) if "A" in flags else 0, payload, int(words.get("win", 8192)))


def write(path):
    """All stories, one after the other. Returns {client's port: story}."""
    ports = {_FIRST_PORT + number: name for number, name in enumerate(STORIES)}
    micros = 10**9
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for port, name in ports.items():
            for wait, frame in _segments(port, STORIES[name]):
                micros += round(wait * 10**6)
                out.write(struct.pack("<IIII", micros // 10**6, micros % 10**6, len(frame),
                                      len(frame)) + frame)
    return ports
