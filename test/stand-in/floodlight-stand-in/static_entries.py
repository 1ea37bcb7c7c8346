"""The Static Entry Pusher: what is posted, what is listed, and what is sent to the switches."""

import asyncio
import itertools
import json
import time

from entry_text import (
    GROUP_NAMES,
    GROUP_TYPES,
    PORT_NAMES,
    UNFIT,
    format_actions,
    format_instructions,
    format_match,
    read_actions,
    read_buckets,
    read_dpid,
    read_integer,
    read_match,
)
from java_order import in_java_order, string_hash
from old_json import old_listing
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

# Floodlight answers first and installs afterwards, by another thread.
INSTALL_DELAY_SECONDS = 0.003
# Open vSwitch tells of a deleted flow some time later. That the flow was deleted by its entry's DELETE must not take
# off the list what has been posted under the same name since; a real Floodlight's race is not wanted in tests.
ECHO_SECONDS = 1
# What Floodlight's builder has before a priority is set; 65535 once cut to 16 bits.
UNSET_PRIORITY = 2147483647
STATIC_ENTRY_APPLICATION = 10
TRANSPORT_PORTS = {f'{protocol}_{end}' for protocol in ('tcp', 'udp', 'sctp') for end in ('src', 'dst')}
IP_FIELDS = {'ip_proto', 'ip_dscp', 'ip_ecn'}
IP_VERSIONS = {0x0800: 'ipv4', 0x86DD: 'ipv6'}
HANDLED_KEYS = ('switch', 'name', 'entry_type')

xids = itertools.count(1)


class Hang(Exception):
    """A request that makes Floodlight answer nothing any more."""


class StackTrace(Exception):
    """A request that Floodlight answers with HTTP 500."""


def cookie_of(name):
    value = string_hash(name, start=2311, factor=211)
    signed = value - (1 << 32) if value >> 31 else value
    return STATIC_ENTRY_APPLICATION << 52 | signed & ((1 << 52) - 1)


