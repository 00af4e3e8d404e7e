/**
 * The main job, shown: two LANs joined over one null-modem cable, from the config files to the ping, and the cable pulled and
 * plugged. Everything is real but the cable; it all lives in network namespaces and is taken down at the end, on a failure and
 * on Ctrl-C. Exits with 0 only when every step held.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { causeFacts } from '../../src/base/cause.js';
import { messageOf } from '../../src/base/errors.js';
import type { Daemon } from '../support/daemon.js';
import { NullModem } from '../support/null-modem.js';
import { TwoRouters } from '../support/two-routers.js';
import { figure, heading, quote, say, seconds } from './story.js';

const BAUD = 115_200;
/** 8 data bits, no parity, 1 stop bit. */
const LINE_OCTETS_PER_SECOND = BAUD / 10;
const TRANSFER_OCTETS = 80_000;
/** What TCP has to reach of the line's rate: headers and framing take about 5 %. */
const LEAST_SHARE = 0.75;
const WAIT_MS = 30_000;

const more = ['lcp: {echo: {interval: 1s, failures: 3}}   # notice a dead line within seconds'];

interface Ends {
  readonly a: Daemon;
  readonly b: Daemon;
}

/** Everything from here on is given back by `routers.close`. */
async function show(routers: TwoRouters): Promise<void> {
  const modem = layCable(routers);
  const ends = await bringUp(routers);
  await showStatus(ends);
  await ping(routers);
  await transfer(routers);
  await pullAndPlug(routers, ends, modem);
  await end(routers, ends);
}

function layCable(routers: TwoRouters): NullModem {
  heading('Two LANs, two routers, and a null modem between them');
  quote(
    [
      'host A ──── router A ═════ null modem ═════ router B ──── host B',
      '10.1.0.2    10.1.0.1 │     115200 baud     │ 10.2.0.1    10.2.0.2',
      '            10.0.0.1 └── linkd ═══ linkd ──┘ 10.0.0.2',
    ].join('\n'),
  );
  say('');
  say(
    'Four network namespaces, and two ptys joined at the rate of the line. The network of this machine is not touched.',
  );
  const modem = new NullModem({
    a: { kind: 'pty', link: routers.dir.file('ttyA') },
    b: { kind: 'pty', link: routers.dir.file('ttyB') },
    baud: BAUD,
  });
  routers.atEnd(() => {
    modem.close();
  });
  return modem;
}

async function bringUp(routers: TwoRouters): Promise<Ends> {
  const { dir } = routers;
  heading('linkd at each end, from its config file');
  const began = performance.now();
  const [a, b] = await Promise.all([
    routers.startA(`{serial: ${dir.file('ttyA')}, speed: ${BAUD}, flow: none}`, more),
    routers.startB(`{serial: ${dir.file('ttyB')}, speed: ${BAUD}, flow: none}`, more),
  ]);
  for (const side of ['a', 'b']) {
    say(`router ${side.toUpperCase()}: ${dir.file(`${side}.yaml`)}`);
    quote(readFileSync(dir.file(`${side}.yaml`), 'utf8').trimEnd());
  }
  await Promise.all([a.untilUp('branch', WAIT_MS), b.untilUp('branch', WAIT_MS)]);
  figure('start of the daemons to link up at both ends', seconds(performance.now() - began));
  return { a, b };
}

async function showStatus({ a, b }: Ends): Promise<void> {
  for (const [name, daemon] of [
    ['A', a],
    ['B', b],
  ] as const) {
    heading(`linkctl status on router ${name}`);
    // The first echo is due after a second.
    await daemon.until(
      'branch',
      'has measured an echo',
      ({ session }) => typeof session?.echo_rtt_ms === 'number',
      WAIT_MS,
    );
    await quoteStatus(daemon);
  }
}

async function quoteStatus(daemon: Daemon): Promise<void> {
  const { code, stdout, stderr } = await daemon.ctl('status');
  quote(`${stdout}${stderr}`.trimEnd());
  assert.equal(code, 0, 'linkctl status ends with 0');
}

async function ping({ lab, lans: { hostA, hostB } }: TwoRouters): Promise<void> {
  heading('Pings from LAN host to LAN host');
  for (const [from, to] of [
    [hostA, hostB],
    [hostB, hostA],
  ] as const) {
    const { sent, received, rttsMs } = await lab.ping(from, to, { count: 5, timeoutMs: 5000 });
    figure(`${from.label} to ${to.label}`, `${received} of ${sent} answered, median ${milliseconds(rttsMs)}`);
    assert.equal(received, sent, 'every ping is answered');
  }
  const octets = 2 * (56 + 28 + 4);
  const lineMs = ((octets / LINE_OCTETS_PER_SECOND) * 1000).toFixed(0);
  say(`The line alone takes ${lineMs} ms for such a packet there and back, as it is; here it goes compressed.`);
}

