import unittest
from collections.abc import Sequence

from gaps import traffic

# One request every 100 ms.
SENT = [7.0, 7.1, 7.2, 7.3, 7.4, 7.5, 7.6]


def arrivals(numbers: Sequence[int]) -> dict[int, float]:
    """Each answer arrives 20 ms after its request, by another clock."""
    return {number: 1000.02 + number / 10 for number in numbers}


class AMeasurement(unittest.TestCase):
    def test_without_a_loss_has_no_gap(self) -> None:
        self.assertEqual(
            traffic(SENT, arrivals(range(7))),
            {'sent': 7, 'lost': 0, 'gapsMs': [], 'answersAtFirst': True, 'answersAtLast': True},
        )

    def test_has_a_gap_from_the_last_answer_before_a_loss_to_the_first_one_after_it(self) -> None:
        seen = traffic(SENT, arrivals([0, 3, 4, 6]))
        self.assertEqual((seen['sent'], seen['lost']), (7, 3))
        self.assertEqual([round(gap, 6) for gap in seen['gapsMs']], [300, 200])

    def test_counts_the_time_at_which_an_answer_arrived_and_not_its_order(self) -> None:
        # The answer to request 3 took 80 ms longer.
        answers = arrivals([3, 1, 0])
        answers[3] += 0.08
        self.assertEqual([round(gap, 6) for gap in traffic(SENT, answers)['gapsMs']], [280])

    def test_without_an_answer_is_no_gap(self) -> None:
        self.assertEqual(
            traffic(SENT, {}),
            {'sent': 7, 'lost': 7, 'gapsMs': [], 'answersAtFirst': False, 'answersAtLast': False},
        )

    def test_of_nothing_sent(self) -> None:
        self.assertEqual(
            traffic([], {}), {'sent': 0, 'lost': 0, 'gapsMs': [], 'answersAtFirst': False, 'answersAtLast': False}
        )

    def test_has_answers_at_an_end_that_one_request_of_its_first_or_last_200_ms_had(self) -> None:
        def ends(numbers: Sequence[int]) -> tuple[bool, bool]:
            seen = traffic(SENT, arrivals(numbers))
            return seen['answersAtFirst'], seen['answersAtLast']

        self.assertEqual(ends([1, 2]), (True, False))
        self.assertEqual(ends([3, 5]), (False, True))
        self.assertEqual(ends([3]), (False, False))
