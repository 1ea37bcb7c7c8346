"""Devices, and Floodlight's reactive Forwarding module."""

import ipaddress
import time

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from topology import LLDP_ETHER_TYPE

ARP, IPV4 = 0x0806, 0x0800
FORWARDING_APPLICATION = 2
COOKIE = FORWARDING_APPLICATION << 52
COOKIE_MASK = 0xFFF << 52
PRIORITY = 1
IDLE_TIMEOUT_SECONDS = 5
# A frame that comes back to a switch by another port within this time runs in a loop of links not yet discovered.
LOOP_SECONDS = 1


class Device:
    def __init__(self, mac):
        self.mac = mac
        self.ipv4 = set()
        self.last_seen = 0
        self._attachment_points = {}

    def seen_at(self, dpid, port):
        self._attachment_points[dpid, port] = self.last_seen = time.time()

    def attachment_point(self, is_edge):
        """The last place at the edge where it was seen, as (DPID, port)."""
        points = [point for point in self._attachment_points if is_edge(*point)]
        return max(points, key=self._attachment_points.get, default=None)


class Forwarding:
    def __init__(self, switches, topology):
        self._switches = switches
        self._topology = topology
        self._flooded = {}
        self.devices = {}

    def packet_in(self, switch, port, frame):
        ether_type = int.from_bytes(frame[12:14], 'big')
        if ether_type == LLDP_ETHER_TYPE:
            self._topology.lldp_arrived(switch, port, frame)
            return
        if port > ofp.OFPP_MAX:
            return
        target, source = mac_of(frame[0:6]), mac_of(frame[6:12])
        self._learn(switch, port, source, ether_type, frame)
        device = None if frame[0] & 1 else self.devices.get(target)
        place = None if device is None else device.attachment_point(self._topology.is_edge)
        # It floods as well what has not come from the edge: a flow on the way was not there yet, or another took it.
        if place is None or not self._topology.is_edge(switch.dpid, port):
            self._flood(switch, port, frame)
        else:
            self._forward(switch, port, place, source, target, ether_type, frame)

    def forget_flows(self):
        """Floodlight removes the flows that led over a link when that goes; here all reactive flows go."""
        for switch in self._switches.values():
            switch.delete_flows(COOKIE, COOKIE_MASK)

    def _learn(self, switch, port, source, ether_type, frame):
        device = self.devices.setdefault(source, Device(source))
        if self._topology.is_edge(switch.dpid, port):
            device.seen_at(switch.dpid, port)
        if ether_type == ARP:
            address = ipaddress.IPv4Address(frame[28:32])
            if not address.is_unspecified:
                device.ipv4.add(str(address))

    def _flood(self, switch, port, frame):
        now = time.monotonic()
        first_port, when = self._flooded.get((switch.dpid, frame), (port, now))
        if first_port != port and now - when < LOOP_SECONDS:
            return
        if len(self._flooded) > 10_000:
            self._flooded = {key: value for key, value in self._flooded.items() if now - value[1] < LOOP_SECONDS}
        self._flooded[switch.dpid, frame] = (port, now)
        self._send_out(switch, port, [out for out in self._topology.flood_ports(switch.dpid) if out != port], frame)

    def _forward(self, switch, port, place, source, target, ether_type, frame):
        dpid, last_port = place
        path = self._topology.path(switch.dpid, dpid)
        if path is None or place == (switch.dpid, port):
            return
        match = {'eth_src': source, 'eth_dst': target, 'eth_type': ether_type}
        if ether_type == IPV4:
            match['ipv4_src'] = str(ipaddress.IPv4Address(frame[26:30]))
            match['ipv4_dst'] = str(ipaddress.IPv4Address(frame[30:34]))
        hops = path_ports((switch.dpid, port), path, place)
        # The last switch first, so that no frame overtakes its flow.
        for (at, in_port), (_, out_port) in reversed(list(zip(hops[::2], hops[1::2]))):
            actions = [parser.OFPActionOutput(out_port)]
            hop = self._switches[at]
            hop.write(
                parser.OFPFlowMod(
                    hop,
                    cookie=COOKIE,
                    priority=PRIORITY,
                    idle_timeout=IDLE_TIMEOUT_SECONDS,
                    match=parser.OFPMatch(in_port=in_port, **match),
                    instructions=[parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)],
                )
            )
        self._send_out(switch, port, [hops[1][1]], frame)

    def _send_out(self, switch, in_port, out_ports, frame):
        actions = [parser.OFPActionOutput(port) for port in out_ports]
        if actions:
            switch.write(parser.OFPPacketOut(switch, ofp.OFP_NO_BUFFER, in_port, actions, frame))


def path_ports(start, links, end):
    """Every port that a path passes as (DPID, port): in, out, in, out and so on."""
    return [start, *(port for link in links for port in (link[:2], link[2:])), end]


def mac_of(octets):
    return ':'.join(f'{octet:02x}' for octet in octets)
