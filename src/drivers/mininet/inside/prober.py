"""Pings all pairs of hosts in parallel, paced, from one process.

A raw ICMP socket stays in the network namespace in which it was made: the prober holds one in each host's namespace.
An echo request's payload names its run, its pair and its attempt, so that an answer is never taken for another's.
A pair's result is that of a ping alone: the two hosts know nothing of each other when it begins, and a pair and its
reverse are never under way together, as the one host would learn from the other's ARP request.
"""

import collections
import contextlib
import ctypes
import fcntl
import os
import selectors
import socket
import struct
import threading
import time

CLONE_NEWNET = 0x40000000
# <linux/icmp.h>, <linux/socket.h>; Python's socket module does not name them.
SOL_RAW, ICMP_FILTER = 255, 1
SIOCDARP = 0x8953
# <linux/sockios.h>, <linux/ethtool.h>
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
ECHO_REQUEST, ECHO_REPLY = 8, 0
MAGIC = b'labctl'

# A pair is unreachable after this many unanswered probes, the last rounds of which brought no pair back.
LEAST_ROUNDS, BARREN_ROUNDS, MOST_ROUNDS = 4, 2, 12
# Probes under way at once: grows while answers come in time, halves when one comes late or was lost. Userspace Open
# vSwitch sets up some 5,000 new flows a second on two cores, and loses packets that find its queues full.
FIRST_WINDOW, LEAST_WINDOW, LARGEST_WINDOW = 64, 8, 192
# Seconds after which a probe is no longer under way: TCP's estimate (RFC 6298) within these bounds.
SHORTEST_FLIGHT, LONGEST_FLIGHT = 0.05, 1.0
# Probes without an answer whose ARP entries are kept, one at either host, and the seconds for which they are. Linux
# counts the entries of all namespaces together, other users' too, and refuses new ones beyond 1,024 (gc_thresh3): 33
# hosts would reach that.
MOST_REMEMBERED, ARP_ENTRY_LIFE = 200, 0.5
# Seconds to wait for answers after the last request of a round's half: some round trips, within bounds.
SHORTEST_WAIT, LONGEST_WAIT, WAIT_IN_ROUND_TRIPS = 0.1, 2.0, 4

_setns = ctypes.CDLL(None, use_errno=True).setns


# What makes a host a host whatever the machine is, from which new namespaces take their values: no router (Docker makes
# the machine one), and no judge of the way by which packets come.
HOST_SETTINGS = {'ip_forward': '0', 'conf/all/rp_filter': '0', 'conf/default/rp_filter': '0'}


def socket_in_namespace_of(pid):
    """A raw ICMP socket in the network namespace of a process. Call it in a thread of its own: it moves there."""
    with open(f'/proc/{pid}/ns/net', 'rb') as namespace:
        if _setns(namespace.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f'cannot enter the network of process {pid}: {os.strerror(number)}')
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.setblocking(False)
    # Only echo replies: a raw socket would otherwise get a copy of every ICMP message of its host.
    icmp.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack('I', 0xFFFFFFFF & ~(1 << ECHO_REPLY)))
    return icmp


def socket_in_host(pid, interface):
    """Likewise, and makes the namespace that of a host."""
    icmp = socket_in_namespace_of(pid)
    # This folder is that of the namespace in which the thread is.
    for setting, value in {**HOST_SETTINGS, f'conf/{interface}/rp_filter': '0'}.items():
        with open(f'/proc/sys/net/ipv4/{setting}', 'w') as file:
            file.write(value)
    return icmp


def checksum(data):
    """RFC 1071, for data of even length."""
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def sockaddr(ip):
    return struct.pack('=H2x4s8x', socket.AF_INET, socket.inet_aton(ip))


