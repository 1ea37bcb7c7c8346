"""Takes links and switches of a running Mininet network down, and up again."""

import fcntl
import itertools
import socket
import struct
import threading
import time

# <linux/sockios.h>, <linux/if.h>
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 1
# Seconds for which Open vSwitch has the machine to itself when something went down. It takes some 5 ms to notice that and
# have its groups take another way; a controller that computes meanwhile, on two CPUs, would keep it waiting.
HEAD_START = 0.02


class Faults:
    """What is down of a network. A link fault and a stopped switch may concern the same interfaces: they are up only when
    nothing takes them down any more."""

    def __init__(self, network, run):
        """run: runs a command, given as its argument vector, and raises where it fails"""
        self._network = network
        self._run = run
        self._links = set()
        self._stopped = set()
        self._controller = None
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._lock = threading.Lock()

    def connect(self, target):
        """Has every switch connect to this OpenFlow controller, e.g. `unix:/run/labctl/x/of.sock`; those that are stopped
        when they are started again."""
        with self._lock:
            self._controller = target
            running = [switch for switch in self._network.switches if switch.name not in self._stopped]
            self._vsctl('--no-wait', *itertools.chain(*map(self._controller_of, running)))

    def set_link(self, a, b, up):
        """Every link between two nodes."""
        with self._lock:
            (self._links.discard if up else self._links.add)(frozenset((a, b)))
            self._settle(link for link in self._network.links if names_of(link) == {a, b})
        if not up:
            time.sleep(HEAD_START)

    def set_switch(self, name, up):
        """A stopped switch is no more; its neighbours' ports lose their carrier first, so that they notice. One that is
        started again has its former DPID and port numbers, and nothing in its tables."""
        switch = self._network.nameToNode[name]
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

    def _settle(self, links):
        """An end that is down takes the other's carrier, as a cut cable does. The ends at hosts are left alone, which would
        else forget their routes."""
        for link in links:
            names = names_of(link)
            up = names not in self._links and not names & self._stopped
            for interface in (link.intf1, link.intf2):
                if interface.node in self._network.switches:
                    self._set_interface(interface.name, up)

    def _set_interface(self, name, up):
        request = struct.pack('16s24x', name.encode())
        (flags,) = struct.unpack_from('H', fcntl.ioctl(self._control, SIOCGIFFLAGS, request), 16)
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(self._control, SIOCSIFFLAGS, struct.pack('16sH22x', name.encode(), flags))

    def _vsctl(self, *commands):
        """Returns when ovs-vswitchd has done it, but for `--no-wait`."""
        self._run(['ovs-vsctl', '--timeout=10', *commands])

    def _bridge_of(self, switch):
        """What Mininet starts a switch with."""
        yield from ('--', '--may-exist', 'add-br', switch.name, '--', 'set', 'Bridge', switch.name)
        yield from switch.bridgeOpts().split()
        for interface in switch.intfList():
            # Port 0 is the loopback interface.
            if switch.ports[interface] > 0:
                yield from ('--', '--may-exist', 'add-port', switch.name, interface.name)
                yield from switch.intfOpts(interface).split()

    def _controller_of(self, switch):
        if self._controller is None:
            return
        # Tries again every second: a controller that comes back is not kept waiting for the usual eight.
        yield from ('--', f'--id=@{switch.name}', 'create', 'Controller', f'target="{self._controller}"')
        yield from ('max_backoff=1000', 'inactivity_probe=10000', 'connection_mode=out-of-band')
        yield from ('--', 'set', 'Bridge', switch.name, f'controller=@{switch.name}')


def names_of(link):
    return frozenset((link.intf1.node.name, link.intf2.node.name))


def limit_again(switch):
    """Open vSwitch takes what tc does from the interfaces that it is given. Mininet's own TCReapply would put them up,
    too."""
    from mininet.link import TCIntf

    for interface in switch.intfList():
        if isinstance(interface, TCIntf):
            interface.config(**{**interface.params, 'up': None})
