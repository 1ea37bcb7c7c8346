"""What hosts are on the network, as Linux keeps it: addresses, routes, static ARP entries, whether they forward.

Asked over rtnetlink (man 7 rtnetlink) from sockets in the network namespaces of the hosts: three programs for each of a
thousand hosts would take seconds.
"""

import os
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from host_sockets import enter_network_of, in_thread
from messages import Address, HostState, Neighbour, Route

# <linux/netlink.h>
NLMSG_ERROR, NLMSG_DONE, NLM_F_REQUEST, NLM_F_DUMP = 2, 3, 0x01, 0x300
HEADER = struct.Struct('=IHHII')
# <linux/rtnetlink.h>: requests, which are answered by the message before them in the list
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETNETCONF = 18, 22, 26, 30, 82
# By request, the length of the structure in front of the attributes of an answer.
LENGTHS = {RTM_GETLINK: 16, RTM_GETADDR: 8, RTM_GETROUTE: 12, RTM_GETNEIGH: 12, RTM_GETNETCONF: 4}
IFLA_ADDRESS, IFLA_IFNAME = 1, 3
IFA_LOCAL = 2
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE = 1, 4, 5, 6, 7, 15
RT_TABLE_MAIN, RTN_UNICAST = 254, 1
NDA_DST, NDA_LLADDR = 1, 2
NUD_NOARP, NUD_PERMANENT, NTF_PROXY = 0x40, 0x80, 0x08
NETCONFA_IFINDEX, NETCONFA_FORWARDING = 1, 2
BROADCAST = b'\xff' * 6

Attributes = Mapping[int, bytes]


@dataclass(frozen=True)
class _Host:
    netlink: socket.socket
    interface: str


class HostStates:
    def __init__(self, hosts: Mapping[str, tuple[int, str]]) -> None:
        """hosts: by name, the process id of its shell and its interface"""
        self._hosts = in_thread(lambda: {name: _host_of(*host) for name, host in hosts.items()})
        self._lock = threading.Lock()

    def read(self) -> dict[str, HostState]:
        with self._lock:
            return {name: _state_of(host) for name, host in self._hosts.items()}


def _host_of(pid: int, interface: str) -> _Host:
    enter_network_of(pid)
    return _Host(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE), interface)


def _state_of(host: _Host) -> HostState:
    links = {
        struct.unpack_from('=i', head, 4)[0]: attributes for head, attributes in _ask(host.netlink, RTM_GETLINK)
    }
    own = next(
        (index for index, attributes in links.items() if _text(attributes.get(IFLA_IFNAME)) == host.interface), 0
    )
    addresses: list[Address] = []
    others: list[str] = []
    for head, attributes in _ask(host.netlink, RTM_GETADDR):
        _, prefix_length, _, _, index = struct.unpack('=BBBBI', head)
        local = socket.inet_ntoa(attributes[IFA_LOCAL])
        if index == own:
            addresses.append({'ip': local, 'prefixLength': prefix_length})
        elif not local.startswith('127.'):
            others.append(local)
    return {
        'mac': ':'.join(f'{octet:02x}' for octet in links.get(own, {}).get(IFLA_ADDRESS, b'')),
        'addresses': addresses,
        'otherAddresses': others,
        'routes': list(_routes(host.netlink, own)),
        'neighbours': list(_static_neighbours(host.netlink, own)),
        'forwards': _forwards(host.netlink, own),
    }


def _routes(netlink: socket.socket, own: int) -> Iterator[Route]:
    for head, attributes in _ask(netlink, RTM_GETROUTE):
        _, length, _, _, table, _, _, kind, _ = struct.unpack('=BBBBBBBBI', head)
        if _number(attributes.get(RTA_TABLE), table) != RT_TABLE_MAIN:
            continue
        is_way_out = kind == RTN_UNICAST and _number(attributes.get(RTA_OIF)) == own
        yield {
            'destination': socket.inet_ntoa(attributes.get(RTA_DST, bytes(4))),
            'prefixLength': length,
            'via': _address(attributes.get(RTA_GATEWAY)),
            'source': _address(attributes.get(RTA_PREFSRC)),
            'metric': _number(attributes.get(RTA_PRIORITY)),
            'leadsNowhere': not is_way_out,
        }


def _static_neighbours(netlink: socket.socket, own: int) -> Iterator[Neighbour]:
    for head, attributes in _ask(netlink, RTM_GETNEIGH):
        _, _, index, state, flags, _ = struct.unpack('=BxHiHBB', head)
        address = attributes.get(NDA_LLADDR, b'')
        if index != own or not state & (NUD_PERMANENT | NUD_NOARP) or flags & NTF_PROXY or len(address) != 6:
            continue
        # The kernel makes such entries for broadcast and multicast addresses that were sent to.
        ip = socket.inet_ntoa(attributes[NDA_DST])
        if int(ip.split('.')[0]) < 224 and address != BROADCAST:
            yield {'ip': ip, 'mac': ':'.join(f'{octet:02x}' for octet in address)}


def _forwards(netlink: socket.socket, own: int) -> bool:
    return any(
        _number(attributes.get(NETCONFA_IFINDEX)) == own and _number(attributes.get(NETCONFA_FORWARDING)) == 1
        for _, attributes in _ask(netlink, RTM_GETNETCONF)
    )


def _ask(netlink: socket.socket, request: int) -> Iterator[tuple[bytes, Attributes]]:
    """The structure and the attributes of each message of a dump, for IPv4."""
    body = struct.pack('=B', socket.AF_INET).ljust(LENGTHS[request], b'\0')
    netlink.send(HEADER.pack(HEADER.size + len(body), request, NLM_F_REQUEST | NLM_F_DUMP, 0, 0) + body)
    while True:
        data = netlink.recv(1 << 18)
        while data:
            length, kind, _, _, _ = HEADER.unpack_from(data)
            message, data = data[HEADER.size : length], data[_aligned(length) :]
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                number = -struct.unpack_from('=i', message)[0]
                raise OSError(number, f'rtnetlink: {os.strerror(number)}')
            head = LENGTHS[request]
            yield message[:head], dict(_attributes(message[_aligned(head) :]))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        yield kind & 0x3FFF, data[4:length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _number(value: bytes | None, otherwise: int = 0) -> int:
    return otherwise if value is None else int(struct.unpack('=I', value)[0])


def _address(value: bytes | None) -> str | None:
    return None if value is None else socket.inet_ntoa(value)


def _text(value: bytes | None) -> str:
    return '' if value is None else value.rstrip(b'\0').decode()
