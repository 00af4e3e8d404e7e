/** The serial ports that linkd's own links have, or may open at any moment. */
import { realpath } from 'node:fs/promises';
import { UnreachableError, type ControlClient } from '../../control/client.js';
import type { Holder } from '../../probe/holders.js';

/** By the real path of the port. Where no linkd runs, there are none. */
export async function linkHolders(client: ControlClient): Promise<ReadonlyMap<string, readonly Holder[]>> {
  const holders = new Map<string, Holder[]>();
  for (const { name, state, line, lines } of await linksOf(client)) {
    if (state === 'down') continue;
    for (const { kind, name: device } of [line, ...lines].filter((one) => one.kind === 'serial')) {
      const path = await pathOf(device);
      const who = `linkd's link ${name} (${kind}, ${state})`;
      const known = holders.get(path) ?? [];
      if (!known.some((holder) => holder.who === who)) holders.set(path, [...known, { who, how: 'link' }]);
    }
  }
  return holders;
}

async function linksOf(client: ControlClient): ReturnType<typeof statusOf> {
  try {
    return await statusOf(client);
  } catch (thrown) {
    if (thrown instanceof UnreachableError) return [];
    throw thrown;
  }
}

async function statusOf(client: ControlClient) {
  return (await client.status()).body.links;
}

async function pathOf(device: string): Promise<string> {
  try {
    return await realpath(device);
  } catch {
    // It isn't plugged in: then nobody asks for it either.
    return device;
  }
}