class Prober:
    def __init__(self, hosts):
        """hosts: {name: (process id of its shell, IPv4 address, interface)}"""
        self._names = list(hosts)
        self._addresses = [address for _, address, _ in hosts.values()]
        # The end of a `struct arpreq`, which names the interface.
        self._interfaces = [interface.encode().ljust(16, b'\0') for _, _, interface in hosts.values()]
        self._forgettable = [sockaddr(address) + bytes(16) + bytes(4) + bytes(16) for address in self._addresses]
        self._sockets = []
        failures = []

        def open_sockets():
            try:
                self._sockets = [socket_in_host(pid, interface) for pid, _, interface in hosts.values()]
            except Exception as error:
                failures.append(error)

        opener = threading.Thread(target=open_sockets)
        opener.start()
        opener.join()
        if failures:
            raise failures[0]

    def write_whole_checksums(self):
        """Has the hosts write the checksums of their TCP and UDP packets themselves. A veth interface leaves them to the
        device at its other end, and the userspace datapath to nobody: the receiver would drop every such packet."""
        off = ctypes.create_string_buffer(struct.pack('II', ETHTOOL_STXCSUM, 0))
        for host, interface in zip(self._sockets, self._interfaces):
            fcntl.ioctl(host, SIOCETHTOOL, struct.pack('16sP16x', interface, ctypes.addressof(off)))

    def _forget(self, pair):
        """Takes the hosts of a pair out of each other's ARP caches: what was learnt earlier must not hide that ARP fails
        now, and an unfinished resolution would wait a second before it asks again."""
        source, target = divmod(pair, len(self._names))
        for host, other in ((source, target), (target, source)):
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._sockets[host], SIOCDARP, self._forgettable[other] + self._interfaces[host])

    def probe_all(self, reaction, progress, cancelled, only=None):
        """Returns {"rttMs": rows of round trips or null, "probes": rows of counts}; rows and columns in host order.

        reaction: seconds that the network may take for the first packet of a pair, where its controller reacts to it or
        its links delay it.
        only: names of source and target of the pairs to probe; all pairs without it."""
        names = {name: index for index, name in enumerate(self._names)}
        wanted = only and {names[source] * len(names) + names[target] for source, target in only}
        return _Run(self, reaction, progress, cancelled).result(wanted)


