"""Runs a Mininet custom topology, which is a program, where it can do no harm, and answers with the topology.

Run as the first process of namespaces of its own. Speaks JSON lines over the socket that is file descriptor 3: one
request TopologyProgram, one TopologyAnswer (see `messages.py`). The program has no network, a read-only file system
without /tmp and /run, no capabilities, and is `nobody` where labctl is root; what it prints is lost. If it takes too
long, whoever started this ends it, and everything that the program started.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
import json
import os
import re
import resource
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Only then: the program may import a module of its own with this name.
    from messages import Node, Option, Plain, Problem, Topology, TopologyAnswer, TopologyProgram

MEBIBYTE = 1024 * 1024
NOBODY = 65534
#: Unix sockets cross network namespaces: folders where other programs have theirs are hidden.
HIDDEN = ('/tmp', '/run', '/var/run', '/var/tmp', '/dev/shm')

# From Linux's headers.
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


class MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ('set', 'clear', 'propagation', 'user_namespace')]


def checked(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f'{what}: {os.strerror(error)}')


def confine(is_root: bool) -> None:
    """Gives up everything that the program could do harm with; raises OSError if this machine cannot do that."""
    for folder in {os.path.realpath(folder) for folder in HIDDEN if os.path.isdir(folder)}:
        flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
        checked(libc.mount(b'tmpfs', folder.encode(), b'tmpfs', flags, b'size=64k'), f'hiding {folder}')
    read_only = MountAttributes(set=MOUNT_ATTR_RDONLY)
    checked(
        libc.syscall(
            SYS_MOUNT_SETATTR, AT_FDCWD, b'/', AT_RECURSIVE, ctypes.byref(read_only), ctypes.sizeof(read_only)
        ),
        'making the file system read-only',
    )
    for limit, value in (
        (resource.RLIMIT_AS, 1024 * MEBIBYTE),
        (resource.RLIMIT_CPU, 30),
        # Counts all processes of its user, also those that run elsewhere.
        (resource.RLIMIT_NPROC, 1024),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    # The bounding set first, while the capability to shrink it is still there.
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if is_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    checked(libc.capset(header, nothing), 'giving up capabilities')
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'giving up privileges')


class Places:
    """Where the program adds each node and link, by the lines of its file."""

    def __init__(self, topo_class: Any, file: str) -> None:
        self.of_node: dict[str, int] = {}
        # By the identity of a link's options: its place in the order of links, and its line.
        self.of_link: dict[int, tuple[int, int]] = {}
        self._file = file
        self._last = 0
        places, add_node, add_link = self, topo_class.addNode, topo_class.addLink

        def note_node(topo: Any, name: str, **options: Any) -> Any:
            places.of_node.setdefault(name, places.here())
            return add_node(topo, name, **options)

        def note_link(topo: Any, node1: str, node2: str, *arguments: Any, **options: Any) -> Any:
            key = add_link(topo, node1, node2, *arguments, **options)
            places._last += 1
            places.of_link[id(topo.linkInfo(node1, node2, key))] = (places._last, places.here())
            return key

        topo_class.addNode, topo_class.addLink = note_node, note_link

    def here(self) -> int:
        """The innermost line of the file that is being run; 0: none is."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return frame.f_lineno
            frame = frame.f_back
        return 0


class WrongProgram(Exception):
    """A problem of the program: what is wrong and what to do, and where, as a line of it or 0."""

    def __init__(self, cause: str, remedy: str, line: int = 0) -> None:
        super().__init__(cause)
        self.cause, self.remedy, self.line = cause, remedy, line


def choose(namespace: Mapping[str, Any], wanted: str | None) -> tuple[str, Any]:
    """The topology that the program makes: as `mn --topo` names it, or the only one."""
    from mininet.topo import Topo
    from mininet.util import splitArgs

    topos = namespace.get('topos')
    offered: dict[str, Callable[..., Any]] = dict(topos) if isinstance(topos, dict) else {}
    classes: dict[str, type] = {
        name: value
        for name, value in namespace.items()
        if isinstance(value, type) and issubclass(value, Topo) and value.__module__ == namespace['__name__']
    }
    name, arguments, options = splitArgs(wanted) if wanted else (None, [], {})
    if name is None:
        bases = {base for each in classes.values() for base in each.__mro__[1:]}
        candidates = offered or {key: value for key, value in classes.items() if value not in bases}
        if not candidates:
            raise WrongProgram(
                'the program has no topos = {...} and no class of its own that is a mininet.topo.Topo',
                "give it one, as for `mn --custom`: topos = {'mytopo': MyTopo}",
            )
        if len(candidates) > 1:
            names = ', '.join(map(str, candidates))
            raise WrongProgram(f'the program has several topologies: {names}', 'choose one with --topo NAME')
        name = next(iter(candidates))
    else:
        candidates = {**classes, **offered}
        if name not in candidates:
            names = ', '.join(map(str, candidates)) or 'none'
            raise WrongProgram(f'the program has no topology {name}', f'choose one that it has: {names}')
    topo = candidates[name](*arguments, **options)
    if not isinstance(topo, Topo):
        raise WrongProgram(
            f'topos[{name!r}] makes no mininet.topo.Topo but a {type(topo).__name__}',
            'let it return a Topo, as for `mn --custom`',
        )
    return name, topo


