import sys
import unittest

from capturer import HEADER, record_of


def fields(*sizes_and_values: tuple[int, int]) -> bytes:
    """In the byte order of this machine, as a reader of pcap files expects by the magic number."""
    return b''.join(value.to_bytes(size, sys.byteorder) for size, value in sizes_and_values)


# See the draft draft-ietf-opsawg-pcap, sections 4 and 5.
class APcapFile(unittest.TestCase):
    def test_begins_with_microseconds_version_2_4_and_Ethernet(self) -> None:
        self.assertEqual(HEADER, fields((4, 0xA1B2C3D4), (2, 2), (2, 4), (4, 0), (4, 0), (4, 262144), (4, 1)))

    def test_has_a_time_and_two_lengths_before_each_packet(self) -> None:
        self.assertEqual(
            record_of(b'a packet', 1_700_000_000, 123_456_789),
            fields((4, 1_700_000_000), (4, 123_456), (4, 8), (4, 8)) + b'a packet',
        )
