/** Who has serial ports, as linkctl can see it: other programs, the kernel, and linkd's own links. */
import { realpath } from 'node:fs/promises';
import { UnreachableError, type ControlClient } from '../../control/client.js';
import { findHolders, type HeldPorts, type Holder } from '../../probe/holders.js';
import type { PortFacts } from '../../probe/port-facts.js';
import { systemRoots } from '../../probe/ports.js';

/** Where programs that use serial ports keep their lock files. */
export const lockDir = '/run/lock';

/** Looks for whoever has these ports (real paths); `ports` are all that there are. */
export async function whoHolds(
  paths: readonly string[],
  ports: readonly PortFacts[],
  client: ControlClient,
): Promise<HeldPorts> {
  const consoles = new Set(ports.filter(({ console }) => console).map(({ name }) => name));
  const { holders, hidden } = await findHolders([...new Set(paths)], consoles, systemRoots, lockDir);
  const links = await linkHolders(client);
  const both = paths.map((path) => [path, [...(links.get(path) ?? []), ...(holders.get(path) ?? [])]] as const);
  return { holders: new Map(both), hidden };
}

/** The ports that linkd's links have or may open at any moment, by their real paths. Where no linkd runs, there are none. */
async function linkHolders(client: ControlClient): Promise<ReadonlyMap<string, readonly Holder[]>> {
  const holders = new Map<string, Holder[]>();
  for (const { name, state, line, lines } of await linksOf(client)) {
    if (state === 'down') continue;
    for (const { name: device } of [line, ...lines].filter(({ kind }) => kind === 'serial')) {
      const path = await pathOf(device);
      const who = `linkd's link ${name} (${state})`;
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
