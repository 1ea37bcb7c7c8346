"""What echo requests at short, even intervals say about an interruption."""

from collections.abc import Mapping, Sequence

from messages import Traffic

# One answer within so many seconds of the beginning or the end says that the hosts reach each other then. On a busy
# machine few requests are sent in them.
EDGE = 0.2


def traffic(sent: Sequence[float], answers: Mapping[int, float]) -> Traffic:
    """sent: when each request was sent; answers: when the answer to each request arrived, by its index. Both in
    seconds, each by a clock of its own."""
    answered = sorted(answers)
    return {
        'sent': len(sent),
        'lost': len(sent) - len(answered),
        'gapsMs': [
            (answers[after] - answers[before]) * 1000
            for before, after in zip(answered, answered[1:])
            if after > before + 1
        ],
        'answersAtFirst': bool(answered) and sent[answered[0]] - sent[0] < EDGE,
        'answersAtLast': answers_at_last(sent, answers),
    }


def answers_at_last(sent: Sequence[float], answers: Mapping[int, float]) -> bool:
    """Whether any of the last requests was answered."""
    return bool(answers) and sent[-1] - sent[max(answers)] < EDGE
