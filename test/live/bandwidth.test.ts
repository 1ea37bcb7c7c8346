import { afterAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const SPEC = `version: 1
name: bandwidth
hosts: [h1, h2, h3]
switches: [s1, s2]
links:
  - {ends: [h1, s1], bw: 20}
  - [h2, s2]
  - [h3, s2]
  - {ends: [s1, s2], bw: 4}
`;

/** Takes one TCP connection and prints how many bytes came and in how many seconds. */
const RECEIVER = `
import socket, time
server = socket.create_server(('', 5001))
print('listening', flush=True)
server.settimeout(30)
connection, _ = server.accept()
began, count = time.monotonic(), 0
while data := connection.recv(65536):
    count += len(data)
print(count, time.monotonic() - began)
`;

const SENDER = `
import socket
connection = socket.create_connection(('10.0.0.2', 5001), timeout=30)
connection.sendall(bytes(1_000_000))
connection.close()
`;

describe.each(['as we are', 'ordinary'] as const)('bandwidths, %s', (user) => {
  const labctl = new Labctl(user);
  afterAll(() => labctl.clean());

  /** Sends a megabyte of TCP from a host to h2. */
  async function transfer(from: string): Promise<{ readonly bytes: number; readonly seconds: number }> {
    const receiver = labctl.start('exec', 'h2', '--', '/usr/bin/python3', '-c', RECEIVER);
    let printed = '';
    receiver.stdout?.on('data', (text) => {
      printed += String(text);
    });
    const ended = new Promise((resolve) => receiver.once('exit', resolve));
    await expect.poll(() => printed, { timeout: 30_000 }).toContain('listening');
    await labctl.ok('exec', from, '--', '/usr/bin/python3', '-c', SENDER);
    await ended;
    const [bytes = Number.NaN, seconds = Number.NaN] = (printed.split('\n')[1] ?? '').split(' ').map(Number);
    return { bytes, seconds };
  }

  test('a link carries no more than its bandwidth, the others what they can, and every pair reaches', async () => {
    await labctl.ok('up', labctl.file('lab.yaml', SPEC));
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    expect(await labctl.ok('exec', 'h1', '--', 'tc', 'class', 'show', 'dev', 'h1-eth0')).toContain('rate 20Mbit');
    expect(await labctl.ok('exec', 'h3', '--', 'tc', 'qdisc', 'show', 'dev', 'h3-eth0')).not.toContain('htb');
    const limited = await transfer('h1');
    expect(limited.bytes).toBe(1_000_000);
    // 8 Mbit at 4 Mbit/s take two seconds, less what the buckets hold; a busy machine only makes it longer.
    expect(limited.seconds).toBeGreaterThan(1.5);
    expect((await transfer('h3')).bytes).toBe(1_000_000);
    await labctl.ok('switch', 'stop', 's1');
    await labctl.ok('switch', 'start', 's1');
    expect((await transfer('h1')).seconds).toBeGreaterThan(1.5);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