class _Run:
    """One probe of many pairs. A pair is a number: source * hosts + target."""

    def __init__(self, prober, reaction, progress, cancelled):
        self.prober, self.progress, self.cancelled = prober, progress, cancelled
        self.shortest_wait = max(SHORTEST_WAIT, reaction)
        self.arp_entry_life = max(ARP_ENTRY_LIFE, reaction)
        self.count = len(prober._names)
        self.identity = os.urandom(4)
        self.icmp_id = struct.unpack('!H', os.urandom(2))[0]
        self.round_trips = {}
        self.attempts = {}
        self.sent_at = {}
        self.window = FIRST_WINDOW
        self.flight = SHORTEST_FLIGHT
        self.smoothed, self.variation = None, 0.0
        self.slowest = 0.0
        # Pairs by when they were last asked, oldest first: those under way, and those with ARP entries to take out.
        self.flying = collections.OrderedDict()
        self.remembered = collections.OrderedDict()
        self.next_report = 0.0
        self.pairs = 0

    def result(self, wanted):
        count = self.count
        # Of a pair and its reverse one is in either half. Pairs of one host stand far apart, so that the load is spread
        # over the network.
        half = [
            (source, (source + step) % count)
            for step in range(1, count // 2 + 1)
            for source in range(count)
            if 2 * step != count or source < step
        ]
        halves = [[a * count + b for a, b in half], [b * count + a for a, b in half]]
        if wanted is not None:
            halves = [[pair for pair in pairs if pair in wanted] for pairs in halves]
        self.pairs = left = sum(map(len, halves))
        with selectors.DefaultSelector() as selector:
            for index, icmp in enumerate(self.prober._sockets):
                self.drain(icmp)
                selector.register(icmp, selectors.EVENT_READ, index)
            number = barren = 0
            while left and number < MOST_ROUNDS and not (number >= LEAST_ROUNDS and barren >= BARREN_ROUNDS):
                number += 1
                for pairs in halves:
                    self.probe(selector, pairs, number)
                # An answer may come while the other half is asked.
                halves = [self.unanswered(pairs) for pairs in halves]
                before, left = left, sum(map(len, halves))
                recovered = number > 1 and left < before
                barren = 0 if recovered else barren + 1
                if recovered:
                    # Their first probes were lost: there were too many.
                    self.slow_down()
        rows = range(count)
        return {
            'hosts': self.prober._names,
            'rttMs': [[self.round_trip_ms(source * count + target) for target in rows] for source in rows],
            'probes': [[self.attempts.get(source * count + target, 0) for target in rows] for source in rows],
        }

    def unanswered(self, pairs):
        return [pair for pair in pairs if pair not in self.round_trips]

    def round_trip_ms(self, pair):
        return round(self.round_trips[pair] * 1000, 3) if pair in self.round_trips else None

    def probe(self, selector, pairs, number):
        """Asks each pair once and waits for the answers."""
        self.flying.clear()
        waiting = iter(pairs)
        pending = next(waiting, None)
        while pending is not None:
            self.check(number)
            while pending is not None and len(self.flying) < self.window:
                self.send(pending, number)
                pending = next(waiting, None)
                self.receive(selector, 0)
            self.receive(selector, 0.002)
            self.forget_old()
        last = time.monotonic()
        left = self.unanswered(pairs)
        while left and time.monotonic() - last < self.wait_for_answers():
            self.check(number)
            if self.receive(selector, 0.02):
                left = self.unanswered(left)
            self.forget_old()
        for pair in self.remembered:
            self.prober._forget(pair)
        self.remembered.clear()
        self.report(number)

    def wait_for_answers(self):
        return max(self.shortest_wait, min(self.slowest * WAIT_IN_ROUND_TRIPS, LONGEST_WAIT))

    def forget_old(self):
        now = time.monotonic()
        while self.flying and now - next(iter(self.flying.values())) > self.flight:
            self.flying.popitem(last=False)
        while self.remembered and (
            len(self.remembered) > MOST_REMEMBERED or now - next(iter(self.remembered.values())) > self.arp_entry_life
        ):
            pair, _ = self.remembered.popitem(last=False)
            self.prober._forget(pair)

    def slow_down(self):
        self.window = max(LEAST_WINDOW, self.window / 2)

    def check(self, number):
        if self.cancelled.is_set():
            raise InterruptedError('the probe was cancelled')
        if time.monotonic() >= self.next_report:
            self.report(number)

    def report(self, number):
        self.next_report = time.monotonic() + 0.1
        self.progress({'pairs': self.pairs, 'answered': len(self.round_trips), 'round': number})

    def learn(self, round_trip):
        """RFC 6298, section 2: the time after which an answer is not to be expected any more."""
        self.slowest = max(self.slowest, round_trip)
        if self.smoothed is None:
            self.smoothed, self.variation = round_trip, round_trip / 2
        else:
            self.variation += (abs(self.smoothed - round_trip) - self.variation) / 4
            self.smoothed += (round_trip - self.smoothed) / 8
        self.flight = min(max(SHORTEST_FLIGHT, self.smoothed + 4 * self.variation), LONGEST_FLIGHT)

    def send(self, pair, attempt):
        source, target = divmod(pair, self.count)
        payload = MAGIC + self.identity + struct.pack('!IH', pair, attempt)
        header = struct.pack('!BBHHH', ECHO_REQUEST, 0, 0, self.icmp_id, attempt)
        message = struct.pack('!BBHHH', ECHO_REQUEST, 0, checksum(header + payload), self.icmp_id, attempt) + payload
        now = time.monotonic()
        self.prober._forget(pair)
        self.attempts[pair] = attempt
        self.sent_at[pair, attempt] = now
        self.flying[pair] = self.remembered[pair] = now
        try:
            self.prober._sockets[source].sendto(message, (self.prober._addresses[target], 0))
        except OSError:
            # A full queue, an unresolved neighbour or a route of the host's own (blackhole, prohibit) loses this probe, as
            # a wire might; the next round asks again.
            pass

    def receive(self, selector, timeout):
        """Reads what has arrived; returns whether a pair was answered for the first time."""
        news = False
        for key, _ in selector.select(timeout):
            while True:
                try:
                    packet, (address, _) = key.fileobj.recvfrom(2048)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                news = self.take(packet, address, key.data) or news
        return news

    def take(self, packet, address, receiver):
        now = time.monotonic()
        icmp = packet[(packet[0] & 15) * 4:]
        if len(icmp) < 24 or icmp[0] != ECHO_REPLY or icmp[8:14] != MAGIC or icmp[14:18] != self.identity:
            return False
        pair, attempt = struct.unpack('!IH', icmp[18:24])
        source, target = divmod(pair, self.count)
        if source != receiver or target >= self.count or address != self.prober._addresses[target]:
            return False
        sent = self.sent_at.get((pair, attempt))
        if sent is None:
            return False
        self.learn(now - sent)
        if self.flying.pop(pair, None) is not None:
            self.window = min(LARGEST_WINDOW, self.window + 1 / 4)
        elif pair not in self.round_trips:
            self.slow_down()
        if pair in self.round_trips:
            return False
        self.round_trips[pair] = now - sent
        if self.remembered.pop(pair, None) is not None:
            self.prober._forget(pair)
        return True

    @staticmethod
    def drain(icmp):
        with contextlib.suppress(BlockingIOError):
            while True:
                icmp.recv(2048)
