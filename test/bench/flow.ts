/**
 * Bulk TCP as a program, the same for network namespaces and for pppd's guests:
 *
 *   node flow.js sink ADDRESS PORT SECONDS                       prints `begun` when its first connection comes, and so long
 *                                                                after that what came: for each connection a list of
 *                                                                [ms, octets until then]
 *   node flow.js send ADDRESS PORT SECONDS CONNECTIONS CONTENT   sends on so many connections, until the sink has enough, for so
 *                                                                long at most; CONTENT is noise or text
 *
 * The sender waits for the sink to listen. What either still holds when the sink has enough is not worth the line.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../src/base/errors.js';
import { root } from '../support/root.js';

const CHUNK_OCTETS = 16 * 1024;
/** How long the sender waits for the sink, and the sink for the sender. */
const MEET_MS = 30_000;
const RETRY_MS = 100;

const [role, address = '', port, seconds, connections, content] = process.argv.slice(2);
const milliseconds = Number(seconds) * 1000;
if (role === 'sink') sink();
else if (role === 'send')
  await sendAll(Number(connections), content === 'text' ? proseOf(join(root, 'docs')) : randomBytes);
else throw new Error(`sink or send, not ${role ?? 'nothing'}`);

function sink(): void {
  const arrivals: [ms: number, octets: number][][] = [];
  let began = 0;
  const server = createServer((socket) => {
    if (arrivals.length === 0) {
      began = performance.now();
      console.log('begun');
      setTimeout(() => {
        console.log(JSON.stringify(arrivals));
        process.exit(0);
      }, milliseconds);
    }
    const mine: [number, number][] = [];
    arrivals.push(mine);
    let octets = 0;
    socket.on('data', (chunk) => {
      octets += chunk.length;
      mine.push([Math.round(performance.now() - began), octets]);
    });
  });
  server.listen(Number(port), address);
  setTimeout(() => {
    if (arrivals.length === 0) throw new Error('nobody came');
  }, MEET_MS);
}

async function sendAll(count: number, make: (octets: number) => Buffer): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => meet()));
  const until = performance.now() + milliseconds;
  for (const socket of sockets) {
    const fill = (): void => {
      while (performance.now() < until && socket.write(make(CHUNK_OCTETS)));
    };
    socket.on('drain', fill);
    // The sink has enough.
    socket.on('error', () => socket.destroy());
    fill();
  }
  await Promise.race([sleep(milliseconds), Promise.all(sockets.map(closed))]);
  process.exit(0);
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('close', resolve);
  });
}

async function meet(): Promise<Socket> {
  const deadline = performance.now() + MEET_MS;
  for (;;) {
    const socket = connect(Number(port), address);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (codeOf(error) !== 'ECONNREFUSED' || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** Prose and tables: this project's own documentation, over and over, which is more than any window of a compressor. */
function proseOf(folder: string): (octets: number) => Buffer {
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
  const prose = Buffer.concat(names.sort().map((name) => readFileSync(join(folder, name))));
  let at = 0;
  return (octets) => {
    if (at + octets > prose.length) at = 0;
    at += octets;
    return prose.subarray(at - octets, at);
  };
}
