"""The program that stays resident in a lab's sandbox: it starts Open vSwitch and Mininet there and serves requests.

Run as the first process of the lab's namespaces. Speaks JSON lines over the socket that is file descriptor 3:
requests {"id", "do", ...}; answers {"id", "result"} or {"id", "error"}, and before them {"id", "progress"}. It ends,
and with it everything in the namespaces, when that conversation ends or when any process that it started dies.
"""

import contextlib
import functools
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

from children import Children
from faults import Faults
from measurer import Measurement
from prober import Prober
from start_commands import StartCommands

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'


class Conversation:
    """JSON lines over file descriptor 3, written by several threads."""

    def __init__(self):
        # Not inheritable: the lab's hosts must not hold it open, nor write to it.
        os.set_inheritable(3, False)
        self._socket = socket.socket(fileno=3)
        self._lock = threading.Lock()
        self._unread = b''

    def fileno(self):
        return self._socket.fileno()

    def send(self, **message):
        line = json.dumps(message, separators=(',', ':')).encode() + b'\n'
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(line)

    def receive(self):
        """The requests that have arrived; None when the other side is gone."""
        data = self._socket.recv(65536)
        if not data:
            return None
        *lines, self._unread = (self._unread + data).split(b'\n')
        return [json.loads(line) for line in lines if line]


def wait_for(condition, what, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f'waited {seconds} s for {what}')
        time.sleep(0.005)


def takes_connections(path):
    """A Unix socket's file is there before its server listens."""
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(path) == 0


class OpenVSwitch:
    """A private ovsdb-server and ovs-vswitchd whose files and sockets are in OVS_RUNDIR."""

    def __init__(self, folder, datapath):
        database = os.path.join(folder, 'conf.db')
        run = functools.partial(subprocess.run, check=True, capture_output=True, text=True)
        run(['ovsdb-tool', 'create', database, SCHEMA])
        quiet = ['--no-chdir', '-vconsole:warn', '-vsyslog:off', '-vfile:off']
        self.processes = {
            'ovsdb-server': subprocess.Popen(
                ['ovsdb-server', database, f'--remote=punix:{folder}/db.sock', *quiet], stdin=subprocess.DEVNULL
            )
        }
        # ovs-vsctl's own --retry looks only once a second.
        wait_for(lambda: takes_connections(f'{folder}/db.sock'), 'ovsdb-server to answer')
        run(['ovs-vsctl', '--no-wait', '--timeout=10', 'init'])
        # The kernel datapath is looked for only where it is wanted: looking takes time and tries to load the module.
        userspace_only = ['--disable-system'] if datapath == 'user' else []
        self.processes['ovs-vswitchd'] = subprocess.Popen(
            ['ovs-vswitchd', f'unix:{folder}/db.sock', *userspace_only, *quiet], stdin=subprocess.DEVNULL
        )


def leave_switch_ports_without_ipv6():
    """A port of a switch has no use for the addresses that the kernel gives it, and Open vSwitch reads all routes anew, four
    for each address, before it sees to a link that went down. Hosts have namespaces of their own, with IPv6."""
    # In a container these may be read-only.
    with contextlib.suppress(OSError):
        for scope in ('all', 'default'):
            with open(f'/proc/sys/net/ipv6/conf/{scope}/disable_ipv6', 'w') as file:
                file.write('1')


def kernel_datapath_works():
    """Tries it: that the module is loaded does not say that it serves these namespaces."""
    bridge = 'labctl-probe'
    run = functools.partial(subprocess.run, capture_output=True, text=True)
    run(['ovs-vsctl', '--timeout=5', 'add-br', bridge, '--', 'set', 'bridge', bridge, 'datapath_type=system'])
    # A bridge that could not be made has no port number.
    ofport = run(['ovs-vsctl', '--timeout=5', '--if-exists', 'get', 'interface', bridge, 'ofport']).stdout.strip()
    run(['ovs-vsctl', '--timeout=5', '--if-exists', 'del-br', bridge])
    return ofport == '65534'


def start_mininet(folder, topo, datapath):
    """Real Mininet on the rendered topology (FOLDER/topology.py); returns the running network."""
    import mininet.net as mininet_net
    import mininet.node as mininet_node

    # Mininet.init() raises limits of the whole machine by sysctl; a lab changes nothing outside itself.
    mininet_net.Mininet.inited = True
    module_spec = importlib.util.spec_from_file_location('topology', os.path.join(folder, 'topology.py'))
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    network = mininet_net.Mininet(
        topo=module.topos[topo](),
        switch=functools.partial(
            mininet_node.OVSSwitch, datapath=datapath, protocols='OpenFlow13', failMode='secure'
        ),
        controller=None,
        autoSetMacs=False,
        build=False,
    )
    network.build()
    network.start()
    return network


