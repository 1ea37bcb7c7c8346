"""The program that stays resident in a lab's sandbox: it starts Open vSwitch and Mininet there and serves requests.

Run as the first process of the lab's namespaces. Speaks JSON lines over the socket that is file descriptor 3:
requests {"id", "do", "input"}; answers {"id", "result"} or {"id", "error"}, and before them {"id", "progress"}. A
request is cancelled by {"cancel": its id}. This program ends, and everything in the namespaces with it, when that
conversation ends or when any process that it started dies; it then says {"died": why}.
"""

import contextlib
import importlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from children import Children
from conversation import Conversation
from faults import Faults
from host_states import HostStates
from measurer import Measurement
from messages import (
    BeginMeasurement,
    ConnectSwitches,
    FailedCommand,
    HostCommands,
    HostState,
    Nothing,
    Probe,
    Probed,
    ProbeProgress,
    Request,
    SetLink,
    SetSwitch,
    Start,
    Started,
    Traffic,
)
from mininet_network import Network, interfaces_of, mininet_version, net_of, nodes_of, start_mininet
from open_vswitch import kernel_datapath_works, leave_switch_ports_without_ipv6, missing_ports, start_open_vswitch
from prober import Prober
from start_commands import StartCommands

Progress = TypeVar('Progress')


