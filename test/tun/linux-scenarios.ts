/**
 * Scenarios with real TUN interfaces, for a network namespace of their own: linux.test.ts has linux-child.ts run them.
 * An exception is the failure.
 *
 *     a socket at 10.9.0.1 ── kernel ── TUN ── the scenario, which speaks for 10.9.0.2
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { OpError } from '../../src/base/errors.js';
import { LinuxPacketPort, openTun } from '../../src/tun/linux.js';
import type { Tun } from '../../src/tun/tun.js';
import { turns } from '../native/descriptors.js';
import { eventually, within } from '../support/eventually.js';
import { must, run } from '../support/process.js';
import { mirror } from './mirror.js';
import { decodeDatagram, encodeDatagram } from './packets.js';

const name = 'linkd-test0';
const near = '10.9.0.1';
const far = '10.9.0.2';
const port = 4000;
const slotSize = 1500;

export const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  async 'carries packets both ways'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    socket.send('to the line', port, far);
    await eventually(() => station.payloads.length === 1, 10_000, 'a packet from the kernel');
    assert.deepEqual(station.payloads, ['to the line']);

    const got = nextPayload(socket);
    const packet = encodeDatagram({ from: far, to: near, port, payload: Buffer.from('from the line') });
    const buffer = new Uint8Array(2000);
    buffer.set(packet, 300);
    assert.equal(station.port.write(buffer, 300, packet.length), true);
    assert.equal(await got, 'from the line');
    assert.deepEqual(station.gone, []);
    station.port.stop();
    socket.close();
    tun.close();
  },

  async 'leaves it to the kernel to cut off what a peer pads packets with'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    for (const padding of [1, 30, 400]) {
      const got = nextPayload(socket);
      const packet = encodeDatagram({ from: far, to: near, port, payload: Buffer.from(`padded by ${padding}`) });
      const padded = new Uint8Array(packet.length + padding).fill(0xa5);
      padded.set(packet);
      assert.equal(station.port.write(padded, 0, padded.length), true);
      assert.equal(await got, `padded by ${padding}`);
    }
    station.port.stop();
    socket.close();
    tun.close();
  },

  async 'reads packets in batches into the slots that are named'() {
    const { tun, socket } = await up();
    const port2 = new LinuxPacketPort(tun.fd);
    let calls = 0;
    port2.start(
      () => (calls += 1),
      () => assert.fail('gone'),
    );
    const count = 20;
    for (let i = 0; i < count; i++) socket.send(new Uint8Array(100 + i).fill(i), port, far);
    await eventually(() => calls > 2, 10_000, 'it calls until they are read');

    const slots = Int32Array.of(5, 0, 3, 7, 1, 2, 6);
    const lengths = new Int32Array(slots.length);
    const buffer = new Uint8Array(8 * slotSize);
    const seen: number[] = [];
    await eventually(
      () => {
        const read = port2.readBatch(buffer, slotSize, slots, lengths);
        for (let i = 0; i < read; i++) {
          const at = slots[i]! * slotSize;
          const datagram = decodeDatagram(buffer.subarray(at, at + lengths[i]!));
          if (datagram === undefined) continue;
          const first = datagram.payload[0]!;
          assert.deepEqual(datagram.payload, new Uint8Array(100 + first).fill(first));
          seen.push(first);
        }
        return seen.length === count;
      },
      10_000,
      'all packets',
    );
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, i) => i),
    );
    assert.deepEqual(buffer.subarray(4 * slotSize, 5 * slotSize), new Uint8Array(slotSize), 'slot 4 was not named');
    assert.equal(port2.readBatch(buffer, slotSize, slots, lengths), 0);
    await turns(5);
    calls = 0;
    await turns(50);
    assert.equal(calls, 0, 'an idle port is silent');
    port2.stop();
    socket.close();
    tun.close();
  },

  async 'cuts the large packets of TCP, and joins its segments'() {
    for (const family of [4, 6] as const) {
      const { read, written, kernelSent, kernelReceived } = await mirror(family);
      assert.ok(kernelSent < read / 2, `IPv${family}: ${kernelSent} packets were cut into ${read}`);
      assert.ok(kernelReceived < written / 2, `IPv${family}: ${written} packets were joined to ${kernelReceived}`);
    }
  },

  async 'joins nothing that is damaged, out of order or incomplete'() {
    for (const family of [4, 6] as const) {
      let kept: Uint8Array | undefined;
      await mirror(family, (packet, number) => {
        // Each TCP segment at one place or another: header, options, payload.
        if (number % 97 === 0) packet[(number * 31) % packet.length]! ^= 0x10;
        if (number % 89 === 0) kept = packet.slice();
        else if (number % 89 === 3 && kept?.length === packet.length) packet.set(kept);
        return number % 101 !== 0;
      });
    }
  },

  async 'drops while the interface is down, and goes on when it is up again'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    const packet = encodeDatagram({ from: far, to: near, port, payload: Buffer.from('again') });
    await must('ip', ['link', 'set', name, 'down']);
    assert.equal(station.port.write(packet, 0, packet.length), false);
    const { calls } = station;
    await turns(50);
    assert.ok(station.calls - calls <= 1, 'no spinning');
    await must('ip', ['link', 'set', name, 'up']);
    const got = nextPayload(socket);
    assert.equal(station.port.write(packet, 0, packet.length), true);
    assert.equal(await got, 'again');
    socket.send('and back', port, far);
    await eventually(() => station.payloads.includes('and back'), 10_000, 'a packet');
    assert.deepEqual(station.gone, []);
    station.port.stop();
    socket.close();
    tun.close();
  },

  async 'takes no garbage'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    for (const garbage of [[], [0x00, 1, 2, 3], new Uint8Array(100).fill(0xff)]) {
      const packet = Uint8Array.from(garbage);
      assert.equal(station.port.write(packet, 0, packet.length), false, `${packet.length} octets`);
    }
    // A wrong packet with a right first octet is the kernel's to count.
    assert.equal(station.port.write(new Uint8Array(100).fill(0x45), 0, 100), true);
    assert.throws(() => station.port.write(new Uint8Array(10), 5, 6), RangeError);
    assert.deepEqual(station.gone, []);
    station.port.stop();
    socket.close();
    tun.close();
  },

  async 'tells once that somebody deleted the interface'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    await must('ip', ['link', 'delete', name]);
    await eventually(() => station.gone.length > 0, 10_000, 'the news');
    await assertDead(station);
    socket.close();
    tun.close();
  },

  async 'tells it also when nobody reads'() {
    const { tun, socket } = await up();
    const station = new Station(tun, false);
    await must('ip', ['link', 'delete', name]);
    await eventually(() => station.gone.length > 0, 10_000, 'the news');
    await assertDead(station);
    socket.close();
    tun.close();
  },

  async 'tells it not from within a call, and not after a stop'() {
    const { tun, socket } = await up();
    const station = new Station(tun);
    const stopped = station.port;
    // Without letting the loop run, lest the watcher is first.
    assert.equal(spawnSync('ip', ['link', 'delete', name]).status, 0);
    assert.equal(station.read(), 0);
    assert.deepEqual(station.gone, []);
    stopped.stop();
    await turns(20);
    assert.deepEqual(station.gone, []);
    socket.close();
    tun.close();
  },

  async 'is silent once stopped, and makes way for the next port'() {
    const { tun, socket } = await up();
    const first = new Station(tun);
    assert.throws(() => {
      first.start();
    }, /started already/);
    await turns(5);
    first.port.stop();
    first.port.stop();
    const { calls } = first;
    const second = new Station(tun);
    socket.send('for the second', port, far);
    await eventually(() => second.payloads.length === 1, 10_000, 'a packet');
    assert.equal(first.calls, calls);
    const packet = encodeDatagram({ from: far, to: near, port, payload: Buffer.from('no') });
    assert.deepEqual([first.read(), first.port.write(packet, 0, packet.length)], [0, false]);
    second.port.stop();
    socket.close();
    tun.close();
  },

  async 'removes the interface when it is closed'() {
    const tun = openTun(name);
    assert.equal(tun.name, name);
    assert.equal((await run('ip', ['link', 'show', name])).code, 0);
    tun.close();
    tun.close();
    assert.equal((await run('ip', ['link', 'show', name])).code, 1);
  },

  async 'takes over a persistent interface and leaves it'() {
    await must('ip', ['tuntap', 'add', 'dev', name, 'mode', 'tun']);
    const tun = openTun(name);
    await must('ip', ['link', 'set', name, 'up']);
    tun.close();
    assert.equal((await run('ip', ['link', 'show', name])).code, 0);
  },

  async 'does not leak in a thousand rounds'() {
    const before = readdirSync('/proc/self/fd').length;
    // An interface takes the kernel some 20 ms, a port next to nothing.
    for (let i = 0; i < 50; i++) {
      const tun = openTun(name);
      for (let j = 0; j < 20; j++) new Station(tun).port.stop();
      tun.close();
      await turns(1);
    }
    assert.equal(readdirSync('/proc/self/fd').length, before);
  },

  async 'refuses a name that is in use'() {
    const tun = openTun(name);
    refused('EBUSY', /Another program holds/);
    tun.close();
    await must('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'linkd-test1']);
    refused('EINVAL', /not a TUN interface/);
  },
};

/** For a process that may do less. */
export const refusals = {
  'refuses without the capability'() {
    refused('EPERM', /CAP_NET_ADMIN/);
  },
  'refuses without the device'() {
    refused('ENOENT', /modprobe tun.*container/);
  },
} as const satisfies Record<string, () => void>;

