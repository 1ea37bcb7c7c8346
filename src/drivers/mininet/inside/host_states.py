"""What hosts are on the network, as Linux keeps it: interfaces with addresses and static ARP entries, and routes.

Asked over rtnetlink (man 7 rtnetlink) from sockets in the network namespaces of the hosts: three programs for each of a
thousand hosts would take seconds.
"""

import os
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from host_sockets import SETTINGS, enter_network_of, in_thread
from messages import Address, HostState, Interface, Neighbour, Route

# <linux/netlink.h>
NLMSG_ERROR, NLMSG_DONE, NLM_F_REQUEST, NLM_F_DUMP = 2, 3, 0x01, 0x300
HEADER = struct.Struct('=IHHII')
# <linux/rtnetlink.h>: requests, which are answered by the message before them in the list
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETNETCONF = 18, 22, 26, 30, 82
# By request, the length of the structure in front of the attributes of an answer.
LENGTHS = {RTM_GETLINK: 16, RTM_GETADDR: 8, RTM_GETROUTE: 12, RTM_GETNEIGH: 12, RTM_GETNETCONF: 4}
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_AF_SPEC = 1, 3, 5, 18, 26
# <linux/if_link.h>, <linux/if.h>: what is nested in them, and where a `struct ifinfomsg` has its flags.
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_VLAN_ID, IFLA_INET_CONF = 1, 2, 1, 1
FLAGS_AT, IFF_UP = 8, 1
# <linux/ip.h>: settings of an interface, from 1.
IPV4_DEVCONF_ARP_ANNOUNCE, IPV4_DEVCONF_ARP_IGNORE = 18, 19
IFA_LOCAL = 2
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_TABLE = 1, 4, 5, 6, 7, 15
RT_TABLE_MAIN, RTN_UNICAST = 254, 1
NDA_DST, NDA_LLADDR = 1, 2
NUD_NOARP, NUD_PERMANENT, NTF_PROXY = 0x40, 0x80, 0x08
NETCONFA_IFINDEX, NETCONFA_FORWARDING, NETCONFA_RP_FILTER = 1, 2, 3
# Of all interfaces together.
NETCONFA_IFINDEX_ALL = 0xFFFFFFFF
BROADCAST = b'\xff' * 6

Attributes = Mapping[int, bytes]


@dataclass(frozen=True)
class _Host:
    netlink: socket.socket
    # Of each link, its interface's name, and the port.
    ports: Mapping[str, int]
    # Files of the settings for all interfaces, which belong to the namespace in which they were opened.
    arp_ignore: int
    arp_announce: int


class HostStates:
    def __init__(self, hosts: Mapping[str, tuple[int, Mapping[str, int]]]) -> None:
        """hosts: by name, the process id of its shell, and the ports of its links by the names of their interfaces"""
        self._hosts = in_thread(lambda: {name: _host_of(*host) for name, host in hosts.items()})
        self._lock = threading.Lock()

    def read(self) -> dict[str, HostState]:
        with self._lock:
            return {name: _state_of(host) for name, host in self._hosts.items()}


def _host_of(pid: int, ports: Mapping[str, int]) -> _Host:
    enter_network_of(pid)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    ignore, announce = (
        os.open(f'{SETTINGS}/conf/all/{setting}', os.O_RDONLY) for setting in ('arp_ignore', 'arp_announce')
    )
    return _Host(netlink, ports, ignore, announce)


def _state_of(host: _Host) -> HostState:
    interfaces = _interfaces(host)
    others: list[str] = []
    for head, attributes in _ask(host.netlink, RTM_GETADDR):
        _, prefix_length, _, _, index = struct.unpack('=BBBBI', head)
        local = socket.inet_ntoa(attributes[IFA_LOCAL])
        if index in interfaces:
            address: Address = {'ip': local, 'prefixLength': prefix_length}
            interfaces[index]['addresses'].append(address)
        elif not local.startswith('127.'):
            others.append(local)
    for index, neighbour in _static_neighbours(host.netlink):
        if index in interfaces:
            interfaces[index]['neighbours'].append(neighbour)
    ordered = sorted(interfaces.values(), key=lambda each: (each['port'], each['vlan'] or 0))
    return {
        'interfaces': ordered,
        'otherAddresses': others,
        'routes': list(_routes(host.netlink, {index: each['name'] for index, each in interfaces.items()})),
    }