class Underway(Generic[Progress]):
    """A request that is being worked on."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        """tell: tells the other side how far it is"""
        self.tell = tell
        self.cancelled = threading.Event()


@dataclass(frozen=True)
class Lab:
    """What there is once the network runs."""

    network: Network
    prober: Prober
    faults: Faults
    start_commands: StartCommands
    host_states: HostStates


class Resident:
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._lab: Lab | None = None
        self._measurement: Measurement | None = None
        # By name, processes without which the lab is not whole.
        self._vital: dict[str, subprocess.Popen[bytes]] = {}
        self._children = Children()
        # By their ids.
        self._underway: dict[int, Underway[Any]] = {}
        self._ended_children, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    @property
    def lab(self) -> Lab:
        if self._lab is None:
            raise RuntimeError('the network was not started')
        return self._lab

    def start(self, request: Start, underway: Underway[str]) -> Started:
        folder, datapath, shares = request['folder'], request['datapath'], request['shares']
        log = os.open(os.path.join(folder, 'sandbox.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.environ.update(OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True, capture_output=True, text=True)
        leave_switch_ports_without_ipv6()
        underway.tell('Open vSwitch')
        self._vital.update(start_open_vswitch(folder, datapath))
        if datapath == 'kernel' and not kernel_datapath_works():
            if not request['fallback']:
                raise RuntimeError('the kernel datapath cannot be used here: is the module openvswitch loaded?')
            datapath = 'user'
        underway.tell('Mininet')
        network = start_mininet(folder, request['topo'], datapath)
        self._vital.update({node.name: node.shell for node in nodes_of(network)})
        self._children.keep(self._vital.values())
        missing = missing_ports()
        if missing:
            raise RuntimeError('Open vSwitch did not bring up ' + ', '.join(missing))
        shells = {host.name: host.pid for host in network.hosts}
        for name, members in shares.items():
            with open(members, 'w') as file:
                file.write(str(shells[name]))
        links = {host.name: interfaces_of(host) for host in network.hosts}
        prober = Prober(
            {host.name: (host.pid, bool(host.params.get('forward')), list(links[host.name])) for host in network.hosts}
        )
        if datapath == 'user':
            prober.write_whole_checksums()
        faults = Faults(network, self._children.run)
        states = HostStates({host.name: (host.pid, links[host.name]) for host in network.hosts})
        self._lab = Lab(network, prober, faults, StartCommands(shells, shares, folder), states)
        return {
            'mininet': mininet_version(),
            'datapath': datapath,
            'openVSwitch': network.switches[0].OVSVersion if network.switches else '',
            'shells': shells,
        }

    def run_start_commands(self, request: HostCommands, _: Underway[None]) -> list[FailedCommand]:
        return self.lab.start_commands.run(request['commands'], request['folder'])

    def probe(self, request: Probe, underway: Underway[ProbeProgress]) -> Probed:
        states = self.lab.host_states.read()
        return self.lab.prober.probe_all(request, states, underway.tell, underway.cancelled)

    def net(self, _request: Nothing, _: Underway[None]) -> list[str]:
        return net_of(self.lab.network)

    def host_states(self, _request: Nothing, _: Underway[None]) -> dict[str, HostState]:
        return self.lab.host_states.read()

    def connect_switches(self, request: ConnectSwitches, _: Underway[None]) -> None:
        self.lab.faults.connect(request['target'])

    def set_link(self, request: SetLink, _: Underway[None]) -> None:
        self.lab.faults.set_link(request['a'], request['b'], request['port'], request['up'])

    def set_switch(self, request: SetSwitch, _: Underway[None]) -> None:
        self.lab.faults.set_switch(request['name'], request['up'])

    def begin_measurement(self, request: BeginMeasurement, _: Underway[None]) -> None:
        """There is one at a time."""
        self._end_measurement()
        hosts = {host.name: host for host in self.lab.network.hosts}
        self._measurement = Measurement(hosts[request['source']].pid, request['target'])
        self._measurement.begin()

    def end_measurement(self, _request: Nothing, _: Underway[None]) -> Traffic | None:
        """None where there is no measurement to end."""
        return self._end_measurement()

    def _end_measurement(self) -> Traffic | None:
        # One that failed has ended, too.
        measurement, self._measurement = self._measurement, None
        return None if measurement is None else measurement.end()

    def _answer(self, request: Request, underway: Underway[Any]) -> None:
        identity = request['id']

        def fail(reason: str) -> None:
            self._conversation.send(id=identity, error=reason)

        try:
            work = REQUESTS.get(request['do'])
            if work is None:
                raise ValueError(f'unknown request {request["do"]}')
            self._conversation.send(id=identity, result=work(self, request['input'], underway))
        except subprocess.CalledProcessError as error:
            fail(f'{" ".join(error.cmd)}: {error.stderr.strip()}')
        except SystemExit:
            fail('Mininet gave up; its reason is in the log')
        except Exception as error:  # whatever it is, the other side must hear of it
            traceback.print_exc()
            fail(f'{type(error).__name__}: {error}')
        finally:
            self._underway.pop(identity, None)

    def _cancel(self, identity: int) -> None:
        underway = self._underway.get(identity)
        if underway is not None:
            underway.cancelled.set()

    def _begin(self, request: Request) -> None:
        identity = request['id']
        underway: Underway[Any] = Underway(lambda progress: self._conversation.send(id=identity, progress=progress))
        self._underway[identity] = underway
        if request['do'] in ('start', 'start-commands'):
            # Until the network runs there is nothing else to do, and nobody else buries children.
            self._answer(request, underway)
        else:
            threading.Thread(target=self._answer, args=(request, underway), daemon=True).start()

    def serve(self) -> str:
        """Returns why it ended."""
        awaited: list[Conversation | int] = [self._conversation, self._ended_children]
        while True:
            ready, _, _ = select.select(awaited, [], [])
            if self._ended_children in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._ended_children, 4096)
                dead = [name for name, process in self._vital.items() if process.poll() is not None]
                if dead:
                    return f'{", ".join(sorted(dead))} died'
                self._children.bury_orphans()
            if self._conversation in ready:
                messages = self._conversation.receive()
                if messages is None:
                    return 'the lab ended the conversation'
                for message in messages:
                    if 'cancel' in message:
                        self._cancel(message['cancel'])
                    else:
                        self._begin(message)


# By their names. The types of a row are those of its input, progress and answer (see `messages.py`).
REQUESTS: Mapping[str, Callable[[Resident, Any, Underway[Any]], object]] = {
    'start': Resident.start,
    'start-commands': Resident.run_start_commands,
    'probe': Resident.probe,
    'net': Resident.net,
    'host-states': Resident.host_states,
    'connect-switches': Resident.connect_switches,
    'set-link': Resident.set_link,
    'set-switch': Resident.set_switch,
    'begin-measurement': Resident.begin_measurement,
    'end-measurement': Resident.end_measurement,
}


def main() -> None:
    # Mininet takes longest to load: this is done before it is needed. Where it is missing, the request says so.
    with contextlib.suppress(ImportError):
        importlib.import_module('mininet.net')
    # The lab's hosts must not hold it open, nor write to it.
    os.set_inheritable(3, False)
    conversation = Conversation(socket.socket(fileno=3))
    reason = Resident(conversation).serve()
    conversation.send(died=reason)
    print(reason, file=sys.stderr, flush=True)
    # The end of a namespace's first process ends all others: nothing needs to be stopped one by one.
    os._exit(0)


if __name__ == '__main__':
    main()
