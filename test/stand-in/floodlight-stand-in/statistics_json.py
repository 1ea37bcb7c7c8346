"""What a switch answers about itself, in Floodlight's shapes: /wm/core/switch/DPID/STATISTIC/json."""

from entry_text import GROUP_NAMES, PORT_NAMES, format_actions, format_instructions, format_match
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from static_entries import signed

GROUP_TYPES = {ofp.OFPGT_ALL: 'ALL', ofp.OFPGT_SELECT: 'SELECT', ofp.OFPGT_INDIRECT: 'INDIRECT', ofp.OFPGT_FF: 'FF'}
FLOW_FLAGS = {ofp.OFPFF_SEND_FLOW_REM: 'SEND_FLOW_REM'}
CONFIG = {ofp.OFPPC_PORT_DOWN: 'PORT_DOWN', ofp.OFPPC_NO_RECV: 'NO_RECV'}
STATE = {ofp.OFPPS_LINK_DOWN: 'LINK_DOWN', ofp.OFPPS_BLOCKED: 'BLOCKED', ofp.OFPPS_LIVE: 'LIVE'}
FEATURES = {ofp.OFPPF_10GB_FD: 'PF_10GB_FD', ofp.OFPPF_COPPER: 'PF_COPPER'}
CAPABILITIES = {
    ofp.OFPC_FLOW_STATS: 'FLOW_STATS',
    ofp.OFPC_TABLE_STATS: 'TABLE_STATS',
    ofp.OFPC_PORT_STATS: 'PORT_STATS',
    ofp.OFPC_QUEUE_STATS: 'QUEUE_STATS',
    ofp.OFPC_GROUP_STATS: 'GROUP_STATS',
}
VALID_STATISTICS = [
    *['aggregate', 'desc', 'experimenter', 'flow', 'flow-lightweight', 'group', 'group-desc', 'group-features'],
    *['meter', 'meter-config', 'meter-features', 'port', 'port-desc', 'queue', 'queue-desc', 'table', 'table-desc'],
    *['table-features', 'flow-monitor', 'controller-status', 'bundle-features', 'features'],
]


async def flow(switch):
    return {'flows': [_flow(row) for row in await switch.ask(_of_all_flows(parser.OFPFlowStatsRequest, switch))]}


async def aggregate(switch):
    [totals] = await switch.ask(_of_all_flows(parser.OFPAggregateStatsRequest, switch))
    counts = {name: str(getattr(totals, name)) for name in ('flow_count', 'packet_count', 'byte_count')}
    return {'aggregate': {'version': 'OF_13', **counts, 'flags': []}}


def _of_all_flows(request, switch):
    return request(switch, 0, ofp.OFPTT_ALL, ofp.OFPP_ANY, ofp.OFPG_ANY, 0, 0, parser.OFPMatch())


def _flow(row):
    return {
        'version': 'OF_13',
        'cookie': str(row.cookie),
        'table_id': f'0x{row.table_id:x}',
        'packet_count': str(row.packet_count),
        'byte_count': str(row.byte_count),
        'duration_sec': str(row.duration_sec),
        'duration_nsec': str(row.duration_nsec),
        'priority': str(row.priority),
        'idle_timeout_s': str(row.idle_timeout),
        'hard_timeout_s': str(row.hard_timeout),
        'flags': names_of(FLOW_FLAGS, row.flags),
        'match': format_match(row.match),
        'instructions': format_instructions(row.instructions),
    }


async def group_desc(switch):
    rows = await switch.ask(parser.OFPGroupDescStatsRequest(switch, 0))
    return {'version': 'OF_13', 'group_desc': [_group_description(row) for row in rows]}


def _group_description(row):
    return {
        'group_type': GROUP_TYPES[row.type],
        'group_number': str(signed(row.group_id)),
        'buckets': [
            {
                'weight': str(bucket.weight),
                'watch_port': str(signed(bucket.watch_port)),
                'watch_group': GROUP_NAMES.get(bucket.watch_group, str(bucket.watch_group)),
                'actions': format_actions(bucket.actions),
            }
            for bucket in row.buckets
        ],
    }