class Flow:
    """A flow entry, with whatever Floodlight makes of a bad value. Raises one of `UNFIT` where it makes no entry."""

    is_group = False

    def __init__(self, row):
        self.name = row['name']
        self.cookie = cookie_of(self.name)
        self.priority = UNSET_PRIORITY
        self.table = self.idle_timeout = self.hard_timeout = 0
        self._instructions = {}
        self._actions = None
        self._fields = {}
        try:
            for key in in_java_order(row):
                if key not in HANDLED_KEYS or (key == 'entry_type' and row[key] != 'group'):
                    self._read(key, row[key])
        except UNFIT:
            # What was read up to here is installed all the same.
            pass
        self.match = read_match(self._fields)
        if self._actions is not None:
            # Floodlight sets the actions last, in place of all instructions.
            self._instructions = {'apply': self._actions}
        self.instructions = [instruction for _, instruction in sorted(self._instructions.items())]

    def _read(self, key, text):
        if key == 'cookie':
            int(text)
        elif key == 'active':
            if text.lower() != 'true':
                raise ValueError('not active')
        elif key == 'priority':
            self.priority = read_integer(text)
        elif key == 'idle_timeout':
            self.idle_timeout = read_integer(text)
        elif key == 'hard_timeout':
            self.hard_timeout = read_integer(text)
        elif key == 'table':
            table = read_integer(text)
            if not 0 <= table <= 255:
                raise ValueError('no such table')
            self.table = table
        elif key == 'actions':
            self._actions = parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, read_actions(text))
        elif key == 'instruction_apply_actions':
            self._instructions['apply'] = parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, read_actions(text))
        elif key == 'instruction_clear_actions':
            self._instructions['clear'] = parser.OFPInstructionActions(ofp.OFPIT_CLEAR_ACTIONS, [])
        elif key == 'instruction_write_actions':
            self._instructions['write'] = parser.OFPInstructionActions(ofp.OFPIT_WRITE_ACTIONS, read_actions(text))
        elif key == 'instruction_goto_table':
            self._instructions['goto'] = parser.OFPInstructionGotoTable(read_integer(text))
        elif key == 'instruction_goto_meter':
            self._instructions['meter'] = parser.OFPInstructionMeter(read_integer(text))
        else:
            self._fields[key] = text

    @property
    def identity(self):
        """What says that it is the same flow in the switch."""
        return (format_match(self.match), self.priority & 0xFFFF)

    @property
    def writes_actions(self):
        return any(instruction.type == ofp.OFPIT_WRITE_ACTIONS for instruction in self.instructions)

    def add(self, switch):
        return self._message(switch, ofp.OFPFC_ADD)

    def modify(self, switch):
        return self._message(switch, ofp.OFPFC_MODIFY_STRICT)

    def delete(self, switch):
        return self._message(switch, ofp.OFPFC_DELETE_STRICT)

    def _message(self, switch, command):
        return parser.OFPFlowMod(
            switch,
            cookie=self.cookie,
            table_id=self.table,
            command=command,
            idle_timeout=self.idle_timeout & 0xFFFF,
            hard_timeout=self.hard_timeout & 0xFFFF,
            priority=self.priority & 0xFFFF,
            out_port=ofp.OFPP_ANY,
            out_group=ofp.OFPG_ANY,
            flags=ofp.OFPFF_SEND_FLOW_REM,
            match=self.match,
            instructions=self.instructions,
        )

    def listing(self):
        return {
            'version': 'OF_13',
            'command': 'ADD',
            'cookie': str(self.cookie),
            'priority': str(self.priority),
            'idleTimeoutSec': str(self.idle_timeout),
            'hardTimeoutSec': str(self.hard_timeout),
            'outPort': 'any',
            'flags': '1',
            'cookieMask': '0',
            'outGroup': 'any',
            'match': format_match(self.match),
            'instructions': format_instructions(self.instructions),
        }


class Group:
    is_group = True
    writes_actions = False

    def __init__(self, row):
        self.name = row['name']
        self.type_name = row['group_type'].lower()
        self.type = GROUP_TYPES[self.type_name]
        try:
            self.number = read_integer(row['group_id'])
        except UNFIT:
            # OFPG_ALL, which every switch refuses.
            self.number = ofp.OFPG_ALL
        buckets = row.get('group_buckets', [])
        self.buckets = read_buckets(buckets) if isinstance(buckets, list) else []
        self.xid = next(xids)

    @property
    def identity(self):
        return self.number

    def add(self, switch):
        return self._message(switch, ofp.OFPGC_ADD)

    def modify(self, switch):
        return self._message(switch, ofp.OFPGC_MODIFY)

    def delete(self, switch):
        return parser.OFPGroupMod(switch, ofp.OFPGC_DELETE, self.type, self.number, [])

    def _message(self, switch, command):
        return parser.OFPGroupMod(switch, command, self.type, self.number, self.buckets)

    def listing(self):
        return {
            'version': 'OF_13',
            'command': 'ADD',
            'group_number': str(signed(self.number)),
            'group_type': self.type_name,
            'xid': str(self.xid),
            'group_buckets': [
                {
                    'bucket_id': str(index),
                    'bucket_watch_group': GROUP_NAMES.get(bucket.watch_group, str(bucket.watch_group)),
                    'bucket_watch_port': PORT_NAMES.get(bucket.watch_port, str(bucket.watch_port)),
                    'bucket_weight': str(bucket.weight),
                    'bucket_actions': format_actions(bucket.actions),
                }
                for index, bucket in enumerate(self.buckets, 1)
            ],
        }


def signed(number):
    return number - (1 << 32) if number >> 31 else number


