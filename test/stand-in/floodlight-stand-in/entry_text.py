"""Matches, actions and groups in Floodlight's text form, to and from OpenFlow 1.3."""

import ipaddress
import re
import struct

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

PORTS = {
    'in_port': ofp.OFPP_IN_PORT,
    'table': ofp.OFPP_TABLE,
    'normal': ofp.OFPP_NORMAL,
    'flood': ofp.OFPP_FLOOD,
    'all': ofp.OFPP_ALL,
    'controller': ofp.OFPP_CONTROLLER,
    'local': ofp.OFPP_LOCAL,
    'any': ofp.OFPP_ANY,
    'max': ofp.OFPP_MAX,
}
PORT_NAMES = {number: name for name, number in PORTS.items()}
GROUPS = {'any': ofp.OFPG_ANY, 'all': ofp.OFPG_ALL}
GROUP_NAMES = {number: name for name, number in GROUPS.items()}

IP, IPV4, IPV6, ARP = (0x0800, 0x86DD), (0x0800,), (0x86DD,), (0x0806,)
ICMP, TCP, UDP, SCTP, ICMPV6 = (1,), (6,), (17,), (132,), (58,)

# Floodlight's key: os-ken's name, notation, and the field that has to be matched too, with its values.
FIELDS = {
    'in_port': ('in_port', 'port', None, ()),
    'eth_dst': ('eth_dst', 'mac', None, ()),
    'eth_src': ('eth_src', 'mac', None, ()),
    'eth_type': ('eth_type', 'hexadecimal', None, ()),
    'eth_vlan_vid': ('vlan_vid', 'hexadecimal', None, ()),
    'eth_vlan_pcp': ('vlan_pcp', 'decimal', None, ()),
    'ip_dscp': ('ip_dscp', 'hexadecimal', 'eth_type', IP),
    'ip_ecn': ('ip_ecn', 'hexadecimal', 'eth_type', IP),
    'ip_proto': ('ip_proto', 'hexadecimal', 'eth_type', IP),
    'ipv4_src': ('ipv4_src', 'ipv4', 'eth_type', IPV4),
    'ipv4_dst': ('ipv4_dst', 'ipv4', 'eth_type', IPV4),
    'tcp_src': ('tcp_src', 'decimal', 'ip_proto', TCP),
    'tcp_dst': ('tcp_dst', 'decimal', 'ip_proto', TCP),
    'udp_src': ('udp_src', 'decimal', 'ip_proto', UDP),
    'udp_dst': ('udp_dst', 'decimal', 'ip_proto', UDP),
    'sctp_src': ('sctp_src', 'decimal', 'ip_proto', SCTP),
    'sctp_dst': ('sctp_dst', 'decimal', 'ip_proto', SCTP),
    'icmpv4_type': ('icmpv4_type', 'decimal', 'ip_proto', ICMP),
    'icmpv4_code': ('icmpv4_code', 'decimal', 'ip_proto', ICMP),
    'arp_opcode': ('arp_op', 'decimal', 'eth_type', ARP),
    'arp_spa': ('arp_spa', 'ipv4', 'eth_type', ARP),
    'arp_tpa': ('arp_tpa', 'ipv4', 'eth_type', ARP),
    'arp_sha': ('arp_sha', 'mac', 'eth_type', ARP),
    'arp_tha': ('arp_tha', 'mac', 'eth_type', ARP),
    'ipv6_src': ('ipv6_src', 'ipv6', 'eth_type', IPV6),
    'ipv6_dst': ('ipv6_dst', 'ipv6', 'eth_type', IPV6),
    'icmpv6_type': ('icmpv6_type', 'decimal', 'ip_proto', ICMPV6),
    'icmpv6_code': ('icmpv6_code', 'decimal', 'ip_proto', ICMPV6),
}
# In their order Floodlight shows them.
PLACES = {key: place for place, key in enumerate(FIELDS)}
KEY_OF_OXM = {oxm: key for key, (oxm, *_) in FIELDS.items()}

VLAN_PRESENT = 0x1000
MAC = re.compile(r'[0-9a-f]{2}(:[0-9a-f]{2}){5}')

# What os-ken raises for values that do not fit their fields.
UNFIT = (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error)


def read_integer(text):
    text = text.strip().lower()
    return int(text, 16) if text.startswith('0x') else int(text)


def read_dpid(text):
    """A DPID in Floodlight's long form; None where Floodlight would not read it."""
    if re.fullmatch(r'[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){0,7}', text) is None:
        return None
    octets = [octet.rjust(2, '0') for octet in text.lower().split(':')]
    return ':'.join(['00'] * (8 - len(octets)) + octets)


def dpid_of(number):
    return ':'.join(f'{octet:02x}' for octet in number.to_bytes(8, 'big'))


def read_match(texts):
    """An OpenFlow match of {key: text}; ValueError where Floodlight throws the whole entry away."""
    fields = {}
    for key, text in texts.items():
        if key not in FIELDS:
            raise ValueError(f'{key} is no match field')
        oxm, notation, *_ = FIELDS[key]
        value = READERS[notation](text.strip().lower())
        if value is not None:
            fields[oxm] = value
    return parser.OFPMatch(**fields)


def _read_number(text):
    value, *mask = (read_integer(part) for part in text.split('/'))
    return (value & mask[0], mask[0]) if mask else value


def _read_port(text):
    return PORTS[text] if text in PORTS else read_integer(text)


