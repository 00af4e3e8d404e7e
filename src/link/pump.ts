/**
 * The way of a packet, for one link, in the packet worker:
 *
 *     TUN ──► queue ──► compress ──► frame ──► line          (`#fromTun`, `supply.ts`, `line-port.ts`)
 *     TUN ◄────────── decompress ◄── unframe ◄── line        (`#fromLine`, `#toTun`)
 *
 * A packet waits as plain IP and is compressed and framed only when the line has room (`data-path.ts`). Control packets go
 * first. Received frames pass one by one through every layer, so that what one changes (an ACCM) holds for the next of the
 * same read.
 */
import type { PacketView } from '../compress/coder.js';
import type { Ip4 } from '../base/ip.js';
import { cause, type Cause } from '../base/cause.js';
import { assertNever } from '../base/errors.js';
import { earliest, type Millis, type Timer } from '../base/clock.js';
import { answersProbe } from '../health/echo.js';
import type { StreamEnd } from '../line/line.js';
import type { ByteStream } from '../line/stream.js';
import { Protocol } from '../ppp/numbers.js';
import type { SessionOutput } from '../ppp/outputs.js';
import { nothingCounted, type LineCounts } from '../ppp/lqr/report.js';
import { Session } from '../ppp/session.js';
import { ClassQueue } from '../queue/class-queue.js';
import type { QueueOptions } from '../queue/options.js';
import type { TrafficRules } from '../schedule/options.js';
import type { PacketPort } from '../tun/tun.js';
import {
  carries,
  diagnosed,
  errorsOf,
  errorsOfLine,
  errorsOfSession,
  isData,
  isUp,
  type Attachment,
} from './attachment.js';
import { LineBundle } from './bundle.js';
import { DataPath } from './data-path.js';
import { HeldPackets } from './held-packets.js';
import { Intake } from './intake.js';
import { LinePort } from './line-port.js';
import type { AttachOptions, JoiningLine } from './messages.js';
import { Outlet } from './outlet.js';
import type { PumpHost } from './pump-host.js';
import { reportQueue } from './queue-report.js';
import { takeMemory } from './session-memory.js';
import { Supply } from './supply.js';
import { Tally } from './tally.js';
import { TrafficWatch } from './traffic-watch.js';
import type { LineOctets, LinkCounters, QueueStatus, SessionStatus } from './types.js';

/** Reads in a row before other links get their turn. */
const readsPerWake = 4;
const octetsPerWake = 262_144;
/** A line that gave less had no more. A terminal has 4 KiB at a time, whatever waits behind them. */
const shortRead = 2048;
/** The default MTU of a TUN interface, and so the least that a slot must hold before linkd has set another. */
const tunDefaultMtu = 1500;
/** RFC 1661 §6.1: what every peer may send, whatever was negotiated. */
const defaultMru = 1500;
const bitsPerOctet = 10;
/** What the main thread hears of. */
const told: ReadonlySet<SessionOutput['type']> = new Set(['note', 'network-up', 'network-changed', 'network-down']);

export class Pump {
  readonly #port: PacketPort;
  readonly #host: PumpHost;
  readonly #tally = new Tally();
  readonly #watch = new TrafficWatch();
  readonly #intake: Intake;
  readonly #held: HeldPackets;
  #attached: Attachment | undefined;
  /** The last packet of the health check, by which its answers are known. */
  #probed: Uint8Array | undefined;
  #timer: Timer | undefined;
  #timerAt: Millis = Infinity;

  constructor(port: PacketPort, host: PumpHost) {
    this.#port = port;
    this.#host = host;
    this.#intake = new Intake(port, this.#tally, this.#watch);
    this.#held = new HeldPackets(port, this.#tally, host);
    const fromTun = this.#fromTun.bind(this);
    port.start(
      () => {
        host.guard(fromTun);
      },
      () => {
        host.emit({ type: 'tun-gone' });
      },
    );
  }

  /** Grows with each octet on the lines, and each packet that is dropped because the link is not up. */
  get changes(): number {
    return this.#tally.changes;
  }