async function transfer({ lab, lans: { hostA, hostB } }: TwoRouters): Promise<void> {
  heading(`A TCP transfer of ${TRANSFER_OCTETS / 1000} kB from host A to host B`);
  const [moved, pings] = await Promise.all([
    lab.tcpTransfer(hostA, hostB, TRANSFER_OCTETS),
    // In the same direction, so in the same queue.
    sleep(1500).then(() => lab.ping(hostA, hostB, { count: 10, intervalMs: 400, timeoutMs: 5000 })),
  ]);
  const rate = moved.bytes / moved.seconds;
  const share = rate / LINE_OCTETS_PER_SECOND;
  figure('received intact, by SHA-256', moved.intact ? 'yes' : 'NO');
  figure('rate', `${kilo(rate)} of ${kilo(LINE_OCTETS_PER_SECOND)}, ${(100 * share).toFixed(0)} % of the line`);
  figure('pings meanwhile', `${pings.received} of ${pings.sent} answered, median ${milliseconds(pings.rttsMs)}`);
  assert.ok(moved.intact, 'the transfer is intact');
  assert.ok(share >= LEAST_SHARE, `TCP reaches ${100 * LEAST_SHARE} % of the line's rate`);
  assert.ok(pings.received > 0, 'pings get through beside the transfer');
}

async function pullAndPlug(
  { lab, lans: { hostA, hostB } }: TwoRouters,
  { a, b }: Ends,
  modem: NullModem,
): Promise<void> {
  heading('The cable is pulled, and plugged again');
  const pulled = performance.now();
  modem.pull();
  await Promise.all([a.untilCause('branch', 'peer-dead', WAIT_MS), b.untilCause('branch', 'peer-dead', WAIT_MS)]);
  figure(
    'pulled to noticed at both ends',
    `${seconds(performance.now() - pulled)} (${causeFacts('peer-dead').summary})`,
  );
  await sleep(2000);
  const plugged = performance.now();
  modem.plug();
  await Promise.all([a.untilUp('branch', WAIT_MS), b.untilUp('branch', WAIT_MS)]);
  figure('plugged to link up again at both ends', seconds(performance.now() - plugged));
  const { sent, received } = await lab.ping(hostA, hostB, { count: 3, timeoutMs: 5000 });
  figure('pings after that', `${received} of ${sent} answered`);
  assert.equal(received, sent, 'every ping is answered');
  say('linkctl status on router A:');
  await quoteStatus(a);
}

async function end({ lans }: TwoRouters, { a, b }: Ends): Promise<void> {
  heading('Both daemons are told to end');
  const began = performance.now();
  a.signal('SIGTERM');
  b.signal('SIGTERM');
  const exits = await Promise.all([a.exited(5000), b.exited(5000)]);
  figure(
    'SIGTERM to the end of both',
    `${seconds(performance.now() - began)}, exit status ${exits.map(({ code }) => code).join(' and ')}`,
  );
  assert.deepEqual(
    exits.map(({ code }) => code),
    [0, 0],
  );
  for (const router of [lans.routerA, lans.routerB]) {
    const left = await router.ip('-brief link show');
    figure(
      `interfaces left on ${router.label}`,
      left
        .split('\n')
        .map((line) => line.split(/[\s@]/)[0])
        .join(' ')
        .trim(),
    );
    assert.doesNotMatch(left, /branch/, 'the TUN interface is gone');
  }
}

function milliseconds(rtts: readonly number[]): string {
  const sorted = [...rtts].sort((x, y) => x - y);
  return `${(sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(0)} ms`;
}

function kilo(octetsPerSecond: number): string {
  return `${(octetsPerSecond / 1000).toFixed(2)} kB/s`;
}

/** Runs until it is done, has failed or is interrupted, and takes everything down in each case. The exit status. */
async function main(): Promise<number> {
  const began = performance.now();
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        reject(new Error(`ended by ${signal}`));
      });
    }
  });
  let status = 0;
  const routers = await TwoRouters.create();
  try {
    const shown = show(routers);
    // After an interruption, what it was at fails for want of its namespaces; that is not news.
    shown.catch(() => undefined);
    await Promise.race([shown, interrupted]);
  } catch (error) {
    heading('This did not hold');
    say(messageOf(error));
    status = 1;
  }
  await routers.close();
  const left = Object.values(routers.lans).filter(({ name }) => existsSync(`/run/netns/${name}`));
  assert.deepEqual(left, [], 'every namespace is gone');
  say('');
  say(
    `${status === 0 ? 'Every step held' : 'The demo failed'}, and everything is taken down, after ${seconds(performance.now() - began)}.`,
  );
  return status;
}

process.exit(await main());
