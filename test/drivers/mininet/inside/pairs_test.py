import unittest

from pairs import halves


class TheHalvesOfAllPairs(unittest.TestCase):
    def test_of_three_hosts(self) -> None:
        # A pair is source * 3 + target: 0-1, 1-2, 2-0, and their reverses.
        self.assertEqual(halves(3), [[1, 5, 6], [3, 7, 2]])

    def test_of_four_hosts(self) -> None:
        # 0-1, 1-2, 2-3, 3-0, then 0-2 and 1-3.
        self.assertEqual(halves(4), [[1, 6, 11, 12, 2, 7], [4, 9, 14, 3, 8, 13]])

    def test_have_each_pair_once_and_its_reverse_in_the_other_half(self) -> None:
        for hosts in range(20):
            one, other = ([divmod(pair, hosts) for pair in half] for half in halves(hosts))
            with self.subTest(hosts=hosts):
                everyone = [(a, b) for a in range(hosts) for b in range(hosts) if a != b]
                self.assertEqual(sorted(one + other), everyone)
                self.assertEqual(other, [(b, a) for a, b in one])

    def test_have_the_wanted_pairs_only(self) -> None:
        self.assertEqual(halves(4, {12, 3, 8}), [[12], [3, 8]])
        self.assertEqual(halves(4, set()), [[], []])
