"""By which hosts and neighbours the packets of pairs go, so that pairs that are asked at once teach each other nothing.

A host learns the MAC address of a neighbour by asking for it, and the neighbour learns that of the host. Pairs whose
first packet between two hosts goes the same way may be under way together: each would ask the same, and is answered the
same. One that goes the other way waits. Of pairs by routers, and of hosts with several addresses, those with an end in
common wait too: an end may send to them from different addresses.
"""

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from messages import HostState, Point
from next_hops import NextHops, addresses_of

# Hosts of a way; routers may send to each other in a circle.
MOST_HOPS = 64
# Ways that are kept, of which a pair needs its own several times.
MOST_WAYS = 10_000


class Hop(NamedTuple):
    """From a host to the next on the way."""

    host: str
    # By which it leaves, and the address for whose MAC address it asks.
    neighbour: tuple[str, str]
    # The host that has that address; the address itself where none has.
    next: str


class _Way(NamedTuple):
    # There and back.
    hops: Sequence[Hop]
    # Between two hosts only the first: from which to which.
    steps: frozenset[tuple[str, str]]
    # Hosts that no other way may have as an end meanwhile.
    ends: frozenset[str]


class Ways:
    def __init__(self, points: Sequence[Point], states: Mapping[str, HostState]) -> None:
        self._hosts = [point['host'] for point in points]
        self._addresses = [point['ip'] for point in points]
        self._next_hops = {name: NextHops(state) for name, state in states.items()}
        self._owners = {ip: name for name, state in states.items() for ip in addresses_of(state)}
        self._routers = [name for name, hops in self._next_hops.items() if hops.is_router]
        self._have_several = len(set(self._hosts)) < len(self._hosts)
        # `pairs.py` keeps a pair and its reverse apart. That is all for hosts with one address each, without routers.
        self._is_simple = not self._routers and not self._have_several
        self._ways: dict[int, _Way] = {}
        # Of pairs that are under way: how many make each step, and ends of ways by routers.
        self._steps: collections.Counter[tuple[str, str]] = collections.Counter()
        self._busy: set[str] = set()

    def clear(self) -> None:
        """No pair is under way."""
        self._steps.clear()
        self._busy.clear()

    def is_free(self, pair: int) -> bool:
        """Whether a pair can be asked now."""
        if self._is_simple:
            return True
        way = self._way_of(pair)
        return self._busy.isdisjoint(way.ends) and not any(self._steps[b, a] for a, b in way.steps)

    def enter(self, pair: int) -> None:
        """It is under way."""
        if not self._is_simple:
            way = self._way_of(pair)
            self._steps.update(way.steps)
            self._busy.update(way.ends)

    def leave(self, pair: int) -> None:
        if not self._is_simple:
            way = self._way_of(pair)
            self._steps.subtract(way.steps)
            self._busy.difference_update(way.ends)

    def neighbours_of(self, pair: int) -> Iterator[tuple[str, tuple[str, str]]]:
        """Hosts, and neighbours of theirs by interface and address: those that they may know by the pair, and that no
        pair under way needs."""
        if self._is_simple:
            yield from ((hop.host, hop.neighbour) for hop in self._hops_of(pair))
            return
        source, target = divmod(pair, len(self._hosts))
        hops = {*self._way_of(pair).hops}
        if self._way_of(pair).ends:
            # Entries may send its packets to other routers.
            hops.update(
                hop for router in self._routers for end in (source, target) for hop in self._hop(router, end)
            )
        for host, neighbour, other in hops:
            if not self._steps[host, other] and not self._steps[other, host]:
                yield host, neighbour

    def _way_of(self, pair: int) -> _Way:
        known = self._ways.get(pair)
        if known is not None:
            return known
        source, target = divmod(pair, len(self._hosts))
        ends = {self._hosts[source], self._hosts[target]}
        hops = [*self._hops(source, target), *self._hops(target, source)]
        steps: dict[frozenset[str], tuple[str, str]] = {}
        for host, _, other in hops:
            steps.setdefault(frozenset((host, other)), (host, other))
        is_by_router = not ends.isdisjoint(self._routers) or any({host, other} != ends for host, _, other in hops)
        way = _Way(hops, frozenset(steps.values()), frozenset(ends if is_by_router or self._have_several else ()))
        if len(self._ways) >= MOST_WAYS:
            self._ways.clear()
        self._ways[pair] = way
        return way

    def _hops_of(self, pair: int) -> Iterator[Hop]:
        """Of the ends alone, there and back."""
        source, target = divmod(pair, len(self._hosts))
        yield from self._hop(self._hosts[source], target)
        yield from self._hop(self._hosts[target], source)

    def _hops(self, source: int, target: int) -> Iterator[Hop]:
        """As far as routes lead."""
        host = self._hosts[source]
        for _ in range(MOST_HOPS):
            if host == self._hosts[target] or host not in self._next_hops:
                return
            hop = next(self._hop(host, target), None)
            if hop is None:
                return
            yield hop
            host = hop.next

    def _hop(self, host: str, target: int) -> Iterator[Hop]:
        address = self._addresses[target]
        neighbour = None if address is None else self._next_hops[host].to(address)
        if neighbour is not None:
            yield Hop(host, neighbour, self._owners.get(neighbour[1], neighbour[1]))
