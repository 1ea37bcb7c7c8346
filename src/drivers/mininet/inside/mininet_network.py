"""Mininet, of which this says what labctl uses: it has no types of its own."""

import functools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from messages import Datapath

# Mininet is imported where it is used: where it is missing, the request that needs it says so.

# Mininet imports distutils. Debian's setuptools stands before Python's own with another one, and to load that takes
# 0.3 s, of the second that a small lab needs to come up. Python 3.12 has none of its own.
if sys.version_info < (3, 12) and '_distutils_hack' in sys.modules:
    sys.modules['_distutils_hack'].remove_shim()


class Interface(Protocol):
    name: str
    node: 'Node'
    link: 'Link | None'


class Link(Protocol):
    intf1: Interface
    intf2: Interface


class Node(Protocol):
    name: str
    # Of its shell.
    pid: int
    shell: subprocess.Popen[bytes]
    ports: Mapping[Interface, int]

    def intfList(self) -> Sequence[Interface]: ...


class Host(Node, Protocol):
    # What the topology gives it, by name.
    params: Mapping[str, Any]
    ports: Mapping[Interface, int]


class Switch(Node, Protocol):
    OVSVersion: str

    def bridgeOpts(self) -> str: ...

    def intfOpts(self, intf: Interface) -> str: ...


class Network(Protocol):
    hosts: Sequence[Host]
    switches: Sequence[Switch]
    links: Sequence[Link]


def start_mininet(folder: str, topo: str, datapath: Datapath) -> Network:
    """Real Mininet on the rendered topology (FOLDER/topology.py); returns the running network."""
    from mininet.net import Mininet
    from mininet.node import OVSSwitch

    # Mininet.init() raises limits of the whole machine by sysctl; a lab changes nothing outside itself.
    Mininet.inited = True
    file = os.path.join(folder, 'topology.py')
    topology: dict[str, Any] = {'__name__': 'topology', '__file__': file}
    with open(file, 'rb') as source:
        exec(compile(source.read(), file, 'exec'), topology)
    network: Any = Mininet(
        topo=topology['topos'][topo](),
        switch=functools.partial(OVSSwitch, datapath=datapath, protocols='OpenFlow13', failMode='secure'),
        controller=None,
        autoSetMacs=False,
        build=False,
    )
    network.build()
    network.start()
    started: Network = network
    return started


def mininet_version() -> str:
    from mininet.net import VERSION

    return str(VERSION)


def nodes_of(network: Network) -> list[Node]:
    return [*network.hosts, *network.switches]


def interfaces_of(host: Host) -> dict[str, int]:
    """The interfaces of a host's links by name, each with its port."""
    return {interface.name: port for interface, port in host.ports.items() if interface.link}


def net_of(network: Network) -> list[str]:
    """The lines that Mininet's `net` prints."""
    lines = []
    for node in nodes_of(network):
        names = []
        for interface in node.intfList():
            if interface.link:
                other = interface.link.intf2 if interface.link.intf1 == interface else interface.link.intf1
                names.append(f'{interface}:{other}')
            else:
                names.append(f'{interface}: ')
        lines.append(' '.join([node.name, *names]))
    return [*lines, 'c0']


def limit_again(switch: Switch) -> None:
    """Open vSwitch removes what tc set on the interfaces that it is given."""
    for interface in switch.intfList():
        limit_interface(interface)


def limit_interface(interface: Interface) -> None:
    """Sets what tc limits an interface by, where the topology says so. Mininet's own TCReapply would also put it up."""
    from mininet.link import TCIntf

    if isinstance(interface, TCIntf):
        interface.config(**{**interface.params, 'up': None})
