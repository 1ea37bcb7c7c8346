"""Writes what passes an interface to standard output as a pcap file, until SIGINT.

For labs of ordinary users. There tcpdump believes that it is root and changes its groups, which the kernel forbids in
the user namespace of such a lab. A tcpdump outside of the lab reads what this writes.
usage: capturer.py INTERFACE
"""

import os
import select
import signal
import socket
import struct
import sys

# <linux/if_ether.h>, <asm-generic/socket.h>
ETH_P_ALL, SO_TIMESTAMPNS = 3, 35
# The format of pcap: its magic number, version 2.4, no time zone, the longest packet, Ethernet.
LONGEST, ETHERNET = 262144, 1
HEADER = struct.pack('=IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, LONGEST, ETHERNET)
# In bytes, for packets that wait while this process does not run.
QUEUE = 64 << 20
SO_RCVBUFFORCE = 33


def main(interface: str) -> None:
    # Python would notice a signal only after a call that blocks. A signal writes to this pipe at once.
    interrupt, wake = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    packets.setblocking(False)
    try:
        packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE)
    except PermissionError:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE)
    packets.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    packets.bind((interface, ETH_P_ALL))
    os.write(1, HEADER)
    print(f'listening on {interface}', file=sys.stderr, flush=True)
    awaited: list[socket.socket | int] = [packets, interrupt]
    while True:
        ready, _, _ = select.select(awaited, [], [])
        if packets in ready:
            write_waiting(packets)
        if interrupt in ready:
            return


def record_of(packet: bytes, seconds: int, nanoseconds: int) -> bytes:
    """A packet as a pcap file has it."""
    return struct.pack('=IIII', seconds, nanoseconds // 1000, len(packet), len(packet)) + packet


def write_waiting(packets: socket.socket) -> None:
    """Writes the packets that have arrived. There is a limit, so that an interrupt does not have to wait."""
    for _ in range(1000):
        try:
            packet, ancillary, _, _ = packets.recvmsg(LONGEST, 64)
        except OSError:
            # There is none, or the interface is down.
            return
        record = record_of(packet, *struct.unpack('ll', ancillary[0][2]))
        while record:
            record = record[os.write(1, record):]


if __name__ == '__main__':
    main(sys.argv[1])
