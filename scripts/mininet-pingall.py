"""Mininet's own pingall, in a running lab: for `npm run bench`, and nothing else.

Runs inside the lab's process namespace (`labctl exec h1 -- /usr/bin/python3 scripts/mininet-pingall.py`). The loop, the
ping and the reading of its answer are Mininet's. Only entering a host's namespace is ours: the hosts are the lab's.
Prints one JSON object: {"seconds", "sent", "received"}.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from mininet.log import setLogLevel
from mininet.net import Mininet


class LabHost:
    def __init__(self, name: str, pid: int) -> None:
        self.name, self._pid = name, pid
        self.intfs = {0: f'{name}-eth0'}  # ping looks only whether there are any
        addresses = self.cmd('ip -4 -o addr show scope global')
        (self._ip,) = re.findall(r'inet ([\d.]+)/', addresses)[:1]

    def __str__(self) -> str:
        return self.name

    def IP(self) -> str:
        return str(self._ip)

    def cmd(self, command: str) -> str:
        run = subprocess.run(['mnexec', '-a', str(self._pid), 'sh', '-c', command], capture_output=True, text=True)
        return run.stdout + run.stderr


class LabNetwork(Mininet):  # type: ignore[misc]
    def __init__(self, hosts: list[LabHost]) -> None:
        self.hosts = hosts


def hosts_of_this_lab() -> Iterator[LabHost]:
    for pid in sorted(int(name) for name in os.listdir('/proc') if name.isdigit()):
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            name = re.search(rb'mininet:(h\d+)\0', file.read())
        if name:
            yield LabHost(name.group(1).decode(), pid)


setLogLevel('error')
hosts = sorted(hosts_of_this_lab(), key=lambda host: int(host.name[1:]))
network = LabNetwork(hosts)
began = time.monotonic()
lost = network.ping(hosts)
sent = len(hosts) * (len(hosts) - 1)
json.dump(
    {'seconds': time.monotonic() - began, 'sent': sent, 'received': round(sent * (1 - lost / 100))},
    sys.stdout,
)
