"""To which neighbour a host sends what is for an address, by its routes."""

import socket
import struct

from messages import HostState


def number_of(ip: str) -> int:
    number: int = struct.unpack('!I', socket.inet_aton(ip))[0]
    return number


class NextHops:
    def __init__(self, state: HostState) -> None:
        routes = sorted(state['routes'], key=lambda route: (-route['prefixLength'], route['metric']))
        own = addresses_of(state)
        # By its own address as the router, Linux sends to the link itself.
        self._routes = [
            (
                _mask(route['prefixLength']),
                number_of(route['destination']),
                route['interface'],
                None if route['via'] in own else route['via'],
            )
            for route in routes
        ]
        self.is_router = any(interface['forwards'] for interface in state['interfaces'])

    def to(self, ip: str) -> tuple[str, str] | None:
        """The interface by which it leaves, and the neighbour's address; None where no route leads there."""
        number = number_of(ip)
        for mask, destination, interface, via in self._routes:
            if number & mask == destination:
                return None if interface is None else (interface, via or ip)
        return None


def addresses_of(state: HostState) -> set[str]:
    """Those to which a host answers."""
    of_interfaces = (address['ip'] for interface in state['interfaces'] for address in interface['addresses'])
    return {*of_interfaces, *state['otherAddresses']}


def _mask(prefix_length: int) -> int:
    return (0xFFFFFFFF << (32 - prefix_length)) & 0xFFFFFFFF
