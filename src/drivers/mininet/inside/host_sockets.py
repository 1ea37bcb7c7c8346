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

# A new namespace takes these values from the machine. A host must be no router (Docker makes the machine one), and must
# accept packets on any path.
HOST_SETTINGS = {'ip_forward': '0', 'conf/all/rp_filter': '0', 'conf/default/rp_filter': '0'}


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


def socket_in_host(pid: int, interface: str) -> socket.socket:
    """Likewise, and makes the namespace that of a host."""
    icmp = socket_in_namespace_of(pid)
    # This folder belongs to the namespace in which the thread is.
    for setting, value in {**HOST_SETTINGS, f'conf/{interface}/rp_filter': '0'}.items():
        with open(f'/proc/sys/net/ipv4/{setting}', 'w') as file:
            file.write(value)
    return icmp
