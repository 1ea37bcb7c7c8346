"""Floodlight's REST interface, as far as a client of labctl's kind asks it."""

import asyncio
import http
import json
import resource
import signal
import time
import urllib.parse

from entry_text import read_dpid
from forwarding import path_ports
from java_order import in_java_order
from old_json import old_device, old_error, old_hop, old_statistics
from statistics_json import STATISTICS, VALID_STATISTICS
from static_entries import Hang, StackTrace, compact, list_text

JSON = 'application/json'
# What Floodlight's resources answer that return text.
JSON_TEXT = 'application/json; charset=UTF-8'
# Several names of the same resources; Floodlight 1.2 has the old one only.
PUSHERS = ('staticentrypusher', 'staticflowpusher', 'staticflowentrypusher')
OLD_PUSHERS = ('staticflowpusher',)

RFC = 'http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.'
# HTTP status: description and section of RFC 2616.
ERRORS = {
    400: ('Invalid switch DPID string. Must be a 64-bit value in the form 00:11:22:33:44:55:66:77.', '4.1'),
    404: ('The server has not found anything matching the request URI', '4.5'),
    405: ('The method specified in the request is not allowed for the resource identified by the request URI', '4.6'),
    500: ('The server encountered an unexpected condition which prevented it from fulfilling the request', '5.1'),
}
NO_STATISTICS = {
    '   ': 'An error has occurred while proccesing your request,',
    '  *': 'which might be due to one or more of the following:',
    ' * ': '-- An invalid DPID and/or stats/features request.',
    ' **': '-- The switch is not connected to the controller.',
    '*  ': "-- The request specified is not supported by the switch's OpenFlow version.",
    'Valid statistics and features are': VALID_STATISTICS,
}


class HttpError(Exception):
    """An answer in the form of Restlet's errors."""

    def __init__(self, status, cause=None):
        super().__init__(status)
        self.status = status
        self.cause = cause

    def body(self):
        description, section = ERRORS[self.status]
        server = self.status >= 500
        # Of a real one's stack trace only the message is here.
        throwable = {
            'cause': None,
            'stackTrace': [],
            'message': self.cause,
            'suppressed': [],
            'localizedMessage': self.cause,
        }
        return compact(
            {
                'code': self.status,
                'description': description,
                'reasonPhrase': http.HTTPStatus(self.status).phrase,
                'throwable': throwable if server else None,
                'uri': RFC + section,
                'globalError': False,
                'redirection': False,
                'recoverableError': False,
                'error': True,
                'success': False,
                'informational': False,
                'serverError': server,
                'connectorError': False,
                'clientError': not server,
            }
        )


