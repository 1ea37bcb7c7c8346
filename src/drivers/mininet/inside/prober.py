"""Pings all pairs of hosts in parallel, paced, from one process.

A raw ICMP socket stays in the network namespace in which it was made: the prober holds one in each host's namespace.
An echo request's payload names its run, its pair and its attempt, so that an answer is never taken for another's.
A pair's result is that of a ping alone: the two hosts know nothing of each other when it begins. A pair and its
reverse are never under way together, because one host would learn from the other's ARP request.
"""

import collections
import contextlib
import ctypes
import fcntl
import os
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from echo import Echoes
from host_sockets import bound_socket_in_host, in_thread, socket_in_host
from messages import HostState, Point, Probe, Probed, ProbeProgress
from pacing import Pacing, Rounds
from pairs import halves
from ways import Ways

# <linux/sockios.h>, <linux/if_arp.h>: where a `struct arpreq` has its flags, and what they are.
SIOCDARP, SIOCGARP = 0x8953, 0x8954
ARPREQ_FLAGS_AT, ATF_PERM = 32, 0x04
# <linux/sockios.h>, <linux/ethtool.h>
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17

# Unanswered probes whose ARP entries are kept, one at either host, and seconds for which they are kept. Linux counts
# the entries of all namespaces together, including other users', and refuses new ones beyond 1,024 (gc_thresh3): 33
# hosts would reach that.
MOST_REMEMBERED, ARP_ENTRY_LIFE = 200, 0.5
# Pairs that are passed over, in search of one that can be asked at once.
MOST_PASSED_OVER = 200


def sockaddr(ip: str) -> bytes:
    return struct.pack('=H2x4s8x', socket.AF_INET, socket.inet_aton(ip))


class Prober:
    def __init__(self, hosts: Mapping[str, tuple[int, bool, Sequence[str]]]) -> None:
        """hosts: by name, the process id of its shell, whether it is a router, and its links' interfaces"""
        self._pids = {name: pid for name, (pid, _, _) in hosts.items()}
        self._interfaces = {name: interfaces for name, (_, _, interfaces) in hosts.items()}
        self._sockets = in_thread(
            lambda: {name: socket_in_host(pid, is_router) for name, (pid, is_router, _) in hosts.items()}
        )

    def write_whole_checksums(self) -> None:
        """Has the hosts write the checksums of their TCP and UDP packets themselves. A veth interface leaves them to
        the device at its other end, but the userspace datapath does not write them: the receiver would drop every such
        packet."""
        off = ctypes.create_string_buffer(struct.pack('II', ETHTOOL_STXCSUM, 0))
        for host, interfaces in self._interfaces.items():
            for interface in interfaces:
                request = struct.pack('16sP16x', interface.encode(), ctypes.addressof(off))
                fcntl.ioctl(self._sockets[host], SIOCETHTOOL, request)

    def forget(self, host: str, neighbour: tuple[str, str]) -> None:
        """Removes a neighbour from the ARP cache of a host. An entry from before would hide that ARP fails now, and an
        unfinished resolution would wait a second before it asks again. Static entries are a part of what a host is, and
        stay."""
        interface, ip = neighbour
        request = sockaddr(ip) + bytes(16) + bytes(4) + bytes(16) + interface.encode().ljust(16, b'\0')
        with contextlib.suppress(OSError):
            entry = fcntl.ioctl(self._sockets[host], SIOCGARP, request)
            if not int.from_bytes(entry[ARPREQ_FLAGS_AT : ARPREQ_FLAGS_AT + 4], sys.byteorder) & ATF_PERM:
                fcntl.ioctl(self._sockets[host], SIOCDARP, request)

    def sockets_of(self, points: Sequence[Point]) -> list[socket.socket]:
        """For each point one, which shares that of its host where it needs no address of its own."""
        return in_thread(
            lambda: [
                bound_socket_in_host(self._pids[point['host']], point['ip'])
                if point['isSource'] and point['ip'] is not None
                else self._sockets[point['host']].dup()
                for point in points
            ]
        )

    def probe_all(
        self,
        request: Probe,
        states: Mapping[str, HostState],
        progress: Callable[[ProbeProgress], None],
        cancelled: threading.Event,
    ) -> Probed:
        """states: of all hosts. Raises InterruptedError when it is cancelled."""
        points, only = request['points'], request['only']
        indexes = {point['name']: index for index, point in enumerate(points)}
        wanted = None
        if only is not None:
            wanted = {indexes[pair['source']] * len(indexes) + indexes[pair['target']] for pair in only}
        sockets = self.sockets_of(points)
        try:
            ways = Ways(points, states)
            run = _Run(self, points, sockets, ways, request['reaction'], progress, cancelled)
            return run.result(halves(len(indexes), wanted))
        finally:
            for each in sockets:
                each.close()


