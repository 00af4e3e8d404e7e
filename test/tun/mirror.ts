/**
 * TCP through a real TUN that is a mirror: what the kernel sends to the far address comes back with the two addresses changed
 * round (which leaves all checksums right), so a connection to the far address arrives at the near one. In between every packet
 * is seen as a line would get it.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { z } from 'zod';
import { getU16 } from '../../src/base/bytes.js';
import { LinuxPacketPort, openTun } from '../../src/tun/linux.js';
import { within } from '../support/eventually.js';
import { must } from '../support/process.js';

const name = 'linkd-test1';
const mtu = 1500;
const batch = 64;
const octets = 8 * 1024 * 1024;

const packets = z.object({ packets: z.number() });
const statistics = z.tuple([z.object({ stats64: z.object({ rx: packets, tx: packets }) })]);

/** What happens to some packets on the way; true when the packet is to go on. */
type Accident = (packet: Uint8Array, number: number) => boolean;

export interface MirrorCounts {
  /** Packets read and written by us, and what the kernel counts for them. */
  readonly read: number;
  readonly written: number;
  readonly kernelSent: number;
  readonly kernelReceived: number;
}

/** Sends random octets through, which have to arrive as they were. */
export async function mirror(family: 4 | 6, accident: Accident = () => true): Promise<MirrorCounts> {
  const [near, far, bits] = family === 4 ? ['10.9.0.1', '10.9.0.2', 24] : ['2001:db8::1', '2001:db8::2', 64];
  const tun = openTun(name);
  await must('ip', ['address', 'add', `${near}/${bits}`, 'dev', name, ...(family === 6 ? ['nodad'] : [])]);
  await must('ip', ['link', 'set', name, 'up', 'mtu', String(mtu)]);
  const port = new LinuxPacketPort(tun.fd);
  const counts = { read: 0, written: 0 };
  const buffer = new Uint8Array(batch * mtu);
  const slots = Int32Array.from({ length: batch }, (_, i) => i);
  const lengths = new Int32Array(batch);
  port.start(
    () => {
      const count = port.readBatch(buffer, mtu, slots, lengths);
      const starts: number[] = [];
      const kept: number[] = [];
      for (let i = 0; i < count; i++) {
        const packet = buffer.subarray(i * mtu, i * mtu + lengths[i]!);
        counts.read += 1;
        assertWhole(packet);
        changeRound(packet);
        if (!accident(packet, counts.read)) continue;
        starts.push(i * mtu);
        kept.push(packet.length);
      }
      counts.written += starts.length;
      const taken = port.writeBatch(buffer, Int32Array.from(starts), Int32Array.from(kept), starts.length);
      assert.equal(taken, starts.length);
    },
    () => assert.fail('gone'),
  );
  try {
    await transfer(near, far);
    const [{ stats64 }] = statistics.parse(JSON.parse(await must('ip', ['-s', '-j', 'link', 'show', 'dev', name])));
    return { ...counts, kernelSent: stats64.tx.packets, kernelReceived: stats64.rx.packets };
  } finally {
    port.stop();
    tun.close();
  }
}

async function transfer(near: string, far: string): Promise<void> {
  const sent = randomBytes(octets);
  const server = createServer();
  server.listen(0, near);
  await once(server, 'listening');
  const address = server.address();
  const received = new Promise<Buffer>((resolve, reject) => {
    server.on('connection', (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (part) => parts.push(part));
      socket.on('end', () => {
        resolve(Buffer.concat(parts));
        socket.end();
      });
      socket.on('error', reject);
    });
  });
  const client = connect({ host: far, port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  client.end(sent);
  assert.ok((await within(received, 60_000, 'the transfer')).equals(sent), 'it arrived as it was sent');
  client.destroy();
  server.close();
}

/** As a line may carry it: no longer than the MTU, its length and its checksums right. */
function assertWhole(packet: Uint8Array): void {
  const isIp4 = packet[0]! >>> 4 === 4;
  assert.equal(packet.length, isIp4 ? getU16(packet, 2) : getU16(packet, 4) + 40);
  if (packet[isIp4 ? 9 : 6] !== 6) return;
  const header = isIp4 ? 20 : 40;
  const pseudo = sum(packet.subarray(isIp4 ? 12 : 8, header)) + packet.length - header + 6;
  if (isIp4) assert.equal(sum(packet.subarray(0, header)) % 0xffff, 0, "IP's checksum");
  assert.equal((pseudo + sum(packet.subarray(header))) % 0xffff, 0, "TCP's checksum");
}

function sum(part: Uint8Array): number {
  return part.reduce((total, octet, i) => total + (i % 2 === 0 ? octet << 8 : octet), 0);
}

function changeRound(packet: Uint8Array): void {
  const [at, length] = packet[0]! >>> 4 === 4 ? [12, 4] : [8, 16];
  const first = packet.slice(at, at + length);
  packet.copyWithin(at, at + length, at + 2 * length);
  packet.set(first, at + length);
}