async def group(switch):
    rows = await switch.ask(parser.OFPGroupStatsRequest(switch, 0, ofp.OFPG_ALL))
    return {'version': 'OF_13', 'group': [_group(row) for row in rows]}


def _group(row):
    return {
        'group_number': str(signed(row.group_id)),
        'reference_count': str(row.ref_count),
        'packet_count': str(row.packet_count),
        'byte_count': str(row.byte_count),
        'bucket_counters': [
            {'packet_count': str(counter.packet_count), 'byte_count': str(counter.byte_count)}
            for counter in row.bucket_stats
        ],
        'duration_sec': str(row.duration_sec),
        'duration_nsec': str(row.duration_nsec),
    }


async def port(switch):
    rows = await switch.ask(parser.OFPPortStatsRequest(switch, 0, ofp.OFPP_ANY))
    return {'port_reply': [{'version': 'OF_13', 'port': [_port(row) for row in sorted(rows, key=_local_first)]}]}


def _port(row):
    return {
        'port_number': PORT_NAMES.get(row.port_no, str(row.port_no)),
        'receive_packets': str(row.rx_packets),
        'transmit_packets': str(row.tx_packets),
        'receive_bytes': str(row.rx_bytes),
        'transmit_bytes': str(row.tx_bytes),
        'receive_dropped': str(row.rx_dropped),
        'transmit_dropped': str(row.tx_dropped),
        'receive_errors': str(row.rx_errors),
        'transmit_errors': str(row.tx_errors),
        'receive_frame_errors': str(row.rx_frame_err),
        'receive_overrun_errors': str(row.rx_over_err),
        'receive_CRC_errors': str(row.rx_crc_err),
        'collisions': str(row.collisions),
        'duration_sec': str(row.duration_sec),
        'duration_nsec': str(row.duration_nsec),
    }


async def port_desc(switch):
    rows = await switch.ask(parser.OFPPortDescStatsRequest(switch, 0))
    return {'version': 'OF_13', 'port_desc': [_port_description(row) for row in sorted(rows, key=_local_first)]}


def _port_description(row):
    return {
        'port_number': PORT_NAMES.get(row.port_no, str(row.port_no)),
        'hardware_address': row.hw_addr,
        'name': row.name.decode(),
        'config': names_of(CONFIG, row.config),
        'state': names_of(STATE, row.state),
        'current_features': names_of(FEATURES, row.curr),
        'advertised_features': names_of(FEATURES, row.advertised),
        'supported_features': names_of(FEATURES, row.supported),
        'peer_features': names_of(FEATURES, row.peer),
        'curr_speed': str(row.curr_speed),
        'max_speed': str(row.max_speed),
    }


def _local_first(row):
    return -1 if row.port_no == ofp.OFPP_LOCAL else row.port_no


async def desc(switch):
    [row] = await switch.ask(parser.OFPDescStatsRequest(switch, 0))
    return {
        'desc': {
            'version': 'OF_13',
            'manufacturer_description': row.mfr_desc.decode(),
            'hardware_description': row.hw_desc.decode(),
            'software_description': row.sw_desc.decode(),
            'serial_number': row.serial_num.decode(),
            'datapath_description': row.dp_desc.decode(),
        }
    }


async def table(switch):
    rows = await switch.ask(parser.OFPTableStatsRequest(switch, 0))
    return {
        'version': 'OF_13',
        'table': [
            {
                'table_number': f'0x{row.table_id:x}',
                'active_count': str(row.active_count),
                'lookup_count': str(row.lookup_count),
                'matched_count': str(row.matched_count),
            }
            for row in rows
        ],
    }


async def features(switch):
    return {
        'capabilities': f'[{", ".join(names_of(CAPABILITIES, switch.features.capabilities))}]',
        'dpid': switch.dpid,
        'buffers': str(switch.features.n_buffers),
        'tables': str(switch.features.n_tables),
        'version': 'OF_13',
    }


def names_of(names, flags):
    return [name for flag, name in names.items() if flags & flag]


STATISTICS = {
    'aggregate': aggregate,
    'desc': desc,
    'features': features,
    'flow': flow,
    'group': group,
    'group-desc': group_desc,
    'port': port,
    'port-desc': port_desc,
    'table': table,
}
