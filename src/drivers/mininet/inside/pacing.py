"""How fast many pairs are probed: how many requests are under way at once, for how long, and in how many rounds."""

# Requests under way at once. Userspace Open vSwitch sets up about 5,000 new flows a second on two cores, and loses
# packets when its queues are full.
FIRST_WINDOW, LEAST_WINDOW, LARGEST_WINDOW = 64, 8, 192
# Seconds for which a request is under way.
SHORTEST_FLIGHT, LONGEST_FLIGHT = 0.05, 1.0
# Seconds to wait for answers after the last request.
SHORTEST_WAIT, LONGEST_WAIT, WAIT_IN_ROUND_TRIPS = 0.1, 2.0, 4
# A pair is unreachable after this many rounds, if the last ones brought no pair back.
LEAST_ROUNDS, BARREN_ROUNDS, MOST_ROUNDS = 4, 2, 12


class Pacing:
    """All times in seconds."""

    def __init__(self, reaction: float) -> None:
        """reaction: how long the network may take for the first packet of a pair"""
        # Requests that may be under way at once.
        self.window: float = FIRST_WINDOW
        # After this time a request is no longer under way.
        self.flight = SHORTEST_FLIGHT
        self._shortest_wait = max(SHORTEST_WAIT, reaction)
        self._smoothed: float | None = None
        self._variation = 0.0
        self._slowest = 0.0

    def learn(self, round_trip: float) -> None:
        """RFC 6298, section 2, within bounds of our own and without its clock granularity."""
        self._slowest = max(self._slowest, round_trip)
        if self._smoothed is None:
            self._smoothed, self._variation = round_trip, round_trip / 2
        else:
            self._variation += (abs(self._smoothed - round_trip) - self._variation) / 4
            self._smoothed += (round_trip - self._smoothed) / 8
        self.flight = min(max(SHORTEST_FLIGHT, self._smoothed + 4 * self._variation), LONGEST_FLIGHT)

    def speed_up(self) -> None:
        """An answer came in time."""
        self.window = min(LARGEST_WINDOW, self.window + 1 / 4)

    def slow_down(self) -> None:
        """An answer came late, or a request was lost."""
        self.window = max(LEAST_WINDOW, self.window / 2)

    @property
    def wait(self) -> float:
        """How long to wait for answers after the last request: some round trips, within bounds."""
        return max(self._shortest_wait, min(self._slowest * WAIT_IN_ROUND_TRIPS, LONGEST_WAIT))


class Rounds:
    """Every round asks all pairs that have not answered yet."""

    def __init__(self, pairs: int) -> None:
        self.number = 0
        self._left = pairs
        self._barren = 0

    def begin(self) -> bool:
        """Begins the next round, if there is one."""
        is_over = self.number >= LEAST_ROUNDS and self._barren >= BARREN_ROUNDS
        if self._left == 0 or is_over or self.number >= MOST_ROUNDS:
            return False
        self.number += 1
        return True

    def end(self, left: int) -> bool:
        """Ends a round after which so many pairs have not answered. Returns whether requests of an earlier round were
        lost: whether this one brought a pair back."""
        recovered = self.number > 1 and left < self._left
        self._left = left
        self._barren = 0 if recovered else self._barren + 1
        return recovered
