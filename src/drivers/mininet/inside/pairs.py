"""The ordered pairs of hosts. A pair is a number: source * hosts + target."""

from collections.abc import Container


def halves(hosts: int, wanted: Container[int] | None = None) -> list[list[int]]:
    """Two lists of all pairs (or of the wanted ones): a pair and its reverse are never in the same one. Pairs of one
    host stand far apart, to spread the load over the network."""
    half = [
        (source, (source + step) % hosts)
        for step in range(1, hosts // 2 + 1)
        for source in range(hosts)
        if 2 * step != hosts or source < step
    ]
    both = [[a * hosts + b for a, b in half], [b * hosts + a for a, b in half]]
    return both if wanted is None else [[pair for pair in pairs if pair in wanted] for pairs in both]
