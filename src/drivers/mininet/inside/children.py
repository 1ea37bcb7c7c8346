"""The processes whose parent the resident program is: those that it starts, and those that others leave behind to it."""

import os
import subprocess
import threading


class Children:
    def __init__(self):
        # Those whose end is for whoever started them to see, by their PIDs.
        self._own = set()
        self._lock = threading.Lock()

    def keep(self, processes):
        with self._lock:
            self._own.update(process.pid for process in processes)

    def run(self, argv):
        """To its end, in any thread; raises subprocess.CalledProcessError with its output if it fails."""
        with self._lock:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            self._own.add(process.pid)
        stdout, stderr = process.communicate()
        with self._lock:
            self._own.remove(process.pid)
        # It may have hidden one that ended after it.
        self.bury_orphans()
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, argv, stdout, stderr)

    def bury_orphans(self):
        """The first process of a namespace inherits what others leave behind, such as a user's background jobs."""
        with self._lock:
            while True:
                try:
                    ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                except ChildProcessError:
                    return
                if ended is None or ended.si_pid in self._own:
                    return
                os.waitpid(ended.si_pid, 0)
