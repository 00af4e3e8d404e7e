/**
 * The control server: HTTP with JSON over a Unix socket, so that `curl --unix-socket` steers linkd as well as linkctl does.
 * Whoever reaches the socket may send anything at any pace: sizes, times and numbers are bounded here, garbage gets a 4xx,
 * and no request can end linkd.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../base/clock.js';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { DaemonSteering } from '../link/types.js';
import { findGroup, type Group } from './accounts.js';
import type { About, Reply } from './answers.js';
import { streamEvents, type StreamLimits } from './event-stream.js';
import { PendingReplies } from './pending.js';
import { printable } from '../base/printable.js';
import { jsonLine } from './wire.js';
import { errorBody, failed, Refusal } from './refusal.js';
import { findRoute } from './routes.js';
import { listenOnSocket, type SocketFile } from './socket-file.js';
import { bringTerminal, expectTerminal } from './terminal.js';
import { Visitors, type Visitor } from './visitors.js';

export interface ControlLimits extends StreamLimits {
  /** Further connections are closed at once. Guests, who only look, get half of them. */
  readonly maxConnections: number;
  /** Event streams at a time: fewer than connections, so that they leave room for commands. Guests get half of them. */
  readonly maxStreams: number;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** From the first octet of a request until its headers, and until all of it, are here. */
  readonly headersTimeoutMs: Millis;
  readonly requestTimeoutMs: Millis;
  /** What asks the system may take so long to answer. */
  readonly answerTimeoutMs: Millis;
  /** Without an octet either way; event streams are exempt. */
  readonly idleTimeoutMs: Millis;
}

/** docs/control-api.md tells them. */
export const defaultLimits: ControlLimits = {
  maxConnections: 128,
  maxStreams: 32,
  maxHeaderBytes: 8 * 1024,
  maxBodyBytes: 4 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  answerTimeoutMs: 30_000,
  idleTimeoutMs: 15_000,
  maxStreamBytes: 256 * 1024,
  farewellMs: 10_000,
};

/** How long connections may take to end by themselves when the server closes. */
const closeGraceMs = 250;

/** Everybody may look: what a request may do is judged by who sent it. */
const openToAll = 0o666;

export interface ControlServerOptions {
  /** The socket's path. Its directory is made if it is missing. */
  readonly path: string;
  readonly steering: DaemonSteering;
  readonly about: About;
  readonly log: Logger;
  /** The socket's group, by name or number: its members steer everything. Without it, that of linkd's own process. */
  readonly group?: string | undefined;
  /** The socket's permissions, 0666 without it; 0660 keeps out everybody but linkd's own user and the group. */
  readonly mode?: number | undefined;
  /** For tests. */
  readonly limits?: Partial<ControlLimits>;
}

export class ControlServer {
  readonly #steering: DaemonSteering;
  readonly #about: About;
  readonly #log: Logger;
  readonly #limits: ControlLimits;
  readonly #http: Server;
  readonly #visitors: Visitors;
  readonly #pending: PendingReplies;
  readonly #serving = new Set<Promise<void>>();
  readonly #streams = new Map<ServerResponse, Visitor>();
  #file: SocketFile | undefined;
  #closed: Promise<void> | undefined;