class Resident:
    def __init__(self):
        self.conversation = Conversation()
        self.network = None
        self.prober = None
        self.faults = None
        self.measurement = None
        self.started = None
        # Processes without which the lab is not what it claims to be, by name.
        self.vital = {}
        self.children = Children()
        # Requests under way, by their ids, each with the event that cancels it.
        self.running = {}
        self.ended_children, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def start(self, request, progress):
        """request: {"folder": for the lab's files and sockets, "topo": key of `topos`, "datapath": user or kernel,
        "fallback": whether user will do where kernel does not work, "shares": {host: the file that takes a process into
        its share of a CPU}}"""
        folder, datapath = request['folder'], request['datapath']
        log = os.open(os.path.join(folder, 'sandbox.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.environ.update(OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True, capture_output=True, text=True)
        leave_switch_ports_without_ipv6()
        progress('Open vSwitch')
        open_vswitch = OpenVSwitch(folder, datapath)
        self.vital.update(open_vswitch.processes)
        if datapath == 'kernel' and not kernel_datapath_works():
            if not request['fallback']:
                raise RuntimeError('the kernel datapath cannot be used here: is the module openvswitch loaded?')
            datapath = 'user'
        progress('Mininet')
        self.network = start_mininet(folder, request['topo'], datapath)
        self.vital.update({node.name: node.shell for node in self.network.hosts + self.network.switches})
        self.children.keep(self.vital.values())
        missing = self.missing_ports()
        if missing:
            raise RuntimeError('Open vSwitch did not bring up ' + ', '.join(missing))
        for name, members in request['shares'].items():
            with open(members, 'w') as file:
                file.write(str(self.network.nameToNode[name].pid))
        self.prober = Prober({host.name: (host.pid, host.IP(), host.defaultIntf().name) for host in self.network.hosts})
        if datapath == 'user':
            self.prober.write_whole_checksums()
        self.faults = Faults(self.network, self.children.run)
        self.started = StartCommands({host.name: host.pid for host in self.network.hosts}, request['shares'], folder)
        return {
            'mininet': sys.modules['mininet.net'].VERSION,
            'datapath': datapath,
            'openVSwitch': self.network.switches[0].OVSVersion if self.network.switches else '',
            'shells': {host.name: host.pid for host in self.network.hosts},
        }

    def missing_ports(self):
        """Interfaces that Open vSwitch refused, with its reason."""
        listing = subprocess.run(
            ['ovs-vsctl', '--format=json', '--columns=name,ofport,error', 'list', 'Interface'],
            check=True, capture_output=True, text=True,
        )
        rows = json.loads(listing.stdout)['data']
        return [f'{name} ({error or "no port number"})' for name, ofport, error in rows if not isinstance(ofport, int) or ofport < 0]

    def begin_measurement(self, source, target):
        """Between two hosts, by their names; there is one at a time."""
        self.end_measurement()
        hosts = self.network.nameToNode
        self.measurement = Measurement(hosts[source].pid, hosts[target].IP())
        self.measurement.begin()

    def end_measurement(self):
        # One that failed is over, too.
        measurement, self.measurement = self.measurement, None
        return measurement and measurement.end()

    def net(self):
        """What Mininet's `net` prints, read from the running network."""
        lines = []
        for node in self.network.hosts + self.network.switches:
            names = []
            for interface in node.intfList():
                if interface.link:
                    other = interface.link.intf2 if interface.link.intf1 == interface else interface.link.intf1
                    names.append(f'{interface}:{other}')
                else:
                    names.append(f'{interface}: ')
            lines.append(' '.join([node.name, *names]))
        return [*lines, 'c0']

    def answer(self, request, cancelled):
        identity, action = request['id'], request['do']
        try:
            if action == 'start':
                result = self.start(request, lambda step: self.conversation.send(id=identity, progress=step))
            elif action == 'start-commands':
                result = self.started.run(request['commands'], request['folder'])
            elif action == 'probe':
                tell = lambda state: self.conversation.send(id=identity, progress=state)
                result = self.prober.probe_all(request['reaction'], tell, cancelled, request.get('only'))
            elif action == 'net':
                result = self.net()
            elif action == 'connect-switches':
                result = self.faults.connect(request['target'])
            elif action == 'set-link':
                result = self.faults.set_link(*request['between'], request['up'])
            elif action == 'set-switch':
                result = self.faults.set_switch(request['name'], request['up'])
            elif action == 'begin-measurement':
                result = self.begin_measurement(request['source'], request['target'])
            elif action == 'end-measurement':
                result = self.end_measurement()
            else:
                raise ValueError(f'unknown request {action}')
            self.conversation.send(id=identity, result=result)
        except subprocess.CalledProcessError as error:
            self.conversation.send(id=identity, error=f'{" ".join(error.cmd)}: {error.stderr.strip()}')
        except SystemExit:
            self.conversation.send(id=identity, error='Mininet gave up; its reason is in the log')
        except Exception as error:  # whatever it is, the other side must hear of it
            traceback.print_exc()
            self.conversation.send(id=identity, error=f'{type(error).__name__}: {error}')
        finally:
            self.running.pop(identity, None)

    def serve(self):
        """Returns why it ended."""
        while True:
            ready, _, _ = select.select([self.conversation, self.ended_children], [], [])
            if self.ended_children in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.ended_children, 4096)
                dead = [name for name, process in self.vital.items() if process.poll() is not None]
                if dead:
                    return f'{", ".join(sorted(dead))} died'
                self.children.bury_orphans()
            if self.conversation in ready:
                requests = self.conversation.receive()
                if requests is None:
                    return 'the lab ended the conversation'
                for request in requests:
                    if request['do'] == 'cancel':
                        if request['of'] in self.running:
                            self.running[request['of']].set()
                        continue
                    cancelled = self.running[request['id']] = threading.Event()
                    if request['do'] in ('start', 'start-commands'):
                        # Until the network stands there is nothing else to do; and here nobody else buries children.
                        self.answer(request, cancelled)
                    else:
                        threading.Thread(target=self.answer, args=(request, cancelled), daemon=True).start()


if __name__ == '__main__':
    # Mininet takes longest to load: done before it is asked for. Where it is missing, the request says so.
    with contextlib.suppress(ImportError):
        import mininet.net
    resident = Resident()
    reason = resident.serve()
    resident.conversation.send(died=reason)
    print(reason, file=sys.stderr, flush=True)
    # The end of a namespace's first process ends all others; nothing is left to stop one by one.
    os._exit(0)