class _Run:
    """One probe of many pairs (see `pairs.py`)."""

    def __init__(
        self,
        prober: Prober,
        points: Sequence[Point],
        sockets: Sequence[socket.socket],
        ways: Ways,
        reaction: float,
        progress: Callable[[ProbeProgress], None],
        cancelled: threading.Event,
    ) -> None:
        self.prober, self.sockets, self.ways = prober, sockets, ways
        self.progress, self.cancelled = progress, cancelled
        self.arp_entry_life = max(ARP_ENTRY_LIFE, reaction)
        self.addresses = [point['ip'] for point in points]
        self.count = len(points)
        self.echoes = Echoes(b'labctl' + os.urandom(4), '!IH')
        self.pacing = Pacing(reaction)
        # In seconds, by pair.
        self.round_trips: dict[int, float] = {}
        self.attempts: dict[int, int] = {}
        self.sent_at: dict[tuple[int, int], float] = {}
        # Pairs by when they were last asked, oldest first: those under way, and those with ARP entries to remove.
        self.flying: collections.OrderedDict[int, float] = collections.OrderedDict()
        self.remembered: collections.OrderedDict[int, float] = collections.OrderedDict()
        self.next_report = 0.0
        self.pairs = 0

    def result(self, halves: list[list[int]]) -> Probed:
        self.pairs = sum(map(len, halves))
        rounds = Rounds(self.pairs)
        with selectors.DefaultSelector() as selector:
            for index, icmp in enumerate(self.sockets):
                drain(icmp)
                selector.register(icmp, selectors.EVENT_READ, index)
            while rounds.begin():
                for pairs in halves:
                    self.probe(selector, pairs, rounds.number)
                # An answer may come while the other half is asked.
                halves = [self.unanswered(pairs) for pairs in halves]
                if rounds.end(sum(map(len, halves))):
                    # Their first requests were lost: there were too many.
                    self.pacing.slow_down()
        rows = range(self.count)
        return {
            'rttMs': [[self.round_trip_ms(source * self.count + target) for target in rows] for source in rows],
            'probes': [[self.attempts.get(source * self.count + target, 0) for target in rows] for source in rows],
        }

    def unanswered(self, pairs: list[int]) -> list[int]:
        return [pair for pair in pairs if pair not in self.round_trips]

    def round_trip_ms(self, pair: int) -> float | None:
        return round(self.round_trips[pair] * 1000, 3) if pair in self.round_trips else None

    def probe(self, selector: selectors.BaseSelector, pairs: list[int], number: int) -> None:
        """Asks each pair once and waits for the answers."""
        self.flying.clear()
        self.ways.clear()
        waiting = collections.deque(pairs)
        while waiting:
            self.check(number)
            while len(self.flying) < self.pacing.window:
                pair = self.next_of(waiting)
                if pair is None:
                    break
                self.send(pair, number)
                self.receive(selector, 0)
            self.receive(selector, 0.002)
            self.forget_old()
        last = time.monotonic()
        left = self.unanswered(pairs)
        while left and time.monotonic() - last < self.pacing.wait:
            self.check(number)
            if self.receive(selector, 0.02):
                left = self.unanswered(left)
            self.forget_old()
        for pair in self.remembered:
            self.forget(pair)
        self.remembered.clear()
        self.report(number)

    def next_of(self, waiting: collections.deque[int]) -> int | None:
        """Takes the first pair that can be asked now."""
        for _ in range(min(len(waiting), MOST_PASSED_OVER)):
            pair = waiting.popleft()
            if self.ways.is_free(pair):
                return pair
            waiting.append(pair)
        return None

    def forget(self, pair: int) -> None:
        for host, neighbour in self.ways.neighbours_of(pair):
            self.prober.forget(host, neighbour)

    def land(self, pair: int) -> bool:
        """A request is no longer under way. Returns whether it was."""
        if self.flying.pop(pair, None) is None:
            return False
        self.ways.leave(pair)
        return True

    def forget_old(self) -> None:
        now = time.monotonic()
        while self.flying and now - next(iter(self.flying.values())) > self.pacing.flight:
            self.land(next(iter(self.flying)))
        life = max(self.arp_entry_life, self.pacing.flight)
        while self.remembered and (
            len(self.remembered) > MOST_REMEMBERED or now - next(iter(self.remembered.values())) > life
        ):
            pair, _ = self.remembered.popitem(last=False)
            self.forget(pair)

    def check(self, number: int) -> None:
        if self.cancelled.is_set():
            raise InterruptedError('the probe was cancelled')
        if time.monotonic() >= self.next_report:
            self.report(number)

    def report(self, number: int) -> None:
        self.next_report = time.monotonic() + 0.1
        self.progress({'pairs': self.pairs, 'answered': len(self.round_trips), 'round': number})

    def send(self, pair: int, attempt: int) -> None:
        source, target = divmod(pair, self.count)
        message = self.echoes.request(attempt, pair, attempt)
        now = time.monotonic()
        self.forget(pair)
        self.attempts[pair] = attempt
        self.sent_at[pair, attempt] = now
        self.flying[pair] = self.remembered[pair] = now
        self.ways.enter(pair)
        address = self.addresses[target]
        if address is None:
            return
        try:
            self.sockets[source].sendto(message, (address, 0))
        except OSError:
            # A full queue, an unresolved neighbour or a route of the host's own (blackhole, prohibit) loses this
            # request, as a wire might; the next round asks again.
            pass

    def receive(self, selector: selectors.BaseSelector, timeout: float) -> bool:
        """Reads what has arrived; returns whether a pair was answered for the first time."""
        news = False
        for key, _ in selector.select(timeout):
            while True:
                try:
                    packet, (address, _) = self.sockets[key.data].recvfrom(2048)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                news = self.take(packet, address, key.data) or news
        return news

    def take(self, packet: bytes, address: str, receiver: int) -> bool:
        now = time.monotonic()
        answered = self.echoes.answered(packet)
        if answered is None:
            return False
        pair, attempt = answered
        source, target = divmod(pair, self.count)
        if source != receiver or target >= self.count or address != self.addresses[target]:
            return False
        sent = self.sent_at.get((pair, attempt))
        if sent is None:
            return False
        self.pacing.learn(now - sent)
        if self.land(pair):
            self.pacing.speed_up()
        elif pair not in self.round_trips:
            self.pacing.slow_down()
        if pair in self.round_trips:
            return False
        self.round_trips[pair] = now - sent
        if self.remembered.pop(pair, None) is not None:
            self.forget(pair)
        return True


def drain(icmp: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            icmp.recv(2048)
