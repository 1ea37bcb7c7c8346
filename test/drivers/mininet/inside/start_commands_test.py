import unittest

from start_commands import MOST_WORDS, PATIENCE, CommandsOfHost, StartCommands


class Command:
    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.printed = ''

    def poll(self) -> int | None:
        return self.exit_code

    def words(self) -> str:
        return self.printed


class TheStartCommandsOfAHost(unittest.TestCase):
    def setUp(self) -> None:
        self.begun: dict[str, Command] = {}

        def begin(command: str) -> Command:
            self.begun[command] = Command()
            return self.begun[command]

        self.host = CommandsOfHost('h1', ['first', 'second', 'third'], begin)

    def test_are_started_one_after_another(self) -> None:
        self.assertTrue(self.host.goes_on(0))
        self.assertTrue(self.host.goes_on(1))
        self.assertEqual(list(self.begun), ['first'])
        self.begun['first'].exit_code = 0
        self.assertTrue(self.host.goes_on(1))
        self.assertEqual(list(self.begun), ['first', 'second'])
        self.begun['second'].exit_code = 0
        self.assertTrue(self.host.goes_on(1))
        self.begun['third'].exit_code = 0
        self.assertFalse(self.host.goes_on(1))
        self.assertFalse(self.host.goes_on(2))
        self.assertEqual(list(self.begun), ['first', 'second', 'third'])
        self.assertEqual(self.host.failures, [])

    def test_do_not_wait_long_for_one_that_goes_on(self) -> None:
        self.host.goes_on(100)
        self.host.goes_on(100 + PATIENCE - 0.01)
        self.assertEqual(list(self.begun), ['first'])
        self.assertTrue(self.host.goes_on(100 + PATIENCE))
        self.assertEqual(list(self.begun), ['first', 'second'])
        # Its later failure is nobody's.
        self.begun['first'].exit_code = 1
        self.host.goes_on(100 + PATIENCE)
        self.assertEqual(self.host.failures, [])

    def test_end_with_one_that_fails_at_once(self) -> None:
        self.host.goes_on(0)
        self.begun['first'].exit_code = 0
        self.host.goes_on(0)
        self.begun['second'].exit_code = -9
        self.begun['second'].printed = '\nno such\nthing\n'
        self.assertFalse(self.host.goes_on(0))
        self.assertEqual(list(self.begun), ['first', 'second'])
        self.assertEqual(
            self.host.failures, [{'host': 'h1', 'command': 'second', 'exitCode': -9, 'words': 'no such\nthing'}]
        )

    def test_report_the_end_of_what_a_failed_one_printed(self) -> None:
        self.host.goes_on(0)
        self.begun['first'].exit_code = 1
        self.begun['first'].printed = 'x' * MOST_WORDS + 'the reason'
        self.host.goes_on(0)
        (failure,) = self.host.failures
        self.assertEqual(len(failure['words']), MOST_WORDS)
        self.assertTrue(failure['words'].endswith('xthe reason'))

    def test_are_nothing_to_wait_for_where_there_are_none(self) -> None:
        self.assertFalse(CommandsOfHost('h1', [], lambda command: Command()).goes_on(0))


class StartCommandsOfHosts(unittest.TestCase):
    def test_run_side_by_side(self) -> None:
        begun: list[str] = []
        ended: list[str] = []

        class Meeting(Command):
            """Ends when every host has begun one."""

            def __init__(self, host: str) -> None:
                super().__init__()
                self.host = host

            def poll(self) -> int | None:
                if len(begun) < 3:
                    return None
                ended.append(self.host)
                return 0

        class Starter(StartCommands):
            def _begin(self, host: str, folder: str, command: str) -> Meeting:
                begun.append(host)
                return Meeting(host)

        commands = {'h1': ['meet'], 'h2': ['meet'], 'h3': ['meet']}
        self.assertEqual(Starter({}, {}, '/').run(commands, '/'), [])
        self.assertEqual(ended, ['h1', 'h2', 'h3'])
