import { describe, expect, it } from 'vitest';
import { parseDescription, parsePortCounters, parsePorts } from '../../../src/drivers/open-vswitch/ofctl-statistics.ts';

/** What ovs-ofctl 3.1.0 prints with `-O OpenFlow13 --no-names`. */
const PORTS = `OFPST_PORT_DESC reply (OF1.3) (xid=0x2):
 1(s6-eth1): addr:76:fc:ef:c9:c1:40
     config:     0
     state:      LIVE
     current:    10GB-FD COPPER
     speed: 10000 Mbps now, 0 Mbps max
 2(s6-eth2): addr:0e:34:03:91:e6:88
     config:     PORT_DOWN
     state:      LINK_DOWN
     speed: 0 Mbps now, 0 Mbps max
 LOCAL(s6): addr:ea:f0:33:c1:cd:43
     config:     PORT_DOWN
     state:      LINK_DOWN
     current:    10GB-FD COPPER
     speed: 10000 Mbps now, 0 Mbps max
`;

const COUNTERS = `OFPST_PORT reply (OF1.3) (xid=0x2): 2 ports
  port LOCAL: rx pkts=0, bytes=0, drop=3, errs=0, frame=0, over=0, crc=0
           tx pkts=0, bytes=0, drop=0, errs=0, coll=0
           duration=0.021s
  port  1: rx pkts=12, bytes=936, drop=0, errs=1, frame=?, over=?, crc=?
           tx pkts=63, bytes=18446744073709551614, drop=2, errs=0, coll=?
           duration=281.415s
`;

const DESCRIPTION = `OFPST_DESC reply (OF1.3) (xid=0x2):
Manufacturer: Nicira, Inc.
Hardware: Open vSwitch
Software: 3.1.0
Serial Num: None
DP Description: s6
`;

describe('of what ovs-ofctl prints', () => {
  it('ports are read, whether they are up or not', () => {
    const speed = { currentSpeedKbps: 10_000_000 };
    expect(parsePorts(PORTS)).toEqual([
      { port: 1, name: 's6-eth1', mac: '76:fc:ef:c9:c1:40', isEnabled: true, hasLink: true, ...speed },
      { port: 2, name: 's6-eth2', mac: '0e:34:03:91:e6:88', isEnabled: false, hasLink: false, currentSpeedKbps: 0 },
      { port: 'local', name: 's6', mac: 'ea:f0:33:c1:cd:43', isEnabled: false, hasLink: false, ...speed },
    ]);
  });

  it('counters are read, those included that the switch lacks or that need 64 bits', () => {
    const counters = parsePortCounters(COUNTERS);
    expect(counters).toHaveLength(2);
    expect(counters?.[0]).toMatchObject({ port: 'local', receivedDropped: 3n, durationSeconds: 0.021 });
    expect(counters?.[1]).toEqual({
      port: 1,
      durationSeconds: 281.415,
      receivedPackets: 12n,
      sentPackets: 63n,
      receivedBytes: 936n,
      sentBytes: 18446744073709551614n,
      receivedDropped: 0n,
      sentDropped: 2n,
      receiveErrors: 1n,
      sendErrors: 0n,
      frameErrors: undefined,
      overrunErrors: undefined,
      crcErrors: undefined,
      collisions: undefined,
    });
  });

  it('the make is read', () => {
    expect(parseDescription(DESCRIPTION)).toEqual({
      manufacturer: 'Nicira, Inc.',
      hardware: 'Open vSwitch',
      software: '3.1.0',
      serialNumber: 'None',
      datapath: 's6',
    });
  });

  it('what has another form is not', () => {
    expect(parsePorts(PORTS.replace('addr:0e:34:03:91:e6:88', 'addr:nowhere'))).toBeUndefined();
    expect(parsePortCounters(COUNTERS.replace('tx pkts', 'sent'))).toBeUndefined();
    expect(parseDescription('OFPST_DESC reply (OF1.3) (xid=0x2):\n')).toBeUndefined();
  });
});