def plain(value: Any) -> Plain:
    """A value for JSON: a class by its name, and what JSON does not have by its repr."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return value if abs(value) < 2**53 else str(value)
    return getattr(value, '__name__', None) or repr(value)[:80]


def plain_list(value: Any) -> Plain | list[Plain]:
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else plain(value)


def option(value: Any) -> Option:
    """Two levels deep, as params1 of a link is."""
    if isinstance(value, dict):
        return {str(key): plain_list(each) for key, each in value.items()}
    return plain_list(value)


def constants_of(code: CodeType) -> Iterator[str]:
    """The texts in a function, and in those inside it."""
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (each for each in constant if isinstance(each, str))
        elif isinstance(constant, CodeType):
            yield from constants_of(constant)


#: As for sysctl, and as for a shell that writes into /proc.
FORWARDING = re.compile(r'ip_forward\s*=\s*1\b|\b1\s*>\s*\S*/ip_forward\b')
#: When a network ends, nothing begins to forward.
ENDINGS = ('terminate', 'stop', 'cleanup')


def forwards(node_class: Any) -> bool:
    """Whether a class of hosts makes routers of them, as its code shows; Mininet's own classes do not count."""
    bases = node_class.__mro__ if isinstance(node_class, type) else ()
    return any(
        FORWARDING.search(text)
        for base in bases
        if not base.__module__.startswith('mininet.') or base.__module__.startswith('mininet.examples.')
        for name, method in vars(base).items()
        if name not in ENDINGS and isinstance(method, FunctionType)
        for text in constants_of(method.__code__)
    )


def default_vlan(node_class: Any) -> object:
    """The VLAN of a host that is given none, as of Mininet's examples' VLANHost; None: its class knows no VLANs."""
    try:
        default = inspect.signature(node_class.config).parameters['vlan'].default
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return default if isinstance(default, int) else None


def with_class(info: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a node or link; partial(Host, vlan=5) as a class is that class, with these options."""
    options = dict(info)
    while isinstance(options.get('cls'), functools.partial):
        part = options['cls']
        # Where both say something, what is said of the node counts.
        options = {**part.keywords, **options, 'cls': part.func}
    return options


def describe(name: str, topo: Any, places: Places) -> Topology:
    """The nodes in Mininet's order, which decides their addresses, and the links in the order they were added."""

    def options_of(info: Mapping[str, Any], *without: str) -> dict[str, Option]:
        return {str(key): option(value) for key, value in info.items() if key not in without}

    def node(node_name: str) -> Node:
        info = with_class(topo.nodeInfo(node_name))
        vlan = None if topo.isSwitch(node_name) else default_vlan(info.get('cls'))
        if vlan is not None:
            info.setdefault('vlan', vlan)
        return {
            'name': str(node_name),
            'line': places.of_node.get(node_name, 0),
            'options': options_of(info, 'isSwitch'),
            'forwards': forwards(info.get('cls')),
        }

    links = topo.links(withInfo=True)
    last = (len(links) + 1, 0)
    links.sort(key=lambda link: places.of_link.get(id(link[2]), last)[0])
    return {
        'name': str(name),
        'cpus': os.cpu_count() or 1,
        'hosts': [node(host) for host in topo.hosts()],
        'switches': [node(switch) for switch in topo.switches()],
        'links': [
            {
                'nodes': (str(a), str(b)),
                'ports': (plain(info.get('port1')), plain(info.get('port2'))),
                'line': places.of_link.get(id(info), last)[1],
                'options': options_of(with_class(info), 'node1', 'node2', 'port1', 'port2'),
            }
            for a, b, info in links
        ],
    }


def problem_of(error: BaseException, file: str) -> Problem:
    """What the program raised, at the innermost of its lines that was being run."""
    if isinstance(error, WrongProgram):
        return {'cause': error.cause, 'remedy': error.remedy, 'line': error.line}
    if isinstance(error, SyntaxError) and error.filename == file:
        return {'cause': f'not valid Python 3: {error.msg}', 'line': error.lineno or 0, 'column': error.offset or 1}
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    message = ' '.join(str(error).split())[:300]
    cause = f'the program raises {type(error).__name__}' + (f': {message}' if message else '')
    return {'cause': cause, 'line': lines[-1] if lines else 0, 'exception': type(error).__name__}


def answer_to(request: TopologyProgram) -> TopologyAnswer:
    from mininet.topo import Topo

    file = request['file']
    # The program can still import modules beside it, even if their folder is hidden.
    folder = os.open(request['folder'], os.O_PATH | os.O_DIRECTORY)
    sys.path[0] = f'/proc/self/fd/{folder}'
    try:
        confine(request['isRoot'])
    except OSError as error:
        return {'cannot': str(error)}
    os.chdir('/')
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.argv = [file]
    places = Places(Topo, file)
    namespace: dict[str, Any] = {'__name__': 'topology', '__file__': file}
    try:
        exec(compile(request['source'], file, 'exec', dont_inherit=True), namespace)
        return {'topology': describe(*choose(namespace, request['topo']), places)}
    except BaseException as error:  # SystemExit too: the program ends nothing but itself.
        return {'problem': problem_of(error, file)}


def main() -> None:
    os.set_inheritable(3, False)
    conversation = socket.socket(fileno=3)
    with conversation.makefile('r', encoding='utf-8', newline='\n') as requests:
        request = json.loads(requests.readline())
    try:
        answer = answer_to(request)
    except ImportError as error:
        answer = {'cannot': str(error)}
    conversation.sendall(json.dumps(answer).encode() + b'\n')
    # Does not wait for threads of the program.
    os._exit(0)


if __name__ == '__main__':
    main()
