"""Mininet's own pingall, in a running lab: for `npm run bench`, and nothing else.

Runs inside the lab's process namespace (`labctl exec h1 -- /usr/bin/python3 scripts/mininet-pingall.py`). The loop, the
ping and the reading of its answer are Mininet's; only the way to a host's namespace is ours, as the lab has the hosts.
Prints one JSON object: {"seconds", "sent", "received"}.
"""

import json
import os
import re
import subprocess
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet


class LabHost:
    def __init__(self, name, pid):
        self.name, self._pid = name, pid
        self.intfs = {0: f'{name}-eth0'}  # ping looks only whether there are any
        addresses = self.cmd('ip -4 -o addr show scope global')
        self._ip = re.search(r'inet ([\d.]+)/', addresses).group(1)

    def __str__(self):
        return self.name

    def IP(self):
        return self._ip

    def cmd(self, command):
        run = subprocess.run(['mnexec', '-a', str(self._pid), 'sh', '-c', command], capture_output=True, text=True)
        return run.stdout + run.stderr


class LabNetwork(Mininet):
    def __init__(self, hosts):
        self.hosts = hosts


def hosts_of_this_lab():
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
