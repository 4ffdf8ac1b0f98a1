"""A client and a server, each in a namespace of its own, and one between them
that sees and carries everything they say:

    client eth0 --- from-client  (middle)  from-server --- eth0 server
"""

import dataclasses
import socket

from netlab.namespace import Namespace
from netlab.relay import Relay

CLIENT = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
SERVER = {socket.AF_INET: "192.0.2.2", socket.AF_INET6: "2001:db8::2"}


@dataclasses.dataclass
class Pair:
    client: Namespace
    middle: Namespace
    server: Namespace

    @property
    def from_client(self):
        return self.middle, "from-client"

    @property
    def from_server(self):
        return self.middle, "from-server"

    def relay(self):
        """Between the two hosts, as a cable is."""
        relay = Relay()
        relay.cable(self.from_client, self.from_server)
        relay.cable(self.from_server, self.from_client)
        return relay


def make(lab):
    pair = Pair(*(lab.namespace(name) for name in ("client", "middle", "server")))
    # The middle speaks for itself on no interface.
    pair.middle.write_sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    lab.link(pair.client, "eth0", *pair.from_client)
    lab.link(pair.server, "eth0", *pair.from_server)
    for host, mac, addresses in ((pair.client, "02:00:00:00:00:01", CLIENT),
                                 (pair.server, "02:00:00:00:00:02", SERVER)):
        host.ip("link", "set", "eth0", "address", mac)
        host.ip("addr", "add", f"{addresses[socket.AF_INET]}/24", "dev", "eth0")
        host.ip("addr", "add", f"{addresses[socket.AF_INET6]}/64", "dev", "eth0", "nodad")
    return pair
