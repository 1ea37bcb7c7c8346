"""Writes what passes an interface to standard output as a pcap file, until SIGINT.

For labs of ordinary users: tcpdump, where it thinks that it is root, changes its groups, which the kernel lets nobody do
in the user namespace of such a lab. What this writes, a tcpdump outside of the lab reads.
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
# Packets that wait while this process does not run, in bytes.
QUEUE = 64 << 20
SO_RCVBUFFORCE = 33


def main(interface):
    # A signal that comes just before a call that blocks would be told of after it: it writes to a pipe instead.
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
    while True:
        ready, _, _ = select.select([packets, interrupt], [], [])
        if packets in ready:
            write_waiting(packets)
        if interrupt in ready:
            return


def write_waiting(packets):
    """Those that have arrived, up to a bound: who interrupts is not kept waiting."""
    for _ in range(1000):
        try:
            packet, ancillary, _, _ = packets.recvmsg(LONGEST, 64)
        except OSError:
            # There is none, or the interface is down for a while.
            return
        seconds, nanoseconds = struct.unpack('ll', ancillary[0][2])
        record = struct.pack('=IIII', seconds, nanoseconds // 1000, len(packet), len(packet)) + packet
        while record:
            record = record[os.write(1, record):]


if __name__ == '__main__':
    main(sys.argv[1])
