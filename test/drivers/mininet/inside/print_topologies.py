"""Prints what labctl's reader of Mininet topologies reads in programs: a JSON list of texts on standard input."""

import json
import sys

import topology_reader
from mininet.topo import Topo

add_node, add_link = Topo.addNode, Topo.addLink


def topology_of(source: str) -> object:
    places = topology_reader.Places(Topo, 'program.py')
    namespace: dict[str, object] = {'__name__': 'topology'}
    exec(compile(source, 'program.py', 'exec', dont_inherit=True), namespace)
    try:
        return topology_reader.describe(*topology_reader.choose(namespace, None), places)
    finally:
        Topo.addNode, Topo.addLink = add_node, add_link


print(json.dumps([topology_of(source) for source in json.load(sys.stdin)]))
