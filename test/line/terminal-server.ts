/**
 * A terminal server in this process (RFC 2217), for what a real one does not do on demand: it refuses, it is silent, it
 * hangs up, it suspends, it loses the carrier. Written from the RFC alone; it shares nothing with linkd's telnet.
 */
import type { TestContext } from 'node:test';
import type { Socket } from 'node:net';
import { eventually } from '../support/eventually.js';
import { freePort, Listener } from './peer.js';
import { PATIENCE_MS } from './rig.js';

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255];
const COM_PORT = 44;

export interface Manner {
  /** Options that it refuses. */
  readonly refuses?: readonly number[];
  /** Says nothing at all. */
  readonly silent?: boolean;
  /** What it says in plain words before it hangs up. */
  readonly farewell?: string;
  /** Answers to the client's commands, by command; others are confirmed. */
  readonly answers?: ReadonlyMap<number, (value: Uint8Array) => Uint8Array | undefined>;
}

export class TerminalServer {
  readonly port: number;
  /** The data that came, unescaped. */
  readonly data: number[] = [];
  /** The client's commands: the content of its subnegotiations, as hex. */
  readonly commands: string[] = [];
  readonly #manner: Manner;
  #socket: Socket | undefined;
  #rest: number[] = [];

  private constructor(port: number, manner: Manner) {
    this.port = port;
    this.#manner = manner;
  }

  static async open(t: TestContext, manner: Manner = {}): Promise<TerminalServer> {
    const server = new TerminalServer(await freePort(), manner);
    await Listener.open(t, { host: '127.0.0.1', port: server.port }, (socket) => {
      server.#greet(socket);
    });
    return server;
  }

  /** The connection of the last caller. */
  get socket(): Socket {
    if (this.#socket === undefined) throw new Error('nobody has called');
    return this.#socket;
  }

  /** Data from the serial port. */
  send(octets: Uint8Array): void {
    this.socket.write(Uint8Array.from([...octets].flatMap((octet) => (octet === IAC ? [IAC, IAC] : [octet]))));
  }

  /** A command of the server. */
  say(...content: readonly number[]): void {
    this.socket.write(Uint8Array.of(IAC, SB, COM_PORT, ...content, IAC, SE));
  }

  async heard(command: string): Promise<void> {
    await eventually(() => this.commands.includes(command), PATIENCE_MS, `the command ${command}`);
  }

  async received(count: number): Promise<Uint8Array> {
    await eventually(() => this.data.length >= count, PATIENCE_MS, `${count} octets at the terminal server`);
    return Uint8Array.from(this.data.splice(0, count));
  }

  #greet(socket: Socket): void {
    this.#socket = socket;
    this.#rest = [];
    const { silent, farewell } = this.#manner;
    if (farewell !== undefined) socket.end(farewell);
    else if (silent !== true) {
      // As telnet servers do, whoever calls.
      socket.write(Uint8Array.of(IAC, WILL, 1, IAC, DONT, 1, IAC, DO, 24));
      socket.on('data', (octets: Buffer) => {
        this.#rest.push(...octets);
        while (this.#take());
      });
    }
  }

  /** One octet of data, or one command; false when there is no whole one. */
  #take(): boolean {
    const [first, second, third] = this.#rest;
    if (first === undefined) return false;
    if (first !== IAC) {
      this.data.push(...this.#rest.splice(0, 1));
      return true;
    }
    if (second === undefined) return false;
    if (second === IAC) {
      this.data.push(...this.#rest.splice(0, 2).slice(1));
      return true;
    }
    if (second === SB) return this.#subnegotiation();
    if (third === undefined) return false;
    this.#rest.splice(0, 3);
    const refused = this.#manner.refuses?.includes(third) === true;
    const isOurs = third === 0 || third === 3 || third === COM_PORT;
    if (second === WILL) this.socket.write(Uint8Array.of(IAC, refused || !isOurs ? DONT : DO, third));
    if (second === DO) this.socket.write(Uint8Array.of(IAC, refused || !isOurs ? WONT : WILL, third));
    return true;
  }

  #subnegotiation(): boolean {
    const content: number[] = [];
    let at = 3;
    for (; !(this.#rest[at] === IAC && this.#rest[at + 1] === SE); at++) {
      if (at + 1 >= this.#rest.length) return false;
      if (this.#rest[at] === IAC) at++;
      content.push(this.#rest[at] ?? 0);
    }
    this.#rest.splice(0, at + 2);
    this.commands.push(Buffer.from(content).toString('hex'));
    const [command = 0, ...value] = content;
    const answer = this.#manner.answers?.get(command) ?? ((confirmed: Uint8Array) => confirmed);
    const said = command === 0 ? Uint8Array.from(Buffer.from('a server of the test')) : answer(Uint8Array.from(value));
    if (said !== undefined) this.say(command + 100, ...said);
    return true;
  }
}
