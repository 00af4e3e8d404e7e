/** The far end of a socket line, as any program would have it: a plain Node socket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Line } from '../../src/line/line.js';
import { eventually, within } from '../support/eventually.js';
import { everyOctet, PATIENCE_MS, receive, send } from './rig.js';

/** Where the two meet. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

export class Peer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  /** The far end has closed or broken the connection. */
  #over = false;

  constructor(t: TestContext, socket: Socket) {
    this.socket = socket;
    socket.on('data', (octets: Buffer) => {
      this.#received = Buffer.concat([this.#received, octets]);
    });
    // What broke it doesn't matter here.
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#over = true;
      });
    }
    t.after(() => socket.destroy());
  }

  /** Calls a listener that is there or soon will be. */
  static async call(t: TestContext, address: Address): Promise<Peer> {
    return eventually(
      async () => {
        const socket = connect(address satisfies NetConnectOpts);
        await once(socket, 'connect');
        return new Peer(t, socket);
      },
      PATIENCE_MS,
      'the call is taken',
    );
  }

  get over(): boolean {
    return this.#over;
  }

  /** Takes that many of the received octets. */
  async receive(count: number): Promise<Uint8Array> {
    await eventually(() => this.#received.length >= count, PATIENCE_MS, `${count} octets at the peer`);
    const octets = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return Uint8Array.from(octets);
  }

  async gone(): Promise<void> {
    await eventually(() => this.#over, PATIENCE_MS, 'the peer sees the end of the connection');
  }
}

/** A listener that takes every call. */
export class Listener {
  readonly #server;
  readonly #callers: Peer[] = [];

  private constructor(t: TestContext, taken: (caller: Socket) => void) {
    this.#server = createServer((socket) => {
      this.#callers.push(new Peer(t, socket));
      taken(socket);
    });
    t.after(() => {
      this.close();
    });
  }

  /** `taken` is called with each caller. */
  static async open(
    t: TestContext,
    address: Address,
    taken: (caller: Socket) => void = () => undefined,
  ): Promise<Listener> {
    const listener = new Listener(t, taken);
    listener.#server.listen(address);
    await once(listener.#server, 'listening');
    return listener;
  }

  /** The next caller that has not been asked for yet. */
  async caller(): Promise<Peer> {
    return eventually(() => this.#callers.shift(), PATIENCE_MS, 'a caller');
  }

  /** Takes no calls any more; calls that it has taken go on. */
  close(): void {
    this.#server.close();
  }
}

/** A TCP port that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  server.close();
  await within(once(server, 'close'), PATIENCE_MS, 'the port is free again');
  return address.port;
}

/** Asserts that every octet passes unchanged from the line to the peer and back. */
export async function assertTalks(line: Line, peer: Peer): Promise<void> {
  await send(line.fd, everyOctet);
  assert.deepEqual(await peer.receive(256), everyOctet);
  peer.socket.write(everyOctet);
  assert.deepEqual(await receive(line.fd, 256), everyOctet);
}
