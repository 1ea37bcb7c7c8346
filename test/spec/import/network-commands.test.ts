import { expect, test } from 'vitest';
import { networkCommandsOf } from '../../../src/spec/import/network-commands.ts';

const NOTHING = { kind: 'nothing' };
const FORWARD = { kind: 'forward' };
const address = (text: string, device = 'eth1') => ({ kind: 'address', device, address: text });

test.each([
  ['ip addr add 10.0.0.1/24 dev eth1', [address('10.0.0.1/24')]],
  ['sudo /sbin/ip -4 a add dev eth1 10.0.0.1 brd + label eth1:0', [address('10.0.0.1/32')]],
  ['ip address replace local 10.0.0.1/24 dev eth1', [address('10.0.0.1/24')]],
  ['ip -6 addr add fe80::1/64 dev eth1', [undefined]],
  ['ip addr add fe80::1/64 dev eth1', [undefined]],
  ['ip addr flush dev eth1', [undefined]],
  ['ip addr add 10.0.0.1/24', [undefined]],
  ['ip route add 10.2.0.0/16 via 10.0.0.9 dev eth1 metric 5', [{ kind: 'route', to: '10.2.0.0/16', via: '10.0.0.9' }]],
  ['ip r a 10.2.0.7 via 10.0.0.9', [{ kind: 'route', to: '10.2.0.7/32', via: '10.0.0.9' }]],
  ['ip route replace default via 10.0.0.9', [{ kind: 'default route', via: '10.0.0.9' }]],
  ['ip route add 0.0.0.0/0 via 10.0.0.9', [{ kind: 'default route', via: '10.0.0.9' }]],
  ['ip route add 10.2.0.1/16 via 10.0.0.9', [undefined]],
  ['ip route add 10.2.0.0/16 via 10.0.0.9 table 7', [undefined]],
  ['ip route add 10.2.0.0/16 dev eth1', [undefined]],
  ['ip route del default', [NOTHING]],
  [
    'ip link set dev eth1 mtu 1400 address 02:00:00:00:00:01 up',
    [
      { kind: 'mtu', device: 'eth1', mtu: '1400' },
      { kind: 'mac', device: 'eth1', mac: '02:00:00:00:00:01' },
    ],
  ],
  ['ip link set eth1 up', [NOTHING]],
  ['ip link set eth1 down', [undefined]],
  ['ip link add link eth1 name v7 type vlan id 7', [{ kind: 'vlan', device: 'eth1', name: 'v7', id: '7' }]],
  [
    'ip link add link eth1 eth1.7 type vlan protocol 802.1q id 7',
    [{ kind: 'vlan', device: 'eth1', name: 'eth1.7', id: '7' }],
  ],
  ['ip link add type bond', [undefined]],
  ['ip link add br0 type bridge', [{ kind: 'bridge' }]],
  ['brctl addbr br0', [{ kind: 'bridge' }]],
  ['vconfig add eth1 7', [{ kind: 'vlan', device: 'eth1', name: 'eth1.7', id: '7' }]],
  [
    'ifconfig eth1 10.0.0.1 netmask 255.255.255.128 mtu 1400 up',
    [{ kind: 'mtu', device: 'eth1', mtu: '1400' }, address('10.0.0.1/25')],
  ],
  ['ifconfig eth1 192.168.0.1', [address('192.168.0.1/24')]],
  ['ifconfig eth1 hw ether 02:00:00:00:00:01', [{ kind: 'mac', device: 'eth1', mac: '02:00:00:00:00:01' }]],
  ['ifconfig eth1 10.0.0.1 netmask 255.0.255.0', [undefined]],
  ['route add default gw 10.0.0.9 eth1', [{ kind: 'default route', via: '10.0.0.9' }]],
  ['route add -net 10.2.0.0 netmask 255.255.0.0 gw 10.0.0.9', [{ kind: 'route', to: '10.2.0.0/16', via: '10.0.0.9' }]],
  ['route add default gw 10.0.0.9', [{ kind: 'default route', via: '10.0.0.9' }]],
  ['sysctl -w net.ipv4.ip_forward=1', [FORWARD]],
  ['sysctl net.ipv4.ip_forward=0', [NOTHING]],
  ['sysctl -w net.ipv4.conf.all.forwarding=1', [FORWARD]],
  ['echo 1 > /proc/sys/net/ipv4/ip_forward', [FORWARD]],
  ['bash -c "echo 1 > /proc/sys/net/ipv4/ip_forward; ip link set eth1 up && touch /x"', [FORWARD, NOTHING, undefined]],
  ['', []],
  ['ip', [undefined]],
  ['nginx -g "daemon off;"', [undefined, undefined]],
])('%s', (line, commands) => {
  expect(networkCommandsOf(line)).toEqual(commands);
});
