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
import { native, READABLE } from '../../src/native/binding.js';
import { seededRandom } from '../support/random.js';
import { ip } from './rounds.js';

const [name = '', local = '', ...hosts] = process.argv.slice(2);
const fd = native.openTun(name);
console.log('open');
await once(process.stdin, 'data');

let asked: Uint8Array | undefined;
const prober = new EchoProber((packet) => {
  asked = packet;
  native.write(fd, packet, 0, packet.length);
}, seededRandom(process.pid));

const buffer = new Uint8Array(2000);
const watcher = native.createWatcher(fd, () => {
  for (let length = read(); length > 0; length = read()) {
    if (asked !== undefined && answersProbe(asked, buffer, 0, length)) prober.receive(buffer.slice(0, length));
  }
});
watcher.watch(READABLE);

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

function read(): number {
  return native.read(fd, buffer, 0, buffer.length);
}
