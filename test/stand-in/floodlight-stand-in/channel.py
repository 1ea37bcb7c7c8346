"""The switches: OpenFlow 1.3 over TCP, with the handshake, the roles and the statistics."""

import asyncio
import contextlib
import itertools
import struct
import time

from entry_text import dpid_of
from flow_rows import read_flow_rows
from forwarding import Forwarding
from os_ken.ofproto import ofproto_parser
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser
from static_entries import StaticEntries
from topology import Topology

ANSWER_TIMEOUT_SECONDS = 10
# A real one sends LLDP every 15 s, and at once when a port comes up.
DISCOVERY_INTERVAL_SECONDS = 1
PUSH_AGAIN_DELAY_SECONDS = 1
UNKNOWN_ROLE_DELAY_SECONDS = 3
ROLE_SECONDS = 1
# Between a switch's coming into the list and its role (OFSwitchHandshakeHandler.java): many table features.
HANDSHAKE_SECONDS = 0.1
ROLES = {'MASTER': ofp.OFPCR_ROLE_MASTER, 'SLAVE': ofp.OFPCR_ROLE_SLAVE, 'EQUAL': ofp.OFPCR_ROLE_EQUAL}
DOWN = ofp.OFPPS_LINK_DOWN
TABLE_MISS_PRIORITY = 0
MULTIPART_HEADER = struct.Struct('!HH')


class Switch:
    """One connected switch; os-ken's messages take it for their datapath."""

    ofproto = ofp
    ofproto_parser = parser

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._xids = itertools.count(1)
        self._waiting = {}
        self.address = '/{}:{}'.format(*writer.get_extra_info('peername'))
        self.dpid = None
        self.features = None
        self.ports = {}
        self.role = None
        self.connected_since = None
        # Messages about removed flows are for nobody while the tables are being cleared, and shortly after: Open
        # vSwitch sends them late.
        self.is_clearing = True

    def write(self, message):
        """Sends what changes the switch; Floodlight drops it silently unless its role is MASTER."""
        if self.role == 'MASTER':
            self._send(message)

    def _send(self, message):
        message.xid = next(self._xids)
        message.serialize()
        self._writer.write(bytes(message.buf))
        return message.xid

    async def ask(self, message):
        """The answer, or for statistics the list of all bodies; TimeoutError, ConnectionError."""
        xid = self._send(message)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[xid] = ([], answer)
        try:
            return await asyncio.wait_for(answer, ANSWER_TIMEOUT_SECONDS)
        finally:
            del self._waiting[xid]

    async def receive(self):
        """The next message, or None for one that this program does not know."""
        header = await self._reader.readexactly(8)
        version, kind, length, xid = struct.unpack('!BBHI', header)
        body = await self._reader.readexactly(length - 8)
        if version != ofp.OFP_VERSION or kind == ofp.OFPT_ERROR:
            self._fail(xid)
            return None
        if kind == ofp.OFPT_HELLO:
            return None
        if kind == ofp.OFPT_MULTIPART_REPLY:
            what, flags = MULTIPART_HEADER.unpack_from(body)
            if what == ofp.OFPMP_FLOW:
                reply = parser.OFPFlowStatsReply(self, body=read_flow_rows(header + body), flags=flags)
                reply.xid = xid
                return reply
        return ofproto_parser.msg(self, version, kind, length, xid, header + body)

    def answer(self, message):
        """Hands an answer to who asked for it."""
        parts, answer = self._waiting.get(message.xid, (None, None))
        if answer is None or answer.done():
            return
        if not isinstance(message, parser.OFPMultipartReply):
            answer.set_result(message)
            return
        parts.extend(message.body if isinstance(message.body, list) else [message.body])
        if not message.flags & ofp.OFPMPF_REPLY_MORE:
            answer.set_result(parts)

    def _fail(self, xid):
        _, answer = self._waiting.get(xid, (None, None))
        if answer is not None and not answer.done():
            answer.set_exception(ConnectionError('the switch answered with an error'))

    def reply_to_echo(self, message):
        reply = parser.OFPEchoReply(self, data=message.data)
        reply.xid = message.xid
        reply.serialize()
        self._writer.write(bytes(reply.buf))

    def close(self):
        self._writer.close()
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError('the switch is gone'))

    async def greet(self):
        """The handshake as far as Floodlight lists a switch; its role comes later."""
        self._send(parser.OFPHello(self))
        self.features = await self.ask(parser.OFPFeaturesRequest(self))
        self.dpid = dpid_of(self.features.datapath_id)
        for port in await self.ask(parser.OFPPortDescStatsRequest(self, 0)):
            self.ports[port.port_no] = port

    async def take_role(self, role):
        """MASTER clears all tables, even where it is the role already."""
        generation = time.time_ns() // 1000
        await self.ask(parser.OFPRoleRequest(self, ROLES[role], generation))
        self.role = role
        if role == 'MASTER':
            await self._clear_tables()

    async def _clear_tables(self):
        self.is_clearing = True
        to_controller = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        miss = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, to_controller)]
        self.delete_flows()
        self._send(parser.OFPGroupMod(self, ofp.OFPGC_DELETE, ofp.OFPGT_ALL, ofp.OFPG_ALL, []))
        self._send(parser.OFPFlowMod(self, priority=TABLE_MISS_PRIORITY, instructions=miss))
        await self.ask(parser.OFPBarrierRequest(self))

    def delete_flows(self, cookie=0, cookie_mask=0):
        self._send(
            parser.OFPFlowMod(
                self,
                command=ofp.OFPFC_DELETE,
                table_id=ofp.OFPTT_ALL,
                out_port=ofp.OFPP_ANY,
                out_group=ofp.OFPG_ANY,
                cookie=cookie,
                cookie_mask=cookie_mask,
            )
        )

    def is_up(self, number):
        return number in self.ports and not self.ports[number].state & DOWN