def read_row(text):
    """What is posted as {key: text}, read as Floodlight's streaming parser reads it; ValueError where it cannot."""
    pairs, _ = json.JSONDecoder(object_pairs_hook=Pairs, parse_constant=refuse).raw_decode(text.lstrip())
    if not isinstance(pairs, Pairs):
        raise ValueError('not an object')
    row = {}
    for key, value in pairs:
        key = key.lower().strip()
        if key == 'group_buckets':
            row[key] = [read_bucket(bucket) for bucket in value] if isinstance(value, list) else value
        elif isinstance(value, Pairs):
            # The inner object's keys are taken for the entry's, and its end for the entry's end.
            return row | {key: '{'} | {inner: text_of(part) for inner, part in value}
        elif isinstance(value, list):
            raise ValueError('an array')
        else:
            row[key] = text_of(value)
    return row


def read_bucket(pairs):
    return {key: text_of(value) for key, value in pairs}


class Pairs(list):
    """The pairs of a JSON object."""


def refuse(constant):
    raise ValueError(constant)


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


class StaticEntries:
    """Every entry by switch and name, with the bookkeeping that makes Floodlight's zombies.

    `_rows` are the names in its storage, `_owners` and `_entries` what its pusher took from there. A DELETE while the
    switch is away takes the row only; from then on no DELETE and no clear finds a row to delete.
    """

    def __init__(self, switches, groups):
        self._switches = switches
        self._with_groups = groups
        self._rows = set()
        self._owners = {}
        self._entries = {}
        self._deleted_at = {}

    def post(self, text):
        """The status that Floodlight answers to a POST."""
        if text == '':
            raise StackTrace('Cannot invoke "String.length()" because "content" is null')
        try:
            row = read_row(text)
            if 'group_buckets' in row and not self._with_groups:
                # Floodlight 1.2 reads no array (StaticFlowEntries.java).
                raise ValueError('an array')
        except (ValueError, TypeError):
            return 'Error! Could not parse flow mod, see log for details.'
        warning = check(row)
        if warning is not None:
            return f'Warning! {warning} The flow has been discarded.'
        self._later(self._insert, row)
        return 'Entry pushed'

    def delete(self, text):
        """The status that Floodlight answers to a DELETE."""
        if text == '':
            return 'Error! No data posted.'
        try:
            name = read_row(text).get('name')
        except ValueError:
            return 'Error deleting entry, see log for details'
        if name is None:
            return 'Error deleting entry, no name provided'
        self._later(self._delete, name)
        return f'Entry {name} deleted'

    def clear(self, dpid):
        """Deletes the entries of a switch, or all for None."""
        for name in [name for name, owner in self._owners.items() if dpid in (None, owner)]:
            self._later(self._delete, name)

    def list(self, dpid=None):
        """The entries of a switch, or {switch: entries} of all."""
        if dpid is None:
            return {key: self._ordered(key) for key in in_java_order(self._entries)}
        return self._ordered(dpid)

    def _ordered(self, dpid):
        entries = self._entries.get(dpid, {})
        return [entries[name] for name in in_java_order(entries)]

    def push_again(self, switch):
        """Sends a switch that has come back all that is listed for it, groups first."""
        entries = self._entries.get(switch.dpid, {}).values()
        for entry in sorted(entries, key=lambda entry: not entry.is_group):
            switch.write(entry.add(switch))

    def flow_removed(self, switch, message):
        """Takes the entry of a flow that a switch has removed off the list, whatever the reason was."""
        since_deletion = time.monotonic() - self._deleted_at.get((switch.dpid, message.cookie), -ECHO_SECONDS)
        if message.reason == ofp.OFPRR_DELETE and since_deletion < ECHO_SECONDS:
            return
        identity = (format_match(message.match), message.priority)
        for entry in self._entries.get(switch.dpid, {}).values():
            if not entry.is_group and entry.cookie == message.cookie and entry.identity == identity:
                self._delete(entry.name)
                return

    def _later(self, act, argument):
        asyncio.get_running_loop().call_later(INSTALL_DELAY_SECONDS, act, argument)

    def _insert(self, row):
        name = row.get('name')
        if name is None:
            return
        dpid = read_dpid(row['switch'])
        self._rows.add(name)
        entries = self._entries.setdefault(dpid, {})
        switch = self._switches.get(dpid)
        if switch is None:
            return
        try:
            entry = self._read(row)
            # os-ken finds only now that a value does not fit.
            entry.add(switch).serialize()
        except UNFIT:
            return
        old_dpid = self._owners.pop(name, None)
        old = self._entries[old_dpid].pop(name, None) if old_dpid is not None else None
        if old is not None and old.is_group != entry.is_group:
            # Both are gone from the list, and what the switch has of the old one stays there.
            return
        entries[name] = entry
        self._owners[name] = dpid
        if old is None:
            switch.write(entry.add(switch))
        elif old_dpid == dpid and old.identity == entry.identity:
            switch.write(entry.modify(switch))
        else:
            former = self._switches.get(old_dpid)
            if former is not None:
                self._send_deletion(former, old)
            switch.write(entry.add(switch))

    def _read(self, row):
        if row.get('entry_type') != 'group':
            return Flow(row)
        if row.get('active', 'true').lower() != 'true':
            raise ValueError('not active')
        return Group(row)

    def _delete(self, name):
        if name not in self._rows:
            return
        self._rows.discard(name)
        switch = self._switches.get(self._owners.get(name))
        if switch is not None:
            self._send_deletion(switch, self._entries[self._owners.pop(name)].pop(name))

    def _send_deletion(self, switch, entry):
        if not entry.is_group:
            self._deleted_at[switch.dpid, entry.cookie] = time.monotonic()
        switch.write(entry.delete(switch))


