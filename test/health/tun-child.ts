/**
 * The far end of a TUN interface: a monitor whose probes enter the kernel as what a link brings, and whose answers are what
 * the kernel sends into the link. `node tun-child.js INTERFACE LOCAL HOST…`; a line on standard input starts the monitor.
 */
import { once } from 'node:events';
import type { Ip4 } from '../../src/base/ip.js';
import { answersProbe } from '../../src/health/echo.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import { EchoProber } from '../../src/health/prober.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { LinuxPacketPort, openTun } from '../../src/tun/linux.js';
import { seededRandom } from '../support/random.js';
import { ip } from './rounds.js';

const [name = '', local = '', ...hosts] = process.argv.slice(2);
const { fd } = openTun(name);
const port = new LinuxPacketPort(fd);
console.log('open');
await once(process.stdin, 'data');

let asked: Uint8Array | undefined;
const prober = new EchoProber((packet) => {
  asked = packet;
  port.write(packet, 0, packet.length);
}, seededRandom(process.pid));

const slotSize = 2000;
const slots = Int32Array.of(0);
const lengths = new Int32Array(1);
const buffer = new Uint8Array(slotSize);
port.start(take, (code) => {
  throw new Error(`${name} is gone: ${code}`);
});

const monitor = new HealthMonitor(
  {
    hosts: hosts.map((host): Ip4 => ip(host)),
    intervalMs: 200,
    timeoutMs: 1000,
    failures: 3,
    recoveries: 2,
    action: { kind: 'hook' },
  },
  {
    scheduler: systemScheduler,
    prober,
    onChange: (state, reason) => {
      console.log(`${state}: ${reason}`);
    },
  },
);
monitor.start(ip(local));
systemScheduler.after(100, show);

/** Ends when the test does. */
function show(): void {
  const { state, hosts: statuses } = monitor.status;
  const answering = statuses.filter(({ rttMs }) => rttMs !== undefined).length;
  console.log(`now ${state}, ${answering} answered`);
  systemScheduler.after(100, show);
}

function take(): void {
  while (port.readBatch(buffer, slotSize, slots, lengths) > 0) {
    const [length = 0] = lengths;
    if (asked !== undefined && answersProbe(asked, buffer, 0, length)) prober.receive(buffer.slice(0, length));
  }
}
