"""Sockets in the network namespaces of hosts. A socket stays in the namespace in which it was made."""

import concurrent.futures
import ctypes
import os
import socket
import struct
from collections.abc import Callable
from typing import TypeVar

from echo import ECHO_REPLY

Result = TypeVar('Result')

CLONE_NEWNET = 0x40000000
# <linux/icmp.h>, <linux/socket.h>; Python's socket module does not name them.
SOL_RAW, ICMP_FILTER = 255, 1

_setns = ctypes.CDLL(None, use_errno=True).setns

# A new namespace takes these values from the machine. A host accepts packets on any path, and goes by its own routes: a
# router that has it send by another way would make each ping another. Routers do not try: they send redirects at times
# and not at others, and ask for MAC addresses to do so.
INTERFACE_SETTINGS = {'rp_filter': '0', 'accept_redirects': '0', 'send_redirects': '0'}
SETTINGS = '/proc/sys/net/ipv4'


def enter_network_of(pid: int) -> None:
    """Moves this thread into the network namespace of a process."""
    with open(f'/proc/{pid}/ns/net', 'rb') as namespace:
        if _setns(namespace.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f'cannot enter the network of process {pid}: {os.strerror(number)}')


def in_thread(work: Callable[[], Result]) -> Result:
    """Does work in a thread of its own, which may move to other namespaces."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def socket_in_namespace_of(pid: int) -> socket.socket:
    """A raw ICMP socket in the network namespace of a process. Call it in a thread of its own: it moves there."""
    enter_network_of(pid)
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.setblocking(False)
    # Only echo replies: otherwise a raw socket gets a copy of every ICMP message of its host.
    icmp.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack('I', 0xFFFFFFFF & ~(1 << ECHO_REPLY)))
    return icmp


def socket_in_host(pid: int, is_router: bool) -> socket.socket:
    """Likewise, and makes the namespace that of a host. Docker makes the machine a router, and so a new namespace."""
    icmp = socket_in_namespace_of(pid)
    # This folder belongs to the namespace in which the thread is.
    _write(f'{SETTINGS}/ip_forward', '1' if is_router else '0')
    for interface in os.listdir(f'{SETTINGS}/conf'):
        for setting, value in INTERFACE_SETTINGS.items():
            _write(f'{SETTINGS}/conf/{interface}/{setting}', value)
    return icmp


def bound_socket_in_host(pid: int, address: str) -> socket.socket:
    """One that sends from an address of the host."""
    icmp = socket_in_namespace_of(pid)
    icmp.bind((address, 0))
    return icmp


def _write(path: str, value: str) -> None:
    with open(path, 'w') as file:
        file.write(value)
