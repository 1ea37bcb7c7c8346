"""What labctl and the programs in a sandbox say to each other, in JSON: requests, their progress and their answers.

`messages.ts` and `topology-program.ts` have the same as schemas; a test compares them.
"""

from typing import Any, Literal, TypedDict, Union

Datapath = Literal['kernel', 'user']

# --- The resident program ---------------------------------------------------------------------------------------------


class Request(TypedDict):
    id: int
    do: str
    input: Any


class Start(TypedDict):
    # For the lab's files and sockets.
    folder: str
    # A key of Mininet's `topos`.
    topo: str
    datapath: Datapath
    # Whether the userspace datapath will do if the kernel's does not work.
    fallback: bool
    # By host, the file that moves a process into the host's share of a CPU.
    shares: dict[str, str]


class Started(TypedDict):
    # Versions; Open vSwitch's is empty in a lab without switches.
    mininet: str
    openVSwitch: str
    datapath: Datapath
    # Process ids in the sandbox, by host.
    shells: dict[str, int]


class HostCommands(TypedDict):
    # By host, one after another.
    commands: dict[str, list[str]]
    # Where they run.
    folder: str


class FailedCommand(TypedDict):
    host: str
    command: str
    # Negative: a signal.
    exitCode: int
    # The end of what it printed.
    words: str


class Pair(TypedDict):
    source: str
    target: str


class Point(TypedDict):
    """An address of a host that is asked, and asks others."""

    name: str
    host: str
    # null: a host without an address reaches nobody.
    ip: str | None
    # Whether it asks from this address; else from that which Linux chooses.
    isSource: bool


class Probe(TypedDict):
    points: list[Point]
    # Seconds that the network may take for the first packet of a pair, where its controller reacts to it or its links
    # delay it.
    reaction: float
    # By the names of points; null: all pairs.
    only: list[Pair] | None


class ProbeProgress(TypedDict):
    pairs: int
    answered: int
    round: int


class Probed(TypedDict):
    # For each point, in their order, as the source, and then as the target: round trips; null: no answer.
    rttMs: list[list[float | None]]
    # Requests sent.
    probes: list[list[int]]


class ConnectSwitches(TypedDict):
    # An OpenFlow controller, e.g. `unix:/run/labctl/x/of.sock`.
    target: str


class SetLink(TypedDict):
    # Two nodes.
    a: str
    b: str
    # Of the first, where one link is meant.
    port: int | None
    up: bool


class SetSwitch(TypedDict):
    name: str
    up: bool


class Address(TypedDict):
    ip: str
    prefixLength: int


class Route(TypedDict):
    destination: str
    prefixLength: int
    # A router; null: on the link.
    via: str | None
    # The address that the host prefers to send from.
    source: str | None
    metric: int
    # null: it refuses packets, or leads out of none of the host's interfaces.
    interface: str | None


class Neighbour(TypedDict):
    """A static ARP entry."""

    ip: str
    mac: str


class Interface(TypedDict):
    name: str
    # Of the link.
    port: int
    # null: the interface of the link itself.
    vlan: int | None
    mac: str
    addresses: list[Address]
    neighbours: list[Neighbour]
    forwards: bool
    # As Linux takes them: the higher value of the interface's own and of that for all.
    reversePathFilter: int
    arpIgnore: int
    arpAnnounce: int


class HostState(TypedDict):
    # Of links, and of VLANs on them.
    interfaces: list[Interface]
    # Of other interfaces.
    otherAddresses: list[str]
    routes: list[Route]


class Nothing(TypedDict):
    pass


class BeginMeasurement(TypedDict):
    # A host.
    source: str
    # An address of another.
    target: str


class Traffic(TypedDict):
    sent: int
    lost: int
    # From the last answer before lost requests to the first one after them.
    gapsMs: list[float]
    answersAtFirst: bool
    answersAtLast: bool


# --- The reader of topology programs ----------------------------------------------------------------------------------

Plain = Union[str, float, bool, None]
Option = Union[str, float, bool, None, list[Plain], dict[str, Union[str, float, bool, None, list[Plain]]]]


class TopologyProgram(TypedDict):
    # Its name in problems.
    file: str
    # Modules that it imports may be here.
    folder: str
    source: str
    # As for `mn --topo`; null: its only one.
    topo: str | None
    # Whether labctl is root.
    isRoot: bool


class Node(TypedDict):
    name: str
    # Of the program, where it adds the node; 0: unknown.
    line: int
    options: dict[str, Option]
    # Whether its class is not Mininet's, and a method of it has the text ip_forward=1.
    forwards: bool


class Link(TypedDict):
    nodes: tuple[str, str]
    ports: tuple[Plain, Plain]
    line: int
    options: dict[str, Option]


class Topology(TypedDict):
    name: str
    # Of this machine.
    cpus: int
    hosts: list[Node]
    switches: list[Node]
    links: list[Link]


class _Problem(TypedDict):
    cause: str
    line: int


class Problem(_Problem, total=False):
    """What is wrong with a program."""

    remedy: str
    column: int
    # The name of its class.
    exception: str


class TopologyRead(TypedDict):
    topology: Topology


class TopologyRefused(TypedDict):
    problem: Problem


class CannotRead(TypedDict):
    """This machine cannot run a program safely, for this reason."""

    cannot: str


TopologyAnswer = Union[TopologyRead, TopologyRefused, CannotRead]
