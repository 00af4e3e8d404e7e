/**
 * The packet worker: the thread that touches octets. It holds one pump per link and speaks `messages.ts` with the main
 * thread. A mistake in one link's pump ends that link's session and no other.
 */
import { randomInt } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { assertNever, messageOf } from '../base/errors.js';
import { Codecs } from '../framing/codecs.js';
import { ModemStream } from '../dial/modem-stream.js';
import type { ByteStream } from '../line/stream.js';
import { streamOf } from '../line/telnet-stream.js';
import { rehearsing, warmEngine } from '../native/engine.js';
import { loadKernel } from '../native/kernel.js';
import { EarlyPort } from '../tun/early-port.js';
import { HeldPort } from '../tun/held-port.js';
import { LinuxPacketPort } from '../tun/linux.js';
import type { AttachOptions, FromWorker, Ping, Pong, Rehearse, Rehearsed, ToWorker } from './messages.js';
import { Pump } from './pump.js';
import { rehearse } from './rehearsal.js';
import { systemScheduler } from './scheduler.js';
import { plainFrames } from './session-memory.js';

/** How often counters go to the main thread, if they changed. */
const statisticsMs = 1000;
/** On a link that is idle a line carries less than this in that time: echoes, a ping now and then. */
const idleOctets = 2000;

if (parentPort === null) throw new Error('worker.js is a worker thread, not a program');
const port = parentPort;
const codecs = new Codecs({ load: loadKernel });
const pumps = new Map<string, Pump>();
const earlyPorts = new Map<string, EarlyPort>();
const reported = new Map<string, number>();

port.on('message', (message: ToWorker | Ping | Rehearse) => {
  if (message.type === 'ping') {
    port.postMessage({ type: 'pong' } satisfies Pong);
    return;
  }
  if (message.type === 'rehearse') {
    port.postMessage(rehearsing(() => rehearseAll(message.sessions)));
    return;
  }
  guard(message.link, () => {
    obey(message);
  });
});
setInterval(reportChanges, statisticsMs).unref();

function post(message: FromWorker): void {
  port.postMessage(message);
}

function obey(message: ToWorker): void {
  const { link } = message;
  const pump = pumps.get(link);
  switch (message.type) {
    case 'add':
      pumps.set(link, addPump(link, message.tunFd, message.holdMs));
      return;
    case 'attach':
      if (pump === undefined) throw new Error('a session for a link without a TUN device');
      pump.attach(openStream(message), message.options, message.line);
      return;
    case 'join':
      if (pump === undefined) throw new Error('a line for a link without a TUN device');
      pump.join(openStream(message), message.line);
      return;
    case 'assign':
      pump?.assign(message.number, message.remote);
      return;
    case 'close':
      pump?.close(message.cause);
      return;
    case 'ready':
      earlyPorts.get(link)?.ready();
      return;
    case 'watch':
      pump?.watch(message.rules, message.hold);
      return;
    case 'queue':
      pump?.setQueue(message.options);
      return;
    case 'probe':
      pump?.probe(message.packet);
      return;
    case 'detach':
      pump?.detach(message.line);
      report(link);
      post({ link, type: 'released', number: message.number });
      return;
    case 'remove':
      pump?.stop();
      pumps.delete(link);
      earlyPorts.delete(link);
      reported.delete(link);
      post({ link, type: 'released', number: message.number });
      return;
    default:
      assertNever(message);
  }
}

function openStream(line: Parameters<typeof streamOf>[0] & { readonly isCall?: boolean | undefined }): ByteStream {
  const stream = streamOf(line);
  return line.isCall === true ? new ModemStream(stream, systemScheduler) : stream;
}

function addPump(link: string, tunFd: number, holdMs: Millis | undefined): Pump {
  pumps.get(link)?.stop();
  const port = new LinuxPacketPort(tunFd);
  const held = holdMs === undefined ? undefined : new HeldPort(port, holdMs, systemScheduler);
  const early = new EarlyPort(held ?? port, systemScheduler);
  earlyPorts.set(link, early);
  return new Pump(early, {
    scheduler: systemScheduler,
    codecs,
    random: randomUint32,
    guard: (work) => {
      guard(link, work);
    },
    emit: (message) => {
      if (message.type.startsWith('network-') || message.type === 'finished') report(link);
      if (message.type === 'network-up') {
        held?.release();
        early.wait();
      } else if (message.type === 'network-down' || message.type === 'finished') early.forget();
      post({ link, ...message });
    },
  });
}

/** Runs one link's work. An exception there is linkd's mistake: the link ends with `internal`, and the others go on. */
function guard(link: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    // Without its line the pump is called no more.
    pumps.get(link)?.detachAll();
    post({ link, type: 'note', level: 'warn', message: `internal error: ${stack}` });
    post({ link, type: 'finished', cause: cause('internal', messageOf(error)) });
  }
}

/** Whatever goes wrong there is no matter of any link. */
function rehearseAll(sessions: readonly AttachOptions[]): Rehearsed {
  const began = systemScheduler.now();
  const complaints: string[] = [];
  const open: Codecs['open'] = (octets) =>
    codecs.open(octets, (reason) => complaints.push(`${plainFrames}: ${messageOf(reason)}`));
  for (const options of sessions) {
    try {
      if (!rehearse(options, { codecs: { open }, random: randomUint32 })) complaints.push('no packets went both ways');
    } catch (error) {
      complaints.push(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`);
    }
  }
  return { type: 'rehearsed', tookMs: systemScheduler.now() - began, complaints };
}

function randomUint32(): number {
  return randomInt(0x1_0000_0000);
}

function reportChanges(): void {
  for (const [link, pump] of pumps) {
    const before = reported.get(link) ?? 0;
    if (pump.changes === before) continue;
    if (pump.changes - before > idleOctets) warmEngine();
    report(link);
  }
}

function report(link: string): void {
  const pump = pumps.get(link);
  if (pump === undefined) return;
  reported.set(link, pump.changes);
  const { session, quietMs, queue, lines } = pump;
  const counters = pump.counters();
  post({ link, type: 'statistics', at: systemScheduler.now(), counters, session, quietMs, queue, lines });
}
