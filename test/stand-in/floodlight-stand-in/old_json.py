"""Answers in the shapes of Floodlight 1.2, read in its source at the tag v1.2 and not measured."""

from os_ken.ofproto import ofproto_v1_3 as ofp

# StatsReplySerializer.java
KEYS = {
    'table_id': 'tableId',
    'packet_count': 'packetCount',
    'byte_count': 'byteCount',
    'idle_timeout_s': 'idleTimeoutSec',
    'hard_timeout_s': 'hardTimeoutSec',
    'flow_count': 'flowCount',
    'group_desc': 'groupDesc',
    'group_type': 'groupType',
    'group_number': 'groupNumber',
    'reference_count': 'refCount',
    'bucket_counters': 'bucketCounters',
    'watch_port': 'watchPortNumber',
    'watch_group': 'watchGroup',
    'manufacturer_description': 'manufacturerDescription',
    'hardware_description': 'hardwareDescription',
    'software_description': 'softwareDescription',
    'serial_number': 'serialNumber',
    'datapath_description': 'datapathDescription',
    'port_desc': 'portDesc',
    'port_number': 'portNumber',
    'hardware_address': 'hardwareAddress',
    'current_features': 'currentFeatures',
    'advertised_features': 'advertisedFeatures',
    'supported_features': 'supportedFeatures',
    'peer_features': 'peerFeatures',
    'curr_speed': 'currSpeed',
    'max_speed': 'maxSpeed',
    'receive_packets': 'receivePackets',
    'transmit_packets': 'transmitPackets',
    'receive_bytes': 'receiveBytes',
    'transmit_bytes': 'transmitBytes',
    'receive_dropped': 'receiveDropped',
    'transmit_dropped': 'transmitDropped',
    'receive_errors': 'receiveErrors',
    'transmit_errors': 'transmitErrors',
    'receive_frame_errors': 'receiveFrameErrors',
    'receive_overrun_errors': 'receiveOverrunErrors',
    'receive_CRC_errors': 'receiveCRCErrors',
    'table_number': 'tableId',
    'active_count': 'activeCount',
    'lookup_count': 'lookUpCount',
    'matched_count': 'matchCount',
}
# A flow's time has other names than a port's and a group's.
FLOW_KEYS = {'duration_sec': 'durationSeconds', 'duration_nsec': 'durationNSeconds'}
OTHER_KEYS = {'duration_sec': 'durationSec', 'duration_nsec': 'durationNsec'}
# Of what statistics_json.py names.
FLAGS = {
    'SEND_FLOW_REM': ofp.OFPFF_SEND_FLOW_REM,
    'PORT_DOWN': ofp.OFPPC_PORT_DOWN,
    'NO_RECV': ofp.OFPPC_NO_RECV,
    'LINK_DOWN': ofp.OFPPS_LINK_DOWN,
    'BLOCKED': ofp.OFPPS_BLOCKED,
    'LIVE': ofp.OFPPS_LIVE,
    'PF_10GB_FD': ofp.OFPPF_10GB_FD,
    'PF_COPPER': ofp.OFPPF_COPPER,
}
FEATURES = ('current_features', 'advertised_features', 'supported_features', 'peer_features')
NUMBERED = ('flags', 'config', 'state', *FEATURES)


def old_statistics(statistic, answer):
    return _renamed(answer, KEYS | (FLOW_KEYS if statistic == 'flow' else OTHER_KEYS))


def old_listing(listing):
    return _renamed(listing, {})


def old_error(error):
    """StatsReplySerializer.java too: what is wrong stands under a key."""
    *lines, (_, valid) = error.items()
    numbered = {f'{index})': name for index, name in enumerate(valid, 1)}
    return {'ERROR': dict(lines), 'Valid statistics and features strings are:': numbered}


def old_device(row):
    """SwitchPort.java"""
    places = [
        {'switchDPID': place['switch'], 'port': int(place['port']), 'errorStatus': None}
        for place in row['attachmentPoint']
    ]
    return row | {'attachmentPoint': places}


def old_hop(dpid, port):
    """NodePortTuple.java, whose port Jackson writes by its getters."""
    return {'switch': dpid, 'port': {'portNumber': port, 'shortPortNumber': port, 'length': 4}}


def _renamed(value, keys):
    if isinstance(value, list):
        return [_renamed(item, keys) for item in value]
    if not isinstance(value, dict):
        return value
    return {keys.get(key, key): _old_value(key, item, keys) for key, item in value.items()}


def _old_value(key, value, keys):
    if key in NUMBERED and isinstance(value, list):
        return str(sum(FLAGS[name] for name in value))
    if key == 'actions':
        return ','.join(_old_action(action) for action in value.split(',')) if value else value
    return _renamed(value, keys)


def _old_action(action):
    """OFActionListSerializer.java"""
    if action == 'pop_vlan':
        return 'pop_vlan=n/a'
    kind, _, value = action.partition('=')
    return value.replace('->', '=', 1) if kind == 'set_field' else action
