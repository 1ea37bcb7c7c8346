"""The child processes of the resident program: those that it starts, and orphans that it inherits."""

import os
import subprocess
import threading
from collections.abc import Iterable, Sequence


class Children:
    def __init__(self) -> None:
        # Process ids of children whose end is noticed by their starter.
        self._own: set[int] = set()
        self._lock = threading.Lock()

    def keep(self, processes: Iterable[subprocess.Popen[bytes]]) -> None:
        with self._lock:
            self._own.update(process.pid for process in processes)

    def run(self, argv: Sequence[str]) -> None:
        """Runs a command, in any thread; raises subprocess.CalledProcessError with its output if it fails."""
        with self._lock:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            self._own.add(process.pid)
        stdout, stderr = process.communicate()
        with self._lock:
            self._own.remove(process.pid)
        # It may have hidden an orphan that ended after it.
        self.bury_orphans()
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, argv, stdout, stderr)

    def bury_orphans(self) -> None:
        """The first process of a namespace inherits orphans, such as a user's background jobs."""
        with self._lock:
            while True:
                try:
                    ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                except ChildProcessError:
                    return
                if ended is None or ended.si_pid in self._own:
                    return
                os.waitpid(ended.si_pid, 0)
