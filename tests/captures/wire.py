"""Where the connections of scenarios.py are carried, and watched:

    client --- relay --- near --- far --- relay --- server

What is lost, swapped or tagged before the watching point is so on both sides of
it; what is lost after it was seen there all the same.
"""

import concurrent.futures
import copy

from netlab.relay import Relay, untag
from scenarios import Connection


class Wire:
    """The link between near and far, in the middle of `hosts`. Its relay has
    rules of its own, as if no scenario had been played before."""

    def __init__(self, lab, hosts, scenarios):
        self._scenarios = scenarios
        self.near, self.far = (hosts.middle, "near"), (hosts.middle, "far")
        lab.link(*self.near, *self.far)
        before, after = (copy.deepcopy([rule for scenario in scenarios
                                        for rule in getattr(scenario, where)])
                         for where in ("before", "after"))
        self.relay = Relay()
        self.relay.cable(hosts.from_client, self.near, *before)
        self.relay.cable(self.far, hosts.from_server, *after, untag)
        self.relay.cable(hosts.from_server, self.far, *before)
        self.relay.cable(self.near, hosts.from_client, *after, untag)
        self._connections = {s.port: Connection(hosts.client, hosts.server, s.family, s.port)
                             for s in scenarios}

    def begin_early(self):
        """What is over before anybody watches."""
        for scenario in self._scenarios:
            if scenario.begins_early:
                self._connections[scenario.port].open()

    def talk(self):
        """All at once, until the last word of each is said."""
        with concurrent.futures.ThreadPoolExecutor(len(self._scenarios)) as pool:
            runs = [pool.submit(s.run, self._connections[s.port]) for s in self._scenarios]
            for run in concurrent.futures.as_completed(runs, timeout=30):
                run.result()

    def close(self):
        """The connections that nobody has closed; those are last words, too."""
        for connection in self._connections.values():
            connection.close()
