"""A stand-in for Floodlight, for tests: an OpenFlow 1.3 controller with Floodlight's REST interface and its oddities.

It follows the record of a real Floodlight (test/contract/CONTRACT.md, test/contract/recorded), which
test/contract/floodlight-stand-in.test.ts holds it to. It is built on os-ken (Debian's python3-os-ken). Once both ports
listen it prints one line of JSON, {"rest": PORT, "openflow": PORT}. It ends on SIGTERM and SIGINT; nothing of it
outlives it, as nothing of Floodlight does.
"""

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys

# The modules lie in the repository, where no compiled ones shall.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'floodlight-stand-in'))

from channel import Controller  # noqa: E402
from rest import RestInterface  # noqa: E402

PR_SET_PDEATHSIG = 1


def read_arguments():
    parser = argparse.ArgumentParser(description='A stand-in for Floodlight')
    parser.add_argument('--rest-port', type=int, required=True, help='0: any free one')
    parser.add_argument('--openflow-port', type=int, required=True, help='0: any free one')
    parser.add_argument('--listen', default='127.0.0.1', metavar='ADDRESS')
    parser.add_argument('--link-timeout', type=float, default=35, metavar='SECONDS', help='of a link without LLDP')
    parser.add_argument(
        '--delay-factor', type=float, default=1, metavar='FACTOR', help='shortens its own delays of about a second'
    )
    parser.add_argument('--old', action='store_true', help='as Floodlight 1.2: its paths and shapes, no groups')
    parser.add_argument('--die-with-parent', action='store_true')
    return parser.parse_args()


def die_with_parent():
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit('the parent has ended already')


async def serve(arguments):
    controller = Controller(
        arguments.link_timeout, with_groups=not arguments.old, delay_factor=arguments.delay_factor
    )
    rest = RestInterface(controller, arguments.old)
    openflow_server = await asyncio.start_server(controller.serve, arguments.listen, arguments.openflow_port)
    rest_server = await asyncio.start_server(rest.serve, arguments.listen, arguments.rest_port)
    ports = {'rest': port_of(rest_server), 'openflow': port_of(openflow_server)}
    print(json.dumps(ports), flush=True)
    await controller.discover_links()


def port_of(server):
    return server.sockets[0].getsockname()[1]


def main():
    arguments = read_arguments()
    if arguments.die_with_parent:
        die_with_parent()
    # As process 1 of a container it would ignore them; and a hanging Floodlight must still be ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    asyncio.run(serve(arguments))


main()
