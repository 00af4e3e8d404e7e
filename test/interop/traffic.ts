/**
 * A checksummed TCP transfer each way, by programs that stay: one start serves all cases.
 *
 *   node traffic.js serve ADDRESS PORT    for each connection: takes octets to their end, answers with as many and the digests
 *   node traffic.js call PORT             for each line `ID ADDRESS OCTETS TIMEOUT_MS` on its input: prints `ID RESULT`, the
 *                                         result being `intact` or what went wrong
 *
 * Half of what is sent is noise, half is text, so that a compressor meets both.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../../src/base/errors.js';

const MIXTURE_OCTETS = 1024;
const DIGEST_OCTETS = 32;

const [role, ...words] = process.argv.slice(2);
if (role === 'serve') serve(words[0] ?? '', Number(words[1]));
else if (role === 'call') await takeCalls(Number(words[0]));
else throw new Error(`serve or call, not ${role ?? 'nothing'}`);

function serve(address: string, port: number): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    answer(socket).catch((error: unknown) => {
      console.log(messageOf(error)); // the caller sees that its transfer fails
      socket.destroy();
    });
  });
  server.listen(port, address, () => {
    console.log('serving');
  });
}

async function answer(socket: Socket): Promise<void> {
  const received = await buffer(socket.iterator({ destroyOnReturn: false }));
  const sent = mixture(received.length);
  socket.end(Buffer.concat([digest(received), digest(sent), sent]));
}

async function takeCalls(port: number): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [id = '', address = '', octets, timeoutMs] = line.split(' ');
    const result = await call(address, port, Number(octets), Number(timeoutMs)).catch(messageOf);
    console.log(`${id} ${result}`);
  }
}

async function call(address: string, port: number, octets: number, timeoutMs: number): Promise<string> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  const timer = setTimeout(() => socket.destroy(new Error(`not within ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, 'connect');
    const sent = mixture(octets);
    socket.end(sent);
    const all = await buffer(socket);
    const back = all.subarray(2 * DIGEST_OCTETS);
    if (back.length !== octets) return `${back.length} of ${octets} octets came back`;
    if (!digest(sent).equals(all.subarray(0, DIGEST_OCTETS))) return 'damaged on the way there';
    return digest(back).equals(all.subarray(DIGEST_OCTETS, 2 * DIGEST_OCTETS)) ? 'intact' : 'damaged on the way back';
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function mixture(octets: number): Buffer {
  const parts = Array.from({ length: Math.ceil(octets / MIXTURE_OCTETS) }, (_, index) =>
    index % 2 === 0
      ? randomBytes(MIXTURE_OCTETS)
      : Buffer.alloc(MIXTURE_OCTETS, `${index} is what comes again and again. `),
  );
  return Buffer.concat(parts).subarray(0, octets);
}

function digest(octets: Buffer): Buffer {
  return createHash('sha256').update(octets).digest();
}
