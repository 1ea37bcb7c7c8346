"""Takes links and switches of a running Mininet network down, and up again."""

import fcntl
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from mininet_network import Interface, Link, Network, Switch, limit_again, limit_interface

# <linux/sockios.h>, <linux/if.h>
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 1
# Seconds for which Open vSwitch has the machine to itself when something went down. It needs some 5 ms to notice and to
# switch its groups over; on two CPUs, a controller that computes at the same time would delay it.
HEAD_START = 0.02


class Faults:
    """What is down in a network. A link fault and a stopped switch may share interfaces: an interface is up only when
    neither keeps it down."""

    def __init__(self, network: Network, run: Callable[[Sequence[str]], None]) -> None:
        """run: runs a command, and raises if it fails"""
        self._network = network
        self._run = run
        self._links: set[Link] = set()
        self._stopped: set[str] = set()
        self._controller: str | None = None
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._lock = threading.Lock()

    def connect(self, target: str) -> None:
        """Has every switch connect to this OpenFlow controller, e.g. `unix:/run/labctl/x/of.sock`. A stopped switch
        connects when it is started again."""
        with self._lock:
            self._controller = target
            running = [switch for switch in self._network.switches if switch.name not in self._stopped]
            self._vsctl('--no-wait', *itertools.chain(*map(self._controller_of, running)))

    def set_link(self, a: str, b: str, port: int | None, up: bool) -> None:
        """Every link between two nodes, or the one at this port of the first."""
        links = [
            link
            for link in self._network.links
            if names_of(link) == {a, b} and (port is None or port_at(link, a) == port)
        ]
        with self._lock:
            changed = [link for link in links if (link in self._links) == up]
            (self._links.difference_update if up else self._links.update)(changed)
            self._settle(changed)
        if not up:
            time.sleep(HEAD_START)

    def set_switch(self, name: str, up: bool) -> None:
        """Stopping a switch removes its bridge. Its neighbours' ports lose their carrier first, so that they notice. A
        switch that is started again has its former DPID and port numbers, and empty tables."""
        (switch,) = (switch for switch in self._network.switches if switch.name == name)
        links = [link for link in self._network.links if name in names_of(link)]
        with self._lock:
            if up:
                self._vsctl(*self._bridge_of(switch), *self._controller_of(switch))
                limit_again(switch)
                self._stopped.discard(name)
                self._settle(links)
            else:
                self._stopped.add(name)
                self._settle(links)
                time.sleep(HEAD_START)
                self._vsctl('--', '--if-exists', 'del-br', name)

    def _settle(self, links: Iterable[Link]) -> None:
        """An end that is down takes the other's carrier, as a cut cable does. Ends at hosts stay up: a host would
        forget its routes. So a link between two hosts keeps its carrier, and both ends drop what they are to send."""
        for link in links:
            names = names_of(link)
            up = link not in self._links and not names & self._stopped
            ends = (link.intf1, link.intf2)
            at_switches = [interface for interface in ends if interface.node in self._network.switches]
            for interface in at_switches:
                self._set_interface(interface.name, up)
            for interface in () if at_switches else ends:
                self._set_queue(interface, up)

    def _set_queue(self, interface: Interface, up: bool) -> None:
        on_host = ('mnexec', '-a', str(interface.node.pid), 'tc', 'qdisc')
        if up:
            self._run([*on_host, 'delete', 'dev', interface.name, 'root'])
            limit_interface(interface)
        else:
            # A queue of no packets.
            self._run([*on_host, 'replace', 'dev', interface.name, 'root', 'pfifo', 'limit', '0'])

    def _set_interface(self, name: str, up: bool) -> None:
        request = struct.pack('16s24x', name.encode())
        (flags,) = struct.unpack_from('H', fcntl.ioctl(self._control, SIOCGIFFLAGS, request), 16)
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(self._control, SIOCSIFFLAGS, struct.pack('16sH22x', name.encode(), flags))

    def _vsctl(self, *commands: str) -> None:
        """Waits until ovs-vswitchd has done it, unless `--no-wait` is given."""
        self._run(['ovs-vsctl', '--timeout=10', *commands])

    def _bridge_of(self, switch: Switch) -> Iterator[str]:
        """What Mininet starts a switch with."""
        yield from ('--', '--may-exist', 'add-br', switch.name, '--', 'set', 'Bridge', switch.name)
        yield from switch.bridgeOpts().split()
        for interface in switch.intfList():
            # Port 0 is the loopback interface.
            if switch.ports[interface] > 0:
                yield from ('--', '--may-exist', 'add-port', switch.name, interface.name)
                yield from switch.intfOpts(interface).split()

    def _controller_of(self, switch: Switch) -> Iterator[str]:
        if self._controller is None:
            return
        # The switch tries again every second, not after the usual eight: a controller may come back.
        yield from ('--', f'--id=@{switch.name}', 'create', 'Controller', f'target="{self._controller}"')
        yield from ('max_backoff=1000', 'inactivity_probe=10000', 'connection_mode=out-of-band')
        yield from ('--', 'set', 'Bridge', switch.name, f'controller=@{switch.name}')


def names_of(link: Link) -> frozenset[str]:
    return frozenset((link.intf1.node.name, link.intf2.node.name))


def port_at(link: Link, name: str) -> int:
    (interface,) = (each for each in (link.intf1, link.intf2) if each.node.name == name)
    return interface.node.ports[interface]