function refused(code: string, remedy: RegExp): void {
  assert.throws(
    () => openTun(name),
    (error) => {
      assert.ok(error instanceof OpError);
      assert.equal(error.code, code);
      assert.equal(error.subject, name);
      assert.match(error.remedy ?? '', remedy);
      assert.match(error.message, new RegExp(`^cannot open the TUN interface ${name}: ${code}: `));
      return true;
    },
  );
}

/** A port and what it said. It reads all there is, or nothing. */
class Station {
  readonly port: LinuxPacketPort;
  readonly payloads: string[] = [];
  readonly gone: string[] = [];
  calls = 0;
  readonly #reads: boolean;
  readonly #buffer = new Uint8Array(4 * slotSize);
  readonly #lengths = new Int32Array(4);

  constructor(tun: Tun, reads = true) {
    this.#reads = reads;
    this.port = new LinuxPacketPort(tun.fd);
    this.start();
  }

  start(): void {
    this.port.start(
      () => {
        this.calls += 1;
        if (this.#reads) this.read();
      },
      (code) => this.gone.push(code),
    );
  }

  read(): number {
    const count = this.port.readBatch(this.#buffer, slotSize, Int32Array.of(0, 1, 2, 3), this.#lengths);
    for (let i = 0; i < count; i++) {
      const datagram = decodeDatagram(this.#buffer.subarray(i * slotSize, i * slotSize + this.#lengths[i]!));
      if (datagram !== undefined) this.payloads.push(Buffer.from(datagram.payload).toString());
    }
    return count;
  }
}

/** Told once, and not called since. */
async function assertDead(station: Station): Promise<void> {
  const { calls } = station;
  await turns(100);
  assert.deepEqual([station.gone, station.calls], [['EBADFD'], calls]);
  const packet = encodeDatagram({ from: far, to: near, port, payload: Buffer.from('no') });
  assert.deepEqual([station.read(), station.port.write(packet, 0, packet.length)], [0, false]);
}

async function nextPayload(socket: Socket): Promise<string> {
  const message: unknown[] = await within(once(socket, 'message'), 10_000, 'a packet at the socket');
  return String(message[0]);
}

async function up(): Promise<{ readonly tun: Tun; readonly socket: Socket }> {
  const tun = openTun(name);
  await must('ip', ['address', 'add', near, 'peer', far, 'dev', name]);
  await must('ip', ['link', 'set', name, 'up']);
  const socket = createSocket('udp4').bind(port, near);
  await once(socket, 'listening');
  return { tun, socket };
}