def _read_mac(text):
    value, *mask = text.split('/')
    for part in [value, *mask]:
        if MAC.fullmatch(part) is None:
            raise ValueError(f'{part} is no MAC address')
    return (value, mask[0]) if mask else value


def _read_address(network_type):
    def read(text):
        network = network_type(text, strict=False)
        if network.prefixlen == network.max_prefixlen:
            return str(network.network_address)
        # An all-zero mask matches everything: the field is not there.
        return (str(network.network_address), str(network.netmask)) if network.prefixlen > 0 else None

    return read


READERS = {
    'port': _read_port,
    'mac': _read_mac,
    'ipv4': _read_address(ipaddress.IPv4Network),
    'ipv6': _read_address(ipaddress.IPv6Network),
    'hexadecimal': _read_number,
    'decimal': _read_number,
}


def format_match(match):
    """A match as Floodlight shows it: without the fields whose prerequisites are not met."""
    values = {KEY_OF_OXM[oxm]: value for oxm, value in match.items() if oxm in KEY_OF_OXM}
    shown = {}
    for key in sorted(values, key=PLACES.__getitem__):
        _, notation, prerequisite, wanted = FIELDS[key]
        if prerequisite is None or (prerequisite in shown and values[prerequisite] in wanted):
            shown[key] = _format_field(notation, values[key])
    return shown


def _format_field(notation, value):
    if isinstance(value, tuple):
        return '/'.join(_format_field(notation, part) for part in value)
    if notation == 'hexadecimal':
        return f'0x{value:x}'
    return PORT_NAMES.get(value, str(value)) if notation == 'port' else str(value)


def read_actions(text):
    """The actions of a comma list; those that Floodlight cannot read are left out, as it does."""
    actions = []
    for part in text.lower().split(','):
        kind, _, value = part.partition('=')
        try:
            actions.append(ACTION_READERS[kind](value))
        except UNFIT:
            continue
    return actions


def _read_output(value):
    return parser.OFPActionOutput(_read_port(value), ofp.OFPCML_NO_BUFFER)


def _read_set_field(value):
    key, arrow, text = value.partition('->')
    if not arrow:
        raise ValueError('no value to set')
    oxm, notation, *_ = FIELDS[key]
    number = READERS[notation](text)
    return parser.OFPActionSetField(**{oxm: number | VLAN_PRESENT if oxm == 'vlan_vid' else number})


ACTION_READERS = {
    'output': _read_output,
    'group': lambda value: parser.OFPActionGroup(read_integer(value)),
    'set_queue': lambda value: parser.OFPActionSetQueue(read_integer(value)),
    'push_vlan': lambda value: parser.OFPActionPushVlan(read_integer(value)),
    'pop_vlan': lambda _: parser.OFPActionPopVlan(),
    'set_field': _read_set_field,
}


def format_actions(actions):
    return ','.join(_format_action(action) for action in actions)


def _format_action(action):
    if isinstance(action, parser.OFPActionOutput):
        return f'output={PORT_NAMES.get(action.port, action.port)}'
    if isinstance(action, parser.OFPActionGroup):
        return f'group={action.group_id}'
    if isinstance(action, parser.OFPActionSetQueue):
        return f'set_queue={action.queue_id}'
    if isinstance(action, parser.OFPActionPushVlan):
        return f'push_vlan={action.ethertype}'
    if isinstance(action, parser.OFPActionPopVlan):
        return 'pop_vlan'
    key = KEY_OF_OXM[action.key]
    value = action.value & ~VLAN_PRESENT if action.key == 'vlan_vid' else action.value
    return f'set_field={key}->{value}'


def format_instructions(instructions):
    if not instructions:
        return {'none': 'drop'}
    shown = {}
    for instruction in instructions:
        if instruction.type == ofp.OFPIT_APPLY_ACTIONS:
            shown['instruction_apply_actions'] = _format_action_list(instruction.actions)
        elif instruction.type == ofp.OFPIT_WRITE_ACTIONS:
            shown['instruction_write_actions'] = _format_action_list(instruction.actions)
        elif instruction.type == ofp.OFPIT_CLEAR_ACTIONS:
            shown['instruction_clear_actions'] = {}
        elif instruction.type == ofp.OFPIT_GOTO_TABLE:
            shown['instruction_goto_table'] = {'instruction_goto_table': str(instruction.table_id)}
    return shown


def _format_action_list(actions):
    return {'actions': format_actions(actions)} if actions else {'none': 'drop'}


GROUP_TYPES = {
    'all': ofp.OFPGT_ALL,
    'select': ofp.OFPGT_SELECT,
    'indirect': ofp.OFPGT_INDIRECT,
    'fast_failover': ofp.OFPGT_FF,
}


def read_buckets(described):
    """Buckets of [{key: text}], in the order of their ids; of two with one id the last one stays."""
    buckets = {}
    for bucket in described:
        if 'bucket_id' in bucket:
            watch_port = bucket.get('bucket_watch_port', 'any')
            # A missing watch group becomes OFPG_ALL: such a bucket is dead.
            watch_group = bucket.get('bucket_watch_group', 'all')
            buckets[read_integer(bucket['bucket_id'])] = parser.OFPBucket(
                weight=read_integer(bucket.get('bucket_weight', '0')),
                watch_port=_read_port(watch_port),
                watch_group=GROUPS[watch_group] if watch_group in GROUPS else read_integer(watch_group),
                actions=read_actions(bucket.get('bucket_actions', '')),
            )
    return [buckets[identifier] for identifier in sorted(buckets)]
