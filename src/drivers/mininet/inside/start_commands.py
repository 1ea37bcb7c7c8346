"""Runs the start commands of hosts. A command that takes long is left running."""

import functools
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from messages import FailedCommand

# Seconds to wait for a command before the next one of its host is started. One that takes longer runs on beside it.
PATIENCE = 2.0
# How much is reported of what a failed command has printed, in characters.
MOST_WORDS = 2000


class Begun(Protocol):
    """A command that was started."""

    def poll(self) -> int | None:
        """Its exit code, negative where a signal ended it; None while it runs."""

    def words(self) -> str:
        """What it has printed."""


class CommandsOfHost:
    """The commands of one host, one after another, until one of them fails at once."""

    def __init__(self, host: str, commands: Iterable[str], begin: Callable[[str], Begun]) -> None:
        """begin: starts a command"""
        self._host, self._waiting, self._begin = host, list(commands), begin
        self._running: tuple[str, float, Begun] | None = None
        self.failures: list[FailedCommand] = []

    def goes_on(self, now: float) -> bool:
        """Starts the next command if it is time. Returns whether there is still something to wait for.
        now: in seconds, since any time"""
        if self._running is not None:
            command, begun, started = self._running
            exit_code = started.poll()
            if exit_code is None and now - begun < PATIENCE:
                return True
            self._running = None
            if exit_code:
                words = started.words().strip()[-MOST_WORDS:]
                self.failures.append(
                    {'host': self._host, 'command': command, 'exitCode': exit_code, 'words': words}
                )
                # What comes after it may depend on it.
                self._waiting.clear()
        if not self._waiting:
            return False
        command = self._waiting.pop(0)
        self._running = command, now, self._begin(command)
        return True


class StartCommands:
    def __init__(self, pids: Mapping[str, int], shares: Mapping[str, str], folder: str) -> None:
        """pids: by host, process ids of their shells; shares: by host, the file that moves a process into the host's
        share of a CPU; folder: for the logs, start-HOST.log"""
        self._pids, self._shares, self._folder = pids, shares, folder

    def run(self, commands: Mapping[str, Iterable[str]], folder: str) -> list[FailedCommand]:
        """commands: by host; folder: where they run. Returns those that failed at once."""
        hosts = [
            CommandsOfHost(host, of_host, functools.partial(self._begin, host, folder))
            for host, of_host in commands.items()
        ]
        # A list: every host is asked, not only those up to the first that goes on.
        while any([host.goes_on(time.monotonic()) for host in hosts]):
            time.sleep(0.005)
        return [failure for host in hosts for failure in host.failures]

    def _begin(self, host: str, folder: str, command: str) -> Begun:
        path = os.path.join(self._folder, f'start-{host}.log')
        # Moves into the share before it enters the host, which does not see control groups.
        join = ['sh', '-c', 'echo $$ >"$0" && exec "$@"', self._shares[host]] if host in self._shares else []
        with open(path, 'ab') as log:
            log.write(f'$ {command}\n'.encode())
            log.flush()
            words_begin = log.tell()
            process = subprocess.Popen(
                [*join, 'mnexec', '-a', str(self._pids[host]), 'bash', '-c', command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True,
            )
        return _Logged(process, path, words_begin)


class _Logged:
    """A process that prints to a log."""

    def __init__(self, process: subprocess.Popen[bytes], log: str, words_begin: int) -> None:
        self._process, self._log, self._words_begin = process, log, words_begin

    def poll(self) -> int | None:
        return self._process.poll()

    def words(self) -> str:
        with open(self._log, 'rb') as file:
            file.seek(self._words_begin)
            return file.read().decode(errors='replace')
