/** Whether one namespace reaches another over TCP and UDP, and as whom: listeners that tell callers their address. */
import { join } from 'node:path';
import type { Namespace } from './netns.js';
import type { Child } from './process.js';

/** What it takes to be sure that there is an answer, and to take the silence for none. */
const ANSWER_TIMEOUT_MS = 15_000;
const SILENCE_MS = 700;

const program = join(import.meta.dirname, 'probe-main.js');

/** The caller's address as the listener saw it; or why there was no answer: the system's code, or `timeout`. */
export type Knock = { readonly saw: string } | { readonly failure: string };

export type Transport = 'tcp' | 'udp';

/** Starts a listener, by default on every IPv4 address of the namespace; it ends with the lab. */
export async function listen(
  namespace: Namespace,
  protocol: Transport,
  port: number,
  address = '0.0.0.0',
): Promise<void> {
  const child = namespace.spawn(process.execPath, [program, 'listen', protocol, address, String(port)]);
  await child.printed(/^listening$/m, ANSWER_TIMEOUT_MS);
}

/** Waits long for an answer; with `silence`, only so long that its absence can be told. */
export async function knock(
  from: Namespace,
  protocol: Transport,
  address: string,
  port: number,
  expect: 'answer' | 'silence' = 'answer',
): Promise<Knock> {
  const timeoutMs = expect === 'answer' ? ANSWER_TIMEOUT_MS : SILENCE_MS;
  const args = [program, 'knock', protocol, address, String(port), String(timeoutMs)];
  const printed: unknown = JSON.parse(await from.must(process.execPath, args));
  if (typeof printed === 'object' && printed !== null) {
    if ('saw' in printed && typeof printed.saw === 'string') return { saw: printed.saw };
    if ('failure' in printed && typeof printed.failure === 'string') return { failure: printed.failure };
  }
  throw new Error(`not a knock: ${JSON.stringify(printed)}`);
}

/** A TCP connection to a listener, which echoes what the child is given; open until the child is stopped or the lab closed. */
export async function hold(from: Namespace, address: string, port: number): Promise<Child> {
  const child = from.spawn(process.execPath, [program, 'hold', address, String(port)]);
  await child.printed(/^[\d.:a-f]+$/m, ANSWER_TIMEOUT_MS);
  return child;
}

/** Sends a word over a connection that is held, and waits for its echo. */
export async function echo(connection: Child, word: string): Promise<void> {
  connection.write(`${word}\n`);
  await connection.printed(new RegExp(`^${word}$`, 'm'), ANSWER_TIMEOUT_MS);
}
