/**
 * A checksummed TCP transfer, as a program to be run inside a network namespace; `Lab.tcpTransfer` does that.
 *
 *   node tcp-transfer.js receive ADDRESS TIMEOUT_MS             prints its port, takes one connection, hashes what comes
 *   node tcp-transfer.js send ADDRESS PORT BYTES TIMEOUT_MS     sends that many random octets, prints a TransferResult
 *
 * The receiver answers with its hash when the sender has finished, so the time covers the last octet's arrival.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

const CHUNK = 64 * 1024;

const [role, address = '', ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);
const timeoutMs = numbers.at(-1) ?? 0;
setTimeout(() => {
  console.error(`${role ?? ''} took longer than ${timeoutMs} ms`);
  process.exit(1);
}, timeoutMs).unref();

if (role === 'receive') await receive();
else if (role === 'send') await send(numbers[0] ?? 0, numbers[1] ?? 0);
else throw new Error(`receive or send, not ${role ?? 'nothing'}`);

async function receive(): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, address);
  await once(server, 'listening');
  console.log(portOf(server.address()));
  const socket = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  server.close();
  const hash = createHash('sha256');
  for await (const chunk of socket.iterator({ destroyOnReturn: false }))
    if (chunk instanceof Buffer) hash.update(chunk);
  socket.end(hash.digest('hex'));
}

async function send(port: number, bytes: number): Promise<void> {
  const started = performance.now();
  const socket = connect({ host: address, port, allowHalfOpen: true });
  await once(socket, 'connect');
  const answer = text(socket);
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= CHUNK) {
    const chunk = randomBytes(Math.min(CHUNK, left));
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  const intact = (await answer) === hash.digest('hex');
  console.log(JSON.stringify({ bytes, seconds: (performance.now() - started) / 1000, intact }));
}

function portOf(bound: AddressInfo | string | null): number {
  if (typeof bound !== 'object' || bound === null) throw new Error('the receiver has no port');
  return bound.port;
}
