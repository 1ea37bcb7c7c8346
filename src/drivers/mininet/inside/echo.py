"""ICMP echo requests (RFC 792) whose payload names what they belong to, and which of them a reply answers."""

import struct

ECHO_REQUEST, ECHO_REPLY = 8, 0
HEADER = struct.Struct('!BBHHH')


def checksum(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    padded = data + b'\0' * (len(data) % 2)
    total: int = sum(struct.unpack(f'!{len(padded) // 2}H', padded))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


class Echoes:
    """The echo requests of one run. Their payload is a mark of that run and some numbers."""

    def __init__(self, mark: bytes, layout: str) -> None:
        """mark: at least two bytes, the last of which are random; layout: of the numbers, for the module struct"""
        self._mark, self._numbers = mark, struct.Struct(layout)
        self._identifier = int.from_bytes(mark[-2:], 'big')
        self._length = HEADER.size + len(mark) + self._numbers.size

    def request(self, sequence: int, *numbers: int) -> bytes:
        """An ICMP message; sequence: its lowest 16 bits are sent."""
        sequence &= 0xFFFF
        payload = self._mark + self._numbers.pack(*numbers)
        unsigned = HEADER.pack(ECHO_REQUEST, 0, 0, self._identifier, sequence) + payload
        return HEADER.pack(ECHO_REQUEST, 0, checksum(unsigned), self._identifier, sequence) + payload

    def answered(self, packet: bytes) -> tuple[int, ...] | None:
        """The numbers of the request that this IPv4 packet answers; None if it answers none of this run."""
        message = packet[(packet[0] & 15) * 4:]
        if len(message) < self._length or message[0] != ECHO_REPLY or not message.startswith(self._mark, HEADER.size):
            return None
        return self._numbers.unpack_from(message, HEADER.size + len(self._mark))