class RestInterface:
    def __init__(self, controller, is_old):
        self._controller = controller
        self._is_old = is_old
        self._pushers = OLD_PUSHERS if is_old else PUSHERS

    async def serve(self, reader, writer):
        """One HTTP/1.1 connection, kept alive until the client ends it."""
        try:
            while True:
                head = (await reader.readuntil(b'\r\n\r\n')).decode('latin-1')
                request_line, *header_lines = head.strip().split('\r\n')
                method, target, _ = request_line.split(' ')
                fields = (line.partition(':') for line in header_lines)
                headers = {name.lower(): value.strip() for name, _, value in fields}
                body = await reader.readexactly(int(headers.get('content-length', 0)))
                writer.write(await self._answer(method, target, body.decode('utf-8', 'replace')))
                await writer.drain()
                if headers.get('connection', '').lower() == 'close':
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, method, target, body):
        status, kind = 200, JSON
        path, _, query = target.partition('?')
        try:
            answer = await self._route(method, [urllib.parse.unquote(part) for part in path.split('/')], query, body)
            status, kind, text = answer if isinstance(answer, tuple) else (200, JSON, compact(answer))
        except HttpError as error:
            status, text = error.status, error.body()
        except StackTrace as trace:
            error = HttpError(500, str(trace))
            status, text = error.status, error.body()
        except Hang:
            hang()
        content = text.encode()
        first = f'HTTP/1.1 {status} {http.HTTPStatus(status).phrase}'
        head = [first, f'Content-Type: {kind}', f'Content-Length: {len(content)}', '', '']
        return '\r\n'.join(head).encode() + content

    async def _route(self, method, parts, query, body):
        if parts[:2] != ['', 'wm']:
            raise HttpError(404)
        match parts[2:]:
            case [pusher, *rest] if pusher in self._pushers:
                return self._static_entries(method, rest, body)
            case ['core', 'switch', dpid, 'role', 'json'] if method == 'POST':
                return await self._set_roles(dpid, body)
            case _ if method != 'GET':
                raise HttpError(405)
            case ['core', 'switch', dpid, 'role', 'json']:
                return self._roles(dpid)
            case ['core', 'switch', dpid, statistic, 'json']:
                return await self._statistics(dpid, statistic)
            case ['core', *rest]:
                return self._core(rest)
            case ['topology', 'links', 'json']:
                return [link_row(link, two_way) for link, two_way in self._controller.topology.link_rows()]
            case ['topology', 'directed-links', 'json']:
                return [link_row(link, False) for link in self._controller.topology.directed_links()]
            case ['topology', 'route', source, source_port, target, target_port, 'json'] if self._is_old:
                return self._old_route((source, int(source_port)), (target, int(target_port)))
            case ['routing', 'path', source, source_port, target, target_port, 'json'] if not self._is_old:
                return self._path((source, int(source_port)), (target, int(target_port)))
            case ['routing', 'paths', source, target, count, 'json'] if not self._is_old:
                return self._paths(source, target, int(count))
            case ['device', ''] | ['device', 'all', 'json']:
                return self._devices(dict(urllib.parse.parse_qsl(query)))
        raise HttpError(404)

    def _static_entries(self, method, parts, body):
        entries = self._controller.entries
        match (method, parts):
            case ('POST', ['json']):
                return status_text(entries.post(body))
            case ('DELETE', ['json']):
                return status_text(entries.delete(body))
            case ('GET', ['list', 'all', 'json']):
                return (200, JSON, list_text(entries.list(), self._is_old))
            case ('GET', ['list', asked, 'json']):
                dpid = read_dpid(asked)
                if dpid is None:
                    raise HttpError(400)
                return (200, JSON, list_text({asked: entries.list(dpid)}, self._is_old))
            case ('GET', ['clear', asked, 'json']):
                return self._clear(asked)
            case ('GET', ['usage', 'json']):
                raise StackTrace('Cannot invoke "java.util.Set.add(Object)" because "<parameter1>" is null')
            case (_, ['json'] | ['list' | 'clear', _, 'json'] | ['usage', 'json']):
                raise HttpError(405)
        raise HttpError(404)

    def _clear(self, asked):
        dpid = None if asked == 'all' else read_dpid(asked)
        if dpid is None and asked != 'all':
            # Floodlight writes the quotes too: this is no JSON.
            refusal = {'status': 'Could not delete flows/groups requested! See controller log for details.'}
            return (400, JSON_TEXT, f"'{compact(refusal)}'")
        self._controller.entries.clear(dpid)
        where = '' if dpid is None else f' for switch {asked}'
        what = 'flows' if self._is_old else 'flows/groups'
        return (200, JSON_TEXT, compact({'status': f'Deleted all {what}{where}.'}))

    def _core(self, parts):
        controller = self._controller
        switches = controller.switches.values()
        match parts:
            case ['controller', 'switches', 'json']:
                return [
                    {
                        'inetAddress': switch.address,
                        'connectedSince': switch.connected_since,
                        'openFlowVersion': 'OF_13',
                        'switchDPID': switch.dpid,
                    }
                    for switch in switches
                ]
            case ['controller', 'summary', 'json']:
                return {
                    '# Switches': len(switches),
                    '# inter-switch links': len(controller.topology.directed_links()) // (2 if self._is_old else 1),
                    '# quarantine ports': 0,
                    '# hosts': len(controller.forwarding.devices),
                }
            case ['health', 'json']:
                return {'healthy': True}
            case ['version', 'json']:
                return {'name': 'unknown', 'version': 'unknown'}
            case ['system', 'uptime', 'json']:
                return {'systemUptimeMsec': int((time.monotonic() - controller.started) * 1000)}
            case ['memory', 'json']:
                used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
                return {'total': 2 * used, 'free': used}
        raise HttpError(404)

    def _roles(self, asked):
        dpids = self._dpids(asked)
        if isinstance(dpids, dict):
            return dpids
        roles = {dpid: self._controller.switches[dpid].role for dpid in dpids}
        if None in roles.values():
            # In its handshake a switch has none (SwitchRoleResource.java).
            if asked != 'all':
                return {'ERROR': f'Switch Manager could not locate switch DPID {asked}'}
            raise StackTrace('Cannot invoke "OFControllerRole.toString()" because the return value is null')
        return roles

    async def _set_roles(self, asked, body):
        if body == '':
            raise StackTrace('Cannot invoke "String.length()" because "content" is null')
        try:
            wanted = json.loads(body)
        except ValueError:
            return {'ERROR': 'Caught IOException while parsing JSON POST request in role request.'}
        if not isinstance(wanted, dict) or list(wanted) != ['role']:
            return {'ERROR': 'Unrecognized JSON key.'}
        dpids = self._dpids(asked)
        if isinstance(dpids, dict):
            return dpids
        role = str(wanted['role']).upper()
        roles = {}
        for dpid in dpids:
            switch = self._controller.switches.get(dpid)
            if switch is not None:
                roles[dpid] = await self._controller.set_role(switch, role)
        return roles

    def _dpids(self, asked):
        """The connected switches that are asked for, or the error object."""
        if asked == 'all':
            return in_java_order(self._controller.switches)
        dpid = read_dpid(asked)
        if dpid is None:
            return {'ERROR': f'Could not parse switch DPID {asked}'}
        if dpid not in self._controller.switches:
            return {'ERROR': f'Switch Manager could not locate switch DPID {asked}'}
        return [dpid]

    async def _statistics(self, asked, statistic):
        dpids = self._dpids(asked)
        if isinstance(dpids, dict) or statistic not in STATISTICS:
            if self._is_old:
                return {} if asked == 'all' else old_error(NO_STATISTICS)
            return {'error': NO_STATISTICS} if asked == 'all' else NO_STATISTICS
        try:
            switches = [self._controller.switches[dpid] for dpid in dpids]
            answers = await asyncio.gather(*(STATISTICS[statistic](switch) for switch in switches))
        except (ConnectionError, TimeoutError, asyncio.TimeoutError):
            return old_error(NO_STATISTICS) if self._is_old else NO_STATISTICS
        if self._is_old:
            answers = [old_statistics(statistic, answer) for answer in answers]
        return dict(zip(dpids, answers)) if asked == 'all' else answers[0]

    def _path(self, start, end):
        links = self._controller.topology.path(start[0], end[0])
        ports = [] if links is None else path_ports(start, links, end)
        return {'results': [{'switch': dpid, 'port': str(port)} for dpid, port in ports]}

    def _old_route(self, start, end):
        links = self._controller.topology.path(start[0], end[0])
        if links is None:
            return (204, JSON, '')
        return [old_hop(dpid, port) for dpid, port in path_ports(start, links, end)]

    def _paths(self, source, target, count):
        found = []
        for index, links in zip(range(count), self._controller.topology.paths(source, target)):
            ports = [port for link in links for port in (link[:2], link[2:])]
            found.append(
                {
                    'src_dpid': source,
                    'dst_dpid': target,
                    'hop_count': str(len(links)),
                    'latency': str(len(links)),
                    'path_index': str(index),
                    'path': [{'dpid': dpid, 'port': str(port)} for dpid, port in ports],
                }
            )
        return {'results': found}

    def _devices(self, wanted):
        rows = [
            device_row(device, self._controller.topology.is_edge)
            for device in self._controller.forwarding.devices.values()
            if wanted.get('mac', device.mac) == device.mac and ('ipv4' not in wanted or wanted['ipv4'] in device.ipv4)
        ]
        return [old_device(row) for row in rows] if self._is_old else {'devices': rows}


def status_text(status):
    # Floodlight puts the text together by hand: a quote in a name makes it no JSON.
    return (200, JSON_TEXT, f'{{"status" : "{status}"}}')


def link_row(link, two_way):
    return {
        'src-switch': link.source,
        'src-port': link.source_port,
        'dst-switch': link.target,
        'dst-port': link.target_port,
        'type': 'internal',
        'direction': 'bidirectional' if two_way else 'unidirectional',
        'latency': 1,
    }


def device_row(device, is_edge):
    place = device.attachment_point(is_edge)
    return {
        'entityClass': 'DefaultEntityClass',
        'mac': [device.mac],
        'ipv4': sorted(device.ipv4),
        'ipv6': [],
        'vlan': ['0x0'],
        'attachmentPoint': [] if place is None else [{'switch': place[0], 'port': str(place[1])}],
        'lastSeen': int(device.last_seen * 1000),
    }


def hang():
    """Answers nothing and nobody any more, as Floodlight does, but without using up a core."""
    while True:
        signal.pause()
