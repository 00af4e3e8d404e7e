/** The end of `linkctl setup`: linkd takes the link over, and it is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../../base/clock.js';
import { UnreachableError, type ControlClient } from '../../control/client.js';
import type { LinkBody } from '../../control/protocol.js';
import { findUser } from '../../hooks/users.js';
import type { Context } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { renderLink } from './render-link.js';
import { ownerOf } from './setup-files.js';

const pollMs: Millis = 200;

/** Whom its packages start linkd as. */
const usualUser = 'linkd';

/** The user that linkd runs as, or will where it doesn't run; undefined where that isn't known. */
export async function daemonOwner(client: ControlClient): Promise<number | undefined> {
  try {
    return await ownerOf((await client.status()).body.daemon.pid);
  } catch (thrown) {
    if (!(thrown instanceof UnreachableError)) throw thrown;
    return process.geteuid?.() === 0 ? (await findUser(usualUser))?.uid : undefined;
  }
}

/** Makes linkd read its config anew, and shows how the link stands as soon as it is up, or the time is over. */
export async function startLink(
  { client, output }: Context,
  name: string,
  timeoutMs: Millis,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { body } = await client().reload();
  output.writeError([...body.warnings, ...body.errors].map((text) => `${text.trimEnd()}\n`).join(''));
  if (!body.ok) {
    output.complain('linkd does not take the config: it goes on with the one it has.');
    return exitCodes.badConfig;
  }
  const last = await untilUp(client(), name, timeoutMs, signal);
  const view = { paint: output.paint, width: output.terminal?.columns, now: new Date(last.time) };
  output.write(`${renderLink(last.link, view, false)}\n`);
  if (last.link.state === 'up') return exitCodes.ok;
  output.complain(
    `${name} is not up after ${timeoutMs / 1000} s; linkd goes on trying. linkctl log ${name} tells more.`,
  );
  return exitCodes.notUp;
}

async function untilUp(client: ControlClient, name: string, timeoutMs: Millis, signal: AbortSignal): Promise<LinkBody> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const { body } = await client.link(name);
    if (body.link.state === 'up' || performance.now() >= end) return body;
    await sleep(pollMs);
    signal.throwIfAborted();
  }
}