def _interfaces(host: _Host) -> dict[int, Interface]:
    """By their indexes, those that are up."""
    links = {struct.unpack_from('=i', head, 4)[0]: (head, link) for head, link in _ask(host.netlink, RTM_GETLINK)}
    names = {index: _text(link.get(IFLA_IFNAME)) for index, (_, link) in links.items()}
    settings = {
        _number(each.get(NETCONFA_IFINDEX)): each for _, each in _ask(host.netlink, RTM_GETNETCONF)
    }
    for_all = settings.get(NETCONFA_IFINDEX_ALL, {})
    filter_of_all = _number(for_all.get(NETCONFA_RP_FILTER))
    ignore_of_all, announce_of_all = (int(os.pread(file, 16, 0)) for file in (host.arp_ignore, host.arp_announce))
    interfaces: dict[int, Interface] = {}
    for index, (head, link) in links.items():
        vlan = _vlan(link)
        port = host.ports.get(names[index] if vlan is None else names.get(_number(link.get(IFLA_LINK)), ''))
        (flags,) = struct.unpack_from('=I', head, FLAGS_AT)
        if port is None or not flags & IFF_UP:
            continue
        own = settings.get(index, {})
        interfaces[index] = {
            'name': names[index],
            'port': port,
            'vlan': vlan,
            'mac': ':'.join(f'{octet:02x}' for octet in link.get(IFLA_ADDRESS, b'')),
            'addresses': [],
            'neighbours': [],
            'forwards': _number(own.get(NETCONFA_FORWARDING)) == 1,
            'reversePathFilter': max(_number(own.get(NETCONFA_RP_FILTER)), filter_of_all),
            'arpIgnore': max(_setting(link, IPV4_DEVCONF_ARP_IGNORE), ignore_of_all),
            'arpAnnounce': max(_setting(link, IPV4_DEVCONF_ARP_ANNOUNCE), announce_of_all),
        }
    return interfaces


def _vlan(link: Attributes) -> int | None:
    """The id of the VLAN whose interface this is."""
    info = dict(_attributes(link.get(IFLA_LINKINFO, b'')))
    if _text(info.get(IFLA_INFO_KIND)) != 'vlan':
        return None
    value = dict(_attributes(info.get(IFLA_INFO_DATA, b''))).get(IFLA_VLAN_ID)
    return None if value is None else int(struct.unpack_from('=H', value)[0])


def _setting(link: Attributes, number: int) -> int:
    for_ipv4 = dict(_attributes(link.get(IFLA_AF_SPEC, b''))).get(socket.AF_INET, b'')
    values = dict(_attributes(for_ipv4)).get(IFLA_INET_CONF, b'')
    offset = 4 * (number - 1)
    return int(struct.unpack_from('=i', values, offset)[0]) if len(values) >= offset + 4 else 0


def _routes(netlink: socket.socket, names: Mapping[int, str]) -> Iterator[Route]:
    """names: of interfaces"""
    for head, attributes in _ask(netlink, RTM_GETROUTE):
        _, length, _, _, table, _, _, kind, _ = struct.unpack('=BBBBBBBBI', head)
        if _number(attributes.get(RTA_TABLE), table) != RT_TABLE_MAIN:
            continue
        out = names.get(_number(attributes.get(RTA_OIF))) if kind == RTN_UNICAST else None
        yield {
            'destination': socket.inet_ntoa(attributes.get(RTA_DST, bytes(4))),
            'prefixLength': length,
            'via': _address(attributes.get(RTA_GATEWAY)),
            'source': _address(attributes.get(RTA_PREFSRC)),
            'metric': _number(attributes.get(RTA_PRIORITY)),
            'interface': out,
        }


def _static_neighbours(netlink: socket.socket) -> Iterator[tuple[int, Neighbour]]:
    """Each with the index of its interface."""
    for head, attributes in _ask(netlink, RTM_GETNEIGH):
        _, _, index, state, flags, _ = struct.unpack('=BxHiHBB', head)
        address = attributes.get(NDA_LLADDR, b'')
        if not state & (NUD_PERMANENT | NUD_NOARP) or flags & NTF_PROXY or len(address) != 6:
            continue
        # The kernel makes such entries for broadcast and multicast addresses that were sent to.
        ip = socket.inet_ntoa(attributes[NDA_DST])
        if int(ip.split('.')[0]) < 224 and address != BROADCAST:
            yield index, {'ip': ip, 'mac': ':'.join(f'{octet:02x}' for octet in address)}


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
