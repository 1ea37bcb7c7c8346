"""Open vSwitch for one lab."""

import contextlib
import functools
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable

from messages import Datapath

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

_run = functools.partial(subprocess.run, capture_output=True, text=True)


def start_open_vswitch(folder: str, datapath: Datapath) -> dict[str, subprocess.Popen[bytes]]:
    """A private ovsdb-server and ovs-vswitchd, by name. Their files and sockets are in the folder, OVS_RUNDIR."""
    database = os.path.join(folder, 'conf.db')
    _run(['ovsdb-tool', 'create', database, SCHEMA], check=True)
    quiet = ['--no-chdir', '-vconsole:warn', '-vsyslog:off', '-vfile:off']
    server = subprocess.Popen(
        ['ovsdb-server', database, f'--remote=punix:{folder}/db.sock', *quiet], stdin=subprocess.DEVNULL
    )
    # ovs-vsctl's own --retry looks only once a second.
    _wait_for(lambda: _takes_connections(f'{folder}/db.sock'), 'ovsdb-server to answer')
    _run(['ovs-vsctl', '--no-wait', '--timeout=10', 'init'], check=True)
    # Looking for the kernel datapath takes time and tries to load its module.
    userspace_only = ['--disable-system'] if datapath == 'user' else []
    switches = subprocess.Popen(
        ['ovs-vswitchd', f'unix:{folder}/db.sock', *userspace_only, *quiet], stdin=subprocess.DEVNULL
    )
    return {'ovsdb-server': server, 'ovs-vswitchd': switches}


def kernel_datapath_works() -> bool:
    """Tries it: a loaded module may still not serve these namespaces."""
    bridge = 'labctl-probe'
    _run(['ovs-vsctl', '--timeout=5', 'add-br', bridge, '--', 'set', 'bridge', bridge, 'datapath_type=system'])
    # A bridge that could not be made has no port number.
    ofport = _run(['ovs-vsctl', '--timeout=5', '--if-exists', 'get', 'interface', bridge, 'ofport']).stdout.strip()
    _run(['ovs-vsctl', '--timeout=5', '--if-exists', 'del-br', bridge])
    return ofport == '65534'


def missing_ports() -> list[str]:
    """Interfaces that Open vSwitch refused, with its reason."""
    listing = _run(['ovs-vsctl', '--format=json', '--columns=name,ofport,error', 'list', 'Interface'], check=True)
    return [
        f'{name} ({error or "no port number"})'
        for name, ofport, error in json.loads(listing.stdout)['data']
        if not isinstance(ofport, int) or ofport < 0
    ]


def leave_switch_ports_without_ipv6() -> None:
    """A switch port does not need the IPv6 addresses that the kernel gives it. For each of them Open vSwitch reads all
    routes four times before it looks at a link that went down. Hosts have namespaces of their own, with IPv6."""
    # In a container these files may be read-only.
    with contextlib.suppress(OSError):
        for scope in ('all', 'default'):
            with open(f'/proc/sys/net/ipv6/conf/{scope}/disable_ipv6', 'w') as file:
                file.write('1')


def _wait_for(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f'waited {seconds} s for {what}')
        time.sleep(0.005)


def _takes_connections(path: str) -> bool:
    """A Unix socket's file exists before its server listens."""
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(path) == 0
