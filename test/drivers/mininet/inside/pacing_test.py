import unittest

from pacing import Pacing, Rounds


class TheTimeThatARequestIsUnderWay(unittest.TestCase):
    def test_follows_RFC_6298(self) -> None:
        pacing = Pacing(0)
        # SRTT = 100 ms, RTTVAR = 50 ms; RTO = SRTT + 4 RTTVAR.
        pacing.learn(0.1)
        self.assertAlmostEqual(pacing.flight, 0.3)
        # RTTVAR = 3/4 * 50 + 1/4 * |100 - 200| = 62.5 ms; SRTT = 7/8 * 100 + 1/8 * 200 = 112.5 ms.
        pacing.learn(0.2)
        self.assertAlmostEqual(pacing.flight, 0.3625)
        # RTTVAR = 3/4 * 62.5 + 1/4 * |112.5 - 100.5| = 49.875 ms; SRTT = 7/8 * 112.5 + 1/8 * 100.5 = 111 ms.
        pacing.learn(0.1005)
        self.assertAlmostEqual(pacing.flight, 0.3105)

    def test_is_50_ms_at_first_and_never_less(self) -> None:
        pacing = Pacing(0)
        self.assertEqual(pacing.flight, 0.05)
        pacing.learn(0.001)
        self.assertEqual(pacing.flight, 0.05)

    def test_is_never_more_than_a_second(self) -> None:
        pacing = Pacing(0)
        pacing.learn(2)
        self.assertEqual(pacing.flight, 1)


class TheWindow(unittest.TestCase):
    def test_grows_by_one_with_four_answers_in_time(self) -> None:
        pacing = Pacing(0)
        sizes = []
        for _ in range(4):
            pacing.speed_up()
            sizes.append(pacing.window)
        self.assertEqual(sizes, [64.25, 64.5, 64.75, 65])

    def test_grows_to_192(self) -> None:
        pacing = Pacing(0)
        for _ in range(4 * (192 - 64) - 1):
            pacing.speed_up()
        self.assertEqual(pacing.window, 191.75)
        for _ in range(9):
            pacing.speed_up()
        self.assertEqual(pacing.window, 192)

    def test_halves_down_to_8(self) -> None:
        pacing = Pacing(0)
        sizes = []
        for _ in range(4):
            pacing.slow_down()
            sizes.append(pacing.window)
        self.assertEqual(sizes, [32, 16, 8, 8])


class TheWaitForTheLastAnswers(unittest.TestCase):
    def test_is_four_times_the_slowest_round_trip_between_a_tenth_of_a_second_and_two(self) -> None:
        pacing = Pacing(0)
        self.assertEqual(pacing.wait, 0.1)
        for round_trip, wait in ((0.02, 0.1), (0.15, 0.6), (0.05, 0.6), (0.8, 2)):
            pacing.learn(round_trip)
            self.assertAlmostEqual(pacing.wait, wait)

    def test_is_at_least_what_the_network_may_take_to_react(self) -> None:
        pacing = Pacing(3)
        pacing.learn(0.8)
        self.assertEqual(pacing.wait, 3)


class TheRoundsOfAProbe(unittest.TestCase):
    def rounds_of(self, pairs: int, left_after: list[int]) -> list[bool]:
        """What each round says when it ends, up to the last; the last number stands for all that follow."""
        rounds = Rounds(pairs)
        said: list[bool] = []
        while rounds.begin():
            self.assertEqual(rounds.number, len(said) + 1)
            said.append(rounds.end(left_after[min(len(said), len(left_after) - 1)]))
        return said

    def test_are_none_without_pairs(self) -> None:
        self.assertEqual(self.rounds_of(0, [0]), [])

    def test_end_when_all_pairs_have_answered(self) -> None:
        self.assertEqual(self.rounds_of(90, [0]), [False])
        self.assertEqual(self.rounds_of(90, [2, 0]), [False, True])

    def test_are_four_where_pairs_are_silent(self) -> None:
        self.assertEqual(self.rounds_of(90, [90]), [False] * 4)
        self.assertEqual(self.rounds_of(90, [46, 45, 45]), [False, True, False, False])

    def test_are_two_more_after_a_round_that_brought_a_pair_back(self) -> None:
        self.assertEqual(self.rounds_of(90, [46, 46, 46, 45]), [False, False, False, True, False, False])

    def test_are_twelve_at_most(self) -> None:
        self.assertEqual(self.rounds_of(90, list(range(89, 0, -1))), [False] + [True] * 11)