  /** Starts to serve. Throws OpError: another linkd runs there, no right to make the socket, … */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const group = await findGroup(options.group ?? String(process.getegid?.() ?? 0));
    const server = new ControlServer(options, group);
    server.#file = await listenOnSocket(server.#http, options.path, {
      mode: options.mode ?? openToAll,
      gid: group.gid,
    });
    server.#http.on('error', (error) => {
      server.#log.warn({ error: error.message }, 'the control socket failed to take a connection');
    });
    return server;
  }

  private constructor({ steering, about, log, limits }: ControlServerOptions, group: Group) {
    this.#steering = steering;
    this.#about = about;
    this.#log = log;
    this.#limits = { ...defaultLimits, ...limits };
    this.#visitors = new Visitors(group, Math.ceil(this.#limits.maxConnections / 2));
    this.#pending = new PendingReplies(this.#limits.answerTimeoutMs);
    this.#http = createServer(
      {
        maxHeaderSize: this.#limits.maxHeaderBytes,
        headersTimeout: this.#limits.headersTimeoutMs,
        requestTimeout: this.#limits.requestTimeoutMs,
        connectionsCheckingInterval: 500,
        requireHostHeader: false,
      },
      (request, response) => {
        const served = this.#serve(request, response);
        this.#serving.add(served);
        void served.finally(() => this.#serving.delete(served));
      },
    );
    this.#http.maxConnections = this.#limits.maxConnections;
    this.#http.timeout = this.#limits.idleTimeoutMs;
    this.#http.on('connection', (socket) => {
      this.#admit(socket);
    });
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
    this.#http.on('clientError', (error, socket) => {
      this.#refuseGarbage(error, socket);
    });
  }

  /** Makes way for another server on the same path; requests that are here are still answered. `close` comes later. */
  async giveWay(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await file.remove();
    this.#closed = new Promise<void>((resolve) => {
      this.#http.close(() => {
        resolve();
      });
    });
    for (const stream of this.#streams.keys()) stream.end();
    this.#http.closeIdleConnections();
  }

  /** Ends every connection and stream and removes the socket's file. Safe to call twice. */
  async close(): Promise<void> {
    await this.giveWay();
    this.#http.closeIdleConnections();
    const grace = setTimeout(() => {
      this.#http.closeAllConnections();
    }, closeGraceMs);
    await this.#closed;
    clearTimeout(grace);
    // Who did what is logged last of all.
    await Promise.race([Promise.all(this.#serving), sleep(closeGraceMs)]);
  }

  #admit(socket: Socket): void {
    try {
      if (this.#visitors.admit(socket)) return;
    } catch (thrown) {
      this.#log.warn({ error: messageOf(thrown) }, 'it could not be told who connected to the control socket');
    }
    socket.destroy();
  }

  /** One request, from the first octet of its body to its answer. Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    try {
      await this.#expectEmptyBody(request);
      await this.#reply(method, url, request, response);
    } catch (thrown) {
      if (request.destroyed && !request.complete) return; // The client went while it was still sending.
      sendRefusal(response, this.#refusalOf(thrown, method, url), request.complete);
    }
    await this.#record(request, response.statusCode);
  }

  async #reply(method: string, url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visitor = this.#visitors.of(request.socket);
    const { route, name, query } = findRoute(method, url);
    const call = { steering: this.#steering, about: this.#about, name: name ?? '', query };
    const key = route.method === 'GET' ? [...route.path, name].join('/') : undefined;
    let reply: Reply;
    // While linkd works on the answer, nothing moves on the connection, and nothing needs to.
    request.socket.setTimeout(0);
    try {
      if (route.right === 'steer') await this.#visitors.permit(visitor, name, this.#steering);
      reply = await this.#pending.get(key, () => route.answer(call));
    } finally {
      request.socket.setTimeout(this.#limits.idleTimeoutMs);
    }
    this.#send(reply, visitor, response);
  }

  #send(reply: Reply, visitor: Visitor, response: ServerResponse): void {
    switch (reply.kind) {
      case 'body': {
        const text = jsonLine(reply.body);
        response.writeHead(reply.status, jsonHeaders(text));
        response.end(text);
        return;
      }
      case 'events': {
        const guests = [...this.#streams.values()].filter(({ guest }) => guest).length;
        const { maxStreams } = this.#limits;
        if (this.#streams.size >= maxStreams || (visitor.guest && guests >= Math.ceil(maxStreams / 2))) {
          throw new Refusal(503, 'too-many-streams', 'too many event streams are open', 'End one of them.');
        }
        streamEvents(response, this.#steering, reply.link, this.#limits);
        this.#streams.set(response, visitor);
        response.once('close', () => this.#streams.delete(response));
      }
    }
  }

  /** A connection that is to become a link's line, or to speak with it. Never rejects. */
  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { method = '', url = '' } = request;
    socket.on('error', () => socket.destroy());
    let status = 101;
    try {
      const { route, name } = findRoute(method, url);
      const path = expectTerminal(request, route.path, head);
      const visitor = this.#visitors.of(request.socket);
      await this.#visitors.permit(visitor, name, this.#steering);
      const user = await this.#visitors.nameOf(visitor);
      bringTerminal(this.#steering, path, name ?? '', request.socket, user);
    } catch (thrown) {
      const refusal = this.#refusalOf(thrown, method, url);
      status = refusal.status;
      socket.end(wholeRefusal(refusal));
    }
    await this.#record(request, status);
  }

  /** Logs who did what, or tried to. Who only looks, often every second, is not worth a line. */
  async #record({ method, url = '', socket }: IncomingMessage, status: number): Promise<void> {
    const refused = status === 403;
    if (method !== 'POST' || (status >= 400 && !refused)) return;
    const visitor = this.#visitors.of(socket);
    const user = await this.#visitors.nameOf(visitor);
    const message = `${refused ? 'refused' : 'taken'} from ${user} (pid ${visitor.pid}): ${method} ${printable(url)}`;
    // `pid` is the logger's own.
    this.#log.info({ user, uid: visitor.uid, clientPid: visitor.pid, method, url, status }, message);
  }

  /** No request of version 1 has a body but `{}`: whatever else is in one would be ignored silently. */
  async #expectEmptyBody(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Buffer)) throw new Error('a request body came as something else than octets');
      length += chunk.length;
      if (length > this.#limits.maxBodyBytes) {
        throw new Refusal(413, 'body-too-large', `a body may have ${this.#limits.maxBodyBytes} bytes`);
      }
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString().replace(/\s/g, '');
    if (body !== '' && body !== '{}') {
      throw new Refusal(400, 'bad-request', 'this request takes no body', 'Send none, or {}.');
    }
  }

  /** What the HTTP parser refused: garbage, headers without end, a request that takes for ever. */
  #refuseGarbage(error: Error, socket: Duplex): void {
    const refusal = refusalOfParser(codeOf(error));
    this.#log.debug({ error: error.message, status: refusal.status }, 'control request refused');
    // Behind a response that has begun, a second one would be read as part of it.
    if (!socket.writable || ('bytesWritten' in socket && socket.bytesWritten !== 0)) {
      socket.destroy(error);
      return;
    }
    socket.end(wholeRefusal(refusal));
  }

  #refusalOf(thrown: unknown, method: string, url: string): Refusal {
    if (thrown instanceof Refusal) {
      this.#log.debug({ method, url, status: thrown.status, reason: thrown.message }, 'control request refused');
      return thrown;
    }
    if (thrown instanceof OpError) {
      this.#log.warn({ method, url, error: thrown.message }, 'a control request failed');
      return failed(thrown);
    }
    this.#log.error({ method, url, error: messageOf(thrown) }, 'a control request failed');
    return new Refusal(500, 'internal', 'linkd made a mistake', 'Please report it with the log; linkd goes on.');
  }
}

function refusalOfParser(code: string | undefined): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(431, 'headers-too-large', 'the headers of the request are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(408, 'request-timeout', 'the request took too long');
    default:
      return new Refusal(400, 'bad-request', 'this is not an HTTP request', 'Speak HTTP/1.1, as curl does.');
  }
}

/** Answers with an error; a request that did not end takes its connection with it. */
function sendRefusal(response: ServerResponse, refusal: Refusal, complete: boolean): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = jsonLine(errorBody(refusal));
  const ending = complete ? {} : { connection: 'close' };
  response.writeHead(refusal.status, { ...jsonHeaders(text), ...refusal.headers, ...ending });
  response.end(text);
}

/** An answer with an error where HTTP's machinery has let go of the connection. */
function wholeRefusal(refusal: Refusal): string {
  const text = jsonLine(errorBody(refusal));
  const headers = Object.entries({ ...jsonHeaders(text), ...refusal.headers, connection: 'close' });
  const statusLine = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`;
  const head = [statusLine, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

function jsonHeaders(text: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
  };
}
