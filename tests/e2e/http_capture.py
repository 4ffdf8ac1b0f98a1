"""HTTP between one client and one server, as a capture: written by scapy, read
by tshark."""

import collections
import subprocess

_CLIENT, _SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 80)
NAME = "10.0.0.1:40000 > 10.0.0.2:80"
_SECOND = 1_700_000_000


def write(path, *steps):
    """A connection that is opened, has its `steps`, and is closed. A step is
    ("client" or "server", payload[, options]); an empty payload only acknowledges
    all. Options: missing, the capture does not have it; late, it comes after the
    next step; again, it has the numbers of the step before."""
    # Slow, and of use here only.
    from scapy.all import IP, TCP, Ether, Raw, wrpcap

    ends = {"client": (_CLIENT, _SERVER), "server": (_SERVER, _CLIENT)}
    next_seq = {"client": 1000, "server": 5000}
    frames, held = [], []

    def send(side, flags, payload=b"", back=0, **options):
        source, destination = ends[side]
        peer = "server" if side == "client" else "client"
        frame = (Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
                 / IP(src=source[0], dst=destination[0])
                 / TCP(sport=source[1], dport=destination[1], flags=flags, window=60000,
                       seq=next_seq[side] - back, ack=next_seq[peer] if "A" in flags else 0))
        if payload:
            frame /= Raw(payload)
        next_seq[side] += len(payload) - back + ("S" in flags) + ("F" in flags)
        if options.get("late"):
            held.append(frame)
        elif not options.get("missing"):
            frames.append(frame)
            frames.extend(held)
            held.clear()

    send("client", "S")
    send("server", "SA")
    send("client", "A")
    for side, payload, *options in steps:
        options = options[0] if options else {}
        send(side, "PA" if payload else "A", payload,
             len(payload) if options.pop("again", False) else 0, **options)
    send("client", "FA")
    send("server", "FA")
    send("client", "A")
    for number, frame in enumerate(frames):
        frame.time = _SECOND + number / 1000
    wrpcap(str(path), frames)


_FIELDS = ("tcp.stream", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "http.request.method",
           "http.request.uri", "http.request.version", "http.response.version",
           "http.response.code", "http.response.phrase")


def first_lines(path, names=(NAME,)):
    """By flow, "client GET / HTTP/1.1" and "server HTTP/1.1 200 OK", in order,
    of flows of IPv4 that begin with a SYN."""
    lines = collections.defaultdict(list)
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-E",
               "occurrence=a", "-E", "aggregator=\t", "-d", "tcp.port==1-65535,http", "-Y",
               "http && ip"]
    for field in _FIELDS:
        command += ("-e", field)
    output = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    for line in output.splitlines():
        _, source, port, destination, peer, *rest = line.split("|")
        here, there = f"{source}:{port}", f"{destination}:{peer}"
        requests, responses = (list(zip(*(f.split("\t") for f in part)))
                               for part in (rest[:3], rest[3:]))
        for side, name, found in (("client", f"{here} > {there}", requests),
                                  ("server", f"{there} > {here}", responses)):
            if name in names:
                lines[name] += [f"{side} {' '.join(words)}" for words in found if any(words)]
    return dict(lines)