  /** The session's status; undefined without one. */
  get session(): SessionStatus | undefined {
    if (this.#attached === undefined) return undefined;
    const { session, options } = this.#attached;
    const status = session.describe();
    return { ...status, mtu: status.mtu && Math.min(status.mtu, options.mtu) };
  }

  /** For how long no packet that counts as traffic went either way; undefined: nobody asks. */
  get quietMs(): Millis | undefined {
    return this.#watch.quietMs(this.#host.scheduler.now());
  }

  /** Says which packets count as traffic, and whether those that find no session wait for one. */
  watch(rules: TrafficRules | undefined, hold: boolean): void {
    this.#watch.rules = rules;
    this.#held.hold(hold ? rules : undefined);
  }

  /** Starts a session on a line. Throws when there is one. */
  attach(stream: ByteStream, options: AttachOptions, line = 0): void {
    if (this.#attached !== undefined) throw new Error('the pump has a session already');
    this.#attached = this.#begin(options);
    this.#addLine(this.#attached, stream, { number: line, speed: options.speed });
  }

  /** Lets another line join the session; when that is over, says so by `line-finished`. */
  join(stream: ByteStream, line: JoiningLine): void {
    const attached = this.#attached;
    if (attached === undefined || attached.session.isOver)
      this.#host.emit({
        type: 'line-finished',
        line: line.number,
        cause: cause('line-hangup', 'with the other lines'),
      });
    else this.#addLine(attached, stream, line);
  }

