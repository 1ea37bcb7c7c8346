"""Runs the start commands of hosts, and leaves those running that go on."""

import os
import subprocess
import time

# Seconds for which a command is waited for before the next one of its host; one that takes longer goes on beside it.
PATIENCE = 2.0
# As much of what a command that failed has printed, in characters.
MOST_WORDS = 2000


class StartCommands:
    def __init__(self, pids, shares, folder):
        """pids: {host: process id of its shell}; shares: {host: the file that takes a process into its share of a CPU};
        folder: for the logs, start-HOST.log"""
        self._pids, self._shares, self._folder = pids, shares, folder

    def run(self, commands, folder):
        """commands: {host: its commands}; those of a host one after another, hosts side by side; folder: where they run.
        Returns those that failed at once: [{"host", "command", "exitCode" (negative: a signal), "words"}]"""
        hosts = [_Host(self, name, list(of_host), folder) for name, of_host in commands.items()]
        while any(host.goes_on() for host in hosts):
            time.sleep(0.005)
        return [failure for host in hosts for failure in host.failures]

    def begin(self, name, command, folder):
        """Starts a command and returns its process, and where in its log it begins."""
        path = os.path.join(self._folder, f'start-{name}.log')
        with open(path, 'ab') as log:
            log.write(f'$ {command}\n'.encode())
            log.flush()
            words_begin = log.tell()
            # Before it enters the host, which does not see control groups.
            join = ['sh', '-c', 'echo $$ >"$0" && exec "$@"', self._shares[name]] if name in self._shares else []
            process = subprocess.Popen(
                [*join, 'mnexec', '-a', str(self._pids[name]), 'bash', '-c', command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True,
            )
        return process, path, words_begin


class _Host:
    def __init__(self, starter, name, commands, folder):
        self._starter, self._name, self._waiting, self._folder = starter, name, commands, folder
        self._running = None
        self.failures = []

    def goes_on(self):
        """Whether it still has something to start or to wait for; does what is to be done."""
        if self._running is not None:
            command, begun, (process, log, words_begin) = self._running
            exit_code = process.poll()
            if exit_code is None and time.monotonic() - begun < PATIENCE:
                return True
            if exit_code:
                self._note(command, exit_code, log, words_begin)
            self._running = None
        if not self._waiting:
            return False
        command = self._waiting.pop(0)
        self._running = command, time.monotonic(), self._starter.begin(self._name, command, self._folder)
        return True

    def _note(self, command, exit_code, log, words_begin):
        with open(log, 'rb') as file:
            file.seek(words_begin)
            words = file.read().decode(errors='replace').strip()[-MOST_WORDS:]
        self.failures.append({'host': self._name, 'command': command, 'exitCode': exit_code, 'words': words})
        # What comes after it may count on it.
        self._waiting.clear()
