"""Prints Mininet's own topologies as JSON, for the comparison with what labctl generates.

Standard input: a JSON list of [class, {parameters}]. Nothing is started: nodes get what Mininet.buildFromTopo would give
them, with `mn --mac`.
"""

import json
import sys
from types import SimpleNamespace

from mininet.node import Switch
from mininet.topo import LinearTopo, SingleSwitchTopo
from mininet.topolib import TorusTopo, TreeTopo
from mininet.util import ipAdd, macColonHex

CLASSES = {cls.__name__: cls for cls in (SingleSwitchTopo, LinearTopo, TreeTopo, TorusTopo)}


def recorded(cls, parameters):
    """The topology, and its links in the order in which it made them."""
    links = []

    class Recording(cls):
        def addLink(self, node1, node2, *args, **opts):
            key = super().addLink(node1, node2, *args, **opts)
            info = self.linkInfo(node1, node2, key)
            links.append(f"{info['node1']}:{info['port1']} {info['node2']}:{info['port2']}")
            return key

    return Recording(**parameters), links


def dpid_of(topo, name):
    switch = SimpleNamespace(name=name, dpidLen=16)
    return Switch.defaultDpid(switch, topo.nodeInfo(name).get("dpid"))


def describe(name, parameters):
    topo, links = recorded(CLASSES[name], parameters)
    hosts = [
        [host, ipAdd(number, ipBaseNum=0x0A000000, prefixLen=8) + "/8", macColonHex(number)]
        for number, host in enumerate(topo.hosts(), 1)
    ]
    return {"hosts": hosts, "switches": [[name, dpid_of(topo, name)] for name in topo.switches()], "links": links}


print(json.dumps([describe(*case) for case in json.load(sys.stdin)]))