  #addLine(attached: Attachment, stream: ByteStream, { number: line, speed }: JoiningLine): void {
    const { lines, session, options } = attached;
    if (lines.port(line) !== undefined) throw new Error(`the pump has line ${line} already`);
    const bytesPerSecond = perSecond(speed);
    const port = new LinePort(stream, {
      ...{ bytesPerSecond, escape: options.escape, tally: this.#tally.line(line) },
      mtu: Math.max(options.mtu, tunDefaultMtu),
      mru: Math.max(options.session.lcp.mru, defaultMru),
      codec: attached.codec.another(),
    });
    lines.add(line, port, bytesPerSecond);
    const fromLine = (): void => {
      this.#fromLine(attached, line, port);
    };
    const toLine = (): void => {
      this.#flush(attached, this.#host.scheduler.now());
    };
    port.start({
      readable: () => {
        this.#host.guard(fromLine);
      },
      writable: () => {
        this.#host.guard(toLine);
      },
      ended: (end) => {
        this.#host.guard(() => {
          this.#lineEnded(attached, line, port, end);
        });
      },
    });
    const now = this.#host.scheduler.now();
    session.start(now, line);
    this.#settle(attached, now);
  }

  #begin(options: AttachOptions): Attachment {
    const { mtu, speed } = options;
    const bytesPerSecond = perSecond(speed);
    const memory = takeMemory(this.#host, Math.max(mtu, tunDefaultMtu), bytesPerSecond !== undefined);
    const counts = (line: number): LineCounts => lines.port(line)?.counts(this.#tally.tunRefused) ?? nothingCounted();
    const session = new Session(options.session, this.#host.random, counts);
    const path = new DataPath((inARow) => {
      session.decompressionFailed(this.#host.scheduler.now(), inARow);
    }, memory.codec);
    const shape = { bytesPerSecond, mtu, options: options.queue, perturbation: this.#host.random() };
    const queue = new ClassQueue(memory.pool, { ...shape, meters: this.#tally.queue });
    const lines = new LineBundle(options.session.multilink, new Supply(queue, memory.pool, path, this.#tally));
    const outlet = new Outlet(this.#port, this.#tally, this.#watch, memory.codec);
    const attached: Attachment = { ...memory, outlet, lines, session, path, queue, options, mtu };
    return attached;
  }

  /** The peer's address, as `address-wanted` asked. */
  assign(number: number, remote: Ip4): void {
    const attached = this.#attached;
    if (attached === undefined) return;
    const now = this.#host.scheduler.now();
    attached.session.assign(number, remote, now);
    this.#settle(attached, now);
  }

  /** Begins the Terminate exchange; `finished` follows. */
  close(why: Cause): void {
    const attached = this.#attached;
    if (attached === undefined) return;
    const now = this.#host.scheduler.now();
    attached.session.close(now, why);
    this.#settle(attached, now);
  }

  /** Puts a packet of the health check into the queue; its answers come back as messages. RFC 792 */
  probe(packet: Uint8Array): void {
    const attached = this.#attached;
    if (attached?.session.carriesIp4 !== true) return;
    this.#probed = packet;
    const { pool, queue } = attached;
    if (pool.free === 0) queue.dropFattest();
    const slot = pool.take();
    if (slot < 0) return;
    pool.bytes.set(packet, slot * pool.slotSize);
    const now = this.#host.scheduler.now();
    queue.enqueue(slot, packet.length, now);
    this.#flush(attached, now);
  }

  /** Lets go of a line; nothing is emitted for it afterwards. With the last line the session is gone. */
  detach(line = 0): void {
    const attached = this.#attached;
    const port = attached?.lines.port(line);
    if (attached === undefined || port === undefined) return;
    port.stop();
    this.#tally.absorb(errorsOfLine(port));
    attached.lines.remove(line);
    if (attached.lines.ports.length > 0) return;
    this.#attached = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.#tally.absorb(errorsOfSession(attached));
    attached.outlet.flush();
    attached.codec.release();
  }

  /** Lets go of all lines. */
  detachAll(): void {
    for (const line of this.#attached?.lines.numbers ?? []) this.detach(line);
  }

  /** Since the pump was made, over all sessions. */
  counters(): LinkCounters {
    return this.#tally.counters(this.#attached === undefined ? {} : errorsOf(this.#attached));
  }

  /** What its queue has done, over all sessions, and does now. */
  get queue(): QueueStatus {
    return reportQueue(this.#tally.queue, this.#attached?.queue, this.#host.scheduler.now());
  }

  /** Of each line, by its number. */
  get lines(): readonly LineOctets[] {
    return this.#tally.lines.map(({ lineRxBytes, lineTxBytes }) => ({ rxBytes: lineRxBytes, txBytes: lineTxBytes }));
  }

  /** Tells packets apart by other classes from now on; the session goes on. */
  setQueue(options: QueueOptions): void {
    this.#attached?.queue.configure(options);
  }

  /** Lets go of the TUN as well. The pump is of no use afterwards. */
  stop(): void {
    this.detachAll();
    this.#held.stop();
    this.#port.stop();
  }

  /** TUN → queue. Packets for a link that is not up are dropped, lest they wait and arrive stale; unless it is on demand. */
  #fromTun(): void {
    const attached = this.#attached;
    const now = this.#host.scheduler.now();
    for (let reads = 0; reads < readsPerWake && this.#takeIn(attached, now); reads++);
    if (attached !== undefined) this.#flush(attached, now);
  }

  /** True when there may be more. */
  #takeIn(attached: Attachment | undefined, now: Millis): boolean {
    if (attached !== undefined && isUp(attached)) return this.#intake.enqueue(attached, now);
    return this.#held.isOn ? this.#held.take(now) : this.#intake.discard();
  }

  /** Control packets and queue → line, as far as the line has room. */
  #flush(attached: Attachment, now: Millis): void {
    const room = attached.lines.flush(now);
    if (room !== undefined) this.#wakeAt(room);
  }

  /** Line → frames → TUN or session. */
  #fromLine(attached: Attachment, line: number, port: LinePort): void {
    const now = this.#host.scheduler.now();
    for (let octets = 0; octets < octetsPerWake && !port.ended && this.#attached === attached;) {
      const length = port.read(attached.received);
      octets += length;
      if (length > 0) this.#unframe(attached, line, port, now);
      if (length < shortRead) break;
    }
    this.#settle(attached, now);
  }

  #unframe(attached: Attachment, line: number, port: LinePort, now: Millis): void {
    const { session, path, lines } = attached;
    const { decoder } = port;
    let { fcs } = decoder.counters;
    while (this.#attached === attached && decoder.next()) {
      if (decoder.counters.fcs !== fcs) path.lost();
      fcs = decoder.counters.fcs;
      session.heard(now, line);
      if (decoder.protocol === Protocol.multilink && lines.reassembles) {
        lines.receive(line, decoder.buffer, decoder.start, decoder.end, now);
        this.#takeReassembled(attached, line, now);
      } else {
        this.#take(attached, line, decoder, now);
      }
      this.#drain(attached, now);
    }
    if (decoder.counters.fcs !== fcs) path.lost();
  }

  #takeReassembled(attached: Attachment, line: number, now: Millis): void {
    for (let packet = attached.lines.next(); packet !== undefined; packet = attached.lines.next()) {
      // Another class than 0 is what overtakes others: it has no part in any history.
      const isPast = packet.class > 0;
      if (packet.afterLoss && !isPast) attached.path.lost();
      this.#take(attached, line, packet, now, isPast);
      this.#drain(attached, now);
    }
  }

  /** A whole packet, of the network or for the session. */
  #take(attached: Attachment, line: number, packet: PacketView, now: Millis, isPast = false): void {
    const { protocol, buffer, start, end } = packet;
    if (isData(attached, protocol, line)) {
      const whole = attached.path.inbound(protocol, buffer, start, end, isPast);
      if (whole !== undefined) this.#toTun(attached, whole, now);
    } else {
      attached.session.receive(protocol, buffer.slice(start, end), now, line);
    }
  }

  #toTun({ session, outlet }: Attachment, { protocol, buffer, start, end }: PacketView, now: Millis): void {
    // What was compressed may be of a family that is not open.
    if (!carries(session, protocol)) this.#tally.tunRefused += 1;
    else if (this.#probed !== undefined && answersProbe(this.#probed, buffer, start, end))
      this.#host.emit({ type: 'probe-reply', packet: buffer.slice(start, end) });
    else outlet.put(buffer, start, end, now);
  }

  #lineEnded(attached: Attachment, line: number, port: LinePort, end: StreamEnd): void {
    if (port.ended) return;
    port.end();
    const now = this.#host.scheduler.now();
    attached.session.lineLost(now, line);
    this.#drain(attached, now);
    this.#host.emit({ type: 'line-ended', line, end, ending: attached.session.ending });
    if (attached.lines.isAlive) this.#settle(attached, now);
  }

  /** After every input: carry out what the session wants, send, and set the timer. */
  #settle(attached: Attachment, now: Millis): void {
    if (this.#attached === attached) this.#drain(attached, now);
    attached.outlet.flush();
    if (this.#attached !== attached || !attached.lines.isAlive) return;
    this.#flush(attached, now);
    const deadline = earliest(attached.session.nextTimeout(), attached.lines.nextTimeout());
    if (deadline !== undefined) this.#wakeAt(deadline);
  }

  #drain(attached: Attachment, now: Millis): void {
    for (let output = attached.session.poll(); output !== undefined; output = attached.session.poll()) {
      // The peer's answer goes first: what the main thread does when it is told takes longer than a packet.
      if (told.has(output.type)) this.#flush(attached, now);
      this.#obey(attached, output, now);
    }
  }

  #obey(attached: Attachment, output: SessionOutput, now: Millis): void {
    switch (output.type) {
      case 'send':
        if (!attached.lines.sendControl(output.line, output.protocol, output.packet)) this.#tally.controlFull += 1;
        return;
      case 'framing':
        attached.lines.setFraming(output.line, output.framing);
        return;
      case 'header-compression':
        attached.path.setHeaderCompression(output);
        return;
      case 'compressor':
        attached.path.setCompressor(output.method);
        return;
      case 'start-compressor':
        attached.path.startCompressor();
        return;
      case 'decompressor':
        attached.path.setDecompressor(output.method);
        return;
      case 'reset-compressor':
        attached.path.resetCompressor();
        return;
      case 'reset-decompressor':
        attached.path.resetDecompressor();
        return;
      case 'bundle':
        attached.lines.set(output.bundle);
        if (output.bundle.lines.length > 0) attached.queue.setRate(attached.lines.bytesPerSecond, attached.options.mtu);
        this.#takeReassembled(attached, attached.lines.first, now);
        this.#host.emit({ type: 'lines-open', lines: output.bundle.lines.map(({ line }) => line) });
        return;
      case 'line-finished':
        this.#flush(attached, now);
        this.#host.emit({ ...output, cause: diagnosed(output.cause, attached.lines.port(output.line)) });
        return;
      case 'address-wanted':
        this.#host.emit(output);
        return;
      case 'network-up':
      case 'network-changed': {
        const { ip4, ip6, mtu } = output.network;
        attached.mtu = Math.min(mtu, attached.options.mtu);
        // What waits for a family that has left must not arrive stale.
        if (ip4 === undefined || ip6 === undefined) attached.queue.clear();
        if (output.type === 'network-up') this.#watch.begin(now);
        this.#held.release(attached, now);
        this.#host.emit({ type: output.type, network: { ...output.network, mtu: attached.mtu } });
        return;
      }
      case 'network-down':
        attached.queue.clear();
        this.#host.emit({ type: 'network-down' });
        return;
      case 'note':
        this.#host.emit({ type: 'note', level: output.level, message: output.message });
        return;
      case 'echo':
        return;
      case 'finished':
        // The last packets (a Terminate-Ack) go out before the line is closed.
        this.#flush(attached, now);
        this.#host.emit({ type: 'finished', cause: diagnosed(output.cause, attached.lines.ports[0]) });
        return;
      default:
        assertNever(output);
    }
  }

  /** One timer serves the session's deadline and the line's next room; an earlier deadline replaces a later one. */
  #wakeAt(deadline: Millis): void {
    if (this.#timer !== undefined && this.#timerAt <= deadline) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#host.scheduler.after(deadline - this.#host.scheduler.now(), () => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.#host.guard(() => {
        this.#wake();
      });
    });
  }

  #wake(): void {
    const attached = this.#attached;
    if (!attached?.lines.isAlive) return;
    const now = this.#host.scheduler.now();
    const deadline = attached.session.nextTimeout();
    if (deadline !== undefined && deadline <= now) attached.session.timeout(now);
    attached.lines.timeout(now);
    this.#takeReassembled(attached, attached.lines.first, now);
    this.#settle(attached, now);
  }
}

/** Octets of a line of that speed in baud. */
function perSecond(speed: number | undefined): number | undefined {
  return speed === undefined ? undefined : speed / bitsPerOctet;
}