class Controller:
    """All switches, and what Floodlight knows of their network."""

    def __init__(self, link_timeout, with_groups, delay_factor):
        self._delay_factor = delay_factor
        self.started = time.monotonic()
        self.switches = {}
        self.entries = StaticEntries(self.switches, with_groups)
        self.topology = Topology(self.switches, link_timeout)
        self.forwarding = Forwarding(self.switches, self.topology)

    async def serve(self, reader, writer):
        """One connection of a switch, until it ends."""
        switch = Switch(reader, writer)
        greeting = asyncio.create_task(self._welcome(switch))
        try:
            while True:
                message = await switch.receive()
                if message is not None:
                    self._handle(switch, message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            greeting.cancel()
            switch.close()
            if self.switches.get(switch.dpid) is switch:
                del self.switches[switch.dpid]
                self.topology.switch_gone(switch)

    async def _welcome(self, switch):
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError, ConnectionError):
            await switch.greet()
            switch.connected_since = int(time.time() * 1000)
            self.switches[switch.dpid] = switch
            await asyncio.sleep(HANDSHAKE_SECONDS)
            await switch.take_role('MASTER')
            for port in switch.ports:
                self.topology.send_lldp(switch, port)
            self.topology.changed()
            await asyncio.sleep(PUSH_AGAIN_DELAY_SECONDS * self._delay_factor)
            switch.is_clearing = False
            self.entries.push_again(switch)

    def _handle(self, switch, message):
        if isinstance(message, parser.OFPEchoRequest):
            switch.reply_to_echo(message)
        elif isinstance(message, parser.OFPPacketIn):
            if switch.connected_since is not None:
                self.forwarding.packet_in(switch, message.match['in_port'], message.data)
        elif isinstance(message, parser.OFPFlowRemoved):
            if not switch.is_clearing:
                self.entries.flow_removed(switch, message)
        elif isinstance(message, parser.OFPPortStatus):
            self._port_changed(switch, message)
        else:
            switch.answer(message)

    def _port_changed(self, switch, message):
        port = message.desc
        if message.reason == ofp.OFPPR_DELETE:
            switch.ports.pop(port.port_no, None)
        else:
            switch.ports[port.port_no] = port
        if switch.is_up(port.port_no):
            self.topology.send_lldp(switch, port.port_no)
            self.topology.changed()
        elif self.topology.port_gone(switch, port.port_no):
            self.forwarding.forget_flows()

    async def discover_links(self):
        """Sends LLDP and lets links expire, for ever."""
        while True:
            await asyncio.sleep(DISCOVERY_INTERVAL_SECONDS)
            for switch in list(self.switches.values()):
                for port in switch.ports:
                    self.topology.send_lldp(switch, port)
            if self.topology.expire():
                self.forwarding.forget_flows()

    async def set_role(self, switch, role):
        """The role that Floodlight answers; it takes a second for each switch."""
        if role in ROLES:
            await switch.take_role(role)
        else:
            # Seen twice: it answers MASTER, and some seconds later holds a role that drops every write.
            delay = UNKNOWN_ROLE_DELAY_SECONDS * self._delay_factor
            asyncio.get_running_loop().call_later(delay, setattr, switch, 'role', 'NOCHANGE')
        await asyncio.sleep(ROLE_SECONDS * self._delay_factor)
        switch.is_clearing = False
        return role if role in ROLES else 'MASTER'
