import unittest

from echo import Echoes, checksum

IP_HEADER = bytes.fromhex('45000000000000004001000000000000' '00000000')


class Checksum(unittest.TestCase):
    def test_of_the_example_in_RFC_1071(self) -> None:
        # Section 3: the sum is ddf2.
        self.assertEqual(checksum(bytes.fromhex('0001f203f4f5f6f7')), 0xFFFF - 0xDDF2)

    def test_carries_are_added_again_until_there_are_none(self) -> None:
        # ffff + 0001 = 1 0000, and 0000 + 1 = 0001.
        self.assertEqual(checksum(bytes.fromhex('ffff0001')), 0xFFFE)
        # The sum is 1 0000 fffe; with its carries 1 fffe, and with theirs ffff.
        self.assertEqual(checksum(b'\xff\xff' * 65_538), 0)

    def test_an_odd_last_byte_is_padded_with_zero(self) -> None:
        self.assertEqual(checksum(bytes.fromhex('0001f2')), 0xFFFF - 0xF201)


class AnEchoRequest(unittest.TestCase):
    def test_has_the_form_of_RFC_792(self) -> None:
        request = Echoes(b'ab', '!H').request(3, 0x0102)
        # Type 8 and code 0, checksum, identifier, sequence, payload.
        # 0800 + 6162 = 6962, + 0003 = 6965, + 6162 = cac7, + 0102 = cbc9, whose complement is 3436.
        self.assertEqual(request.hex(), '0800' '3436' '6162' '0003' '6162' '0102')

    def test_of_a_long_run_has_the_lowest_16_bits_of_its_sequence_and_its_whole_number(self) -> None:
        request = Echoes(b'abcd', '!I').request(0x12345, 0x12345)
        self.assertEqual(request[6:8].hex(), '2345')
        self.assertEqual(request[12:].hex(), '00012345')


class AReply(unittest.TestCase):
    def setUp(self) -> None:
        self.echoes = Echoes(b'labctlWXYZ', '!IH')
        self.reply = bytes.fromhex('0000' '0000' '595a' '0002') + b'labctlWXYZ' + bytes.fromhex('0000002a' '0002')

    def test_answers_the_request_whose_numbers_it_has(self) -> None:
        self.assertEqual(self.echoes.answered(IP_HEADER + self.reply), (42, 2))

    def test_may_follow_an_IP_header_with_options(self) -> None:
        header = b'\x46' + IP_HEADER[1:] + bytes(4)
        self.assertEqual(self.echoes.answered(header + self.reply), (42, 2))

    def test_of_another_run_answers_nothing(self) -> None:
        self.assertIsNone(Echoes(b'labctlwxyz', '!IH').answered(IP_HEADER + self.reply))

    def test_is_no_request(self) -> None:
        self.assertIsNone(self.echoes.answered(IP_HEADER + b'\x08' + self.reply[1:]))

    def test_that_was_cut_short_answers_nothing(self) -> None:
        for length in range(len(self.reply)):
            self.assertIsNone(self.echoes.answered(IP_HEADER + self.reply[:length]))
