"""The order in which a java.util.HashMap of strings lists its keys.

It matters: Floodlight reads a posted entry in this order and stops at the first bad value, and lists entries so.
"""

import struct


def in_java_order(keys):
    keys = list(keys)
    buckets = 16
    while len(keys) > buckets * 0.75:
        buckets *= 2
    return sorted(keys, key=lambda key: _spread(string_hash(key)) & (buckets - 1))


def string_hash(text, start=0, factor=31):
    """String.hashCode() as an unsigned number; with another start and factor, Floodlight's hash of a name."""
    encoded = text.encode('utf-16-be', 'surrogatepass')
    value = start
    for (unit,) in struct.iter_unpack('>H', encoded):
        value = (value * factor + unit) & 0xFFFFFFFF
    return value


def _spread(value):
    return value ^ (value >> 16)
