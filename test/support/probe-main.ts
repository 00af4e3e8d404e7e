/**
 * Talks over TCP and UDP inside a network namespace, as a program of its own; `probe.ts` starts it.
 *
 *   node probe-main.js listen tcp|udp ADDRESS PORT               prints `listening`; tells every caller the caller's address,
 *                                                                and over TCP echoes what comes then
 *   node probe-main.js knock tcp|udp ADDRESS PORT TIMEOUT_MS     prints a Knock: what it was told, or why nothing
 *   node probe-main.js hold ADDRESS PORT                         over TCP, sends its input and prints what comes
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { codeOf } from '../../src/base/errors.js';
import type { Knock } from './probe.js';

const [role, ...words] = process.argv.slice(2);
const listening = (): void => {
  console.log('listening');
};

if (role === 'listen') listen(words[0] === 'udp' ? 'udp' : 'tcp', words[1] ?? '', Number(words[2]));
else if (role === 'knock')
  knock(words[0] === 'udp' ? 'udp' : 'tcp', words[1] ?? '', Number(words[2]), Number(words[3]));
else if (role === 'hold') hold(words[0] ?? '', Number(words[1]));
else throw new Error(`listen, knock or hold, not ${role ?? 'nothing'}`);

function listen(protocol: 'tcp' | 'udp', address: string, port: number): void {
  if (protocol === 'tcp') {
    const server = createServer((socket) => {
      // Whoever calls may be gone again.
      socket.on('error', () => undefined);
      socket.write(`${socket.remoteAddress ?? ''}\n`);
      socket.pipe(socket);
    });
    server.listen(port, address, listening);
    return;
  }
  const socket = udpSocket(address);
  socket.on('message', (_, from) => {
    socket.send(from.address, from.port, from.address);
  });
  socket.bind(port, address, listening);
}

function knock(protocol: 'tcp' | 'udp', address: string, port: number, timeoutMs: number): void {
  const end = (result: Knock): void => {
    console.log(JSON.stringify(result));
    process.exit(0);
  };
  setTimeout(end, timeoutMs, { failure: 'timeout' });
  const failed = (error: Error): void => {
    end({ failure: codeOf(error) ?? error.message });
  };
  const answered = (answer: Buffer): void => {
    end({ saw: answer.toString().trim() });
  };
  if (protocol === 'tcp') {
    const socket: Socket = connect(port, address);
    socket.on('error', failed).on('data', answered);
    return;
  }
  const socket = udpSocket(address);
  socket.on('error', failed).on('message', answered);
  socket.connect(port, address, () => {
    socket.send('knock');
  });
}

function udpSocket(address: string): UdpSocket {
  return createSocket(isIPv6(address) ? 'udp6' : 'udp4');
}

function hold(address: string, port: number): void {
  const socket = connect(port, address);
  socket.pipe(process.stdout);
  process.stdin.pipe(socket);
}