def check(row):
    """Why Floodlight discards a row at once; None when it does not. Raises `Hang` and `StackTrace`."""
    if 'switch' not in row:
        return 'Must specify switch DPID in flow.'
    if read_dpid(row['switch']) is None:
        return 'Switch DPID invalid!'
    if row.get('entry_type') == 'group':
        return None
    eth_type = read_or_trace(row['eth_type']) if 'eth_type' in row else None
    if 'ip_proto' in row:
        read_or_trace(row['ip_proto'])
    elif TRANSPORT_PORTS & row.keys():
        raise Hang
    versions = {key[:4] for key in row if key.startswith(('ipv4_', 'ipv6_'))}
    if eth_type is None and (versions or IP_FIELDS & row.keys()):
        return 'Must specify eth_type of IPv4/IPv6 to match on IPv4/IPv6 fields!'
    if eth_type in IP_VERSIONS and versions - {IP_VERSIONS[eth_type]}:
        return 'IPv4 & IPv6 fields cannot be specified in the same flow!'
    return None


def read_or_trace(text):
    try:
        return read_integer(text)
    except ValueError:
        digits = text.replace('0x', '', 1)
        radix = ' under radix 16' if text.startswith('0x') else ''
        raise StackTrace(f'For input string: "{digits}"{radix}') from None


def list_text(listed, is_old):
    """The entries of {key: entries} as Floodlight writes them.

    The list ends right after the first entry with write actions, a brace short: Floodlight's writer loses count. Not so
    in Floodlight 1.2 (OFInstructionListSerializer.java).
    """
    parts = []
    for key, entries in listed.items():
        listings = []
        is_broken = False
        for entry in entries:
            listing = old_listing(entry.listing()) if is_old else entry.listing()
            listings.append({entry.name: listing})
            is_broken = entry.writes_actions and not is_old
            if is_broken:
                listing['instructions']['instruction_write_actions']['instruction_deprecated'] = {}
                break
        parts.append(f'{json.dumps(key)}:{compact(listings)}')
        if is_broken:
            return '{' + ','.join(parts)[: -len('}]')]
    return '{' + ','.join(parts) + '}'


# Made once: with separators of its own json.dumps makes one at every call.
compact = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False).encode
