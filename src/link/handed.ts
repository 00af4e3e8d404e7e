/**
 * What of a link one linkd hands to the next, when a new process takes the place of the old one. The TUN interface and the
 * open line go on as descriptors; addresses, routes and filters stay in the kernel, and nothing is said to the peer: the
 * new process negotiates anew on the line.
 */
import { z } from 'zod';
import { handedLine } from '../line/handed.js';
import type { AgreedNetwork } from '../ppp/outputs.js';
import type { LinkConfig } from '../config/types.js';
import type { LineOptions } from '../line/options.js';

const ip4 = z.number().int().min(0).max(0xffffffff);

const agreed = z
  .object({
    mtu: z.number().int().positive(),
    ip4: z.object({ local: ip4, remote: ip4, dns: z.array(ip4), wins: z.array(ip4) }).optional(),
    ip6: z.object({ local: z.string(), remote: z.string() }).optional(),
  })
  .transform(({ mtu, ip4: four, ip6: six }): AgreedNetwork => ({ mtu, ip4: four, ip6: six }));

export const handedLink = z.object({
  name: z.string(),
  interface: z.string(),
  /** False: taken down by command, or given up. */
  wanted: z.boolean(),
  /** The descriptor of the TUN. */
  tun: z.number().int().nonnegative().nullable(),
  /** In the order of the config. `key` is what the line is made of (`lineKey`): with another config it is of no use. */
  lines: z.array(z.object({ key: z.string(), line: handedLine.nullable() })),
  /** What PPP agreed on, and with it what is installed; null: nothing is. */
  agreed: agreed.nullable(),
  /** Added to the metric of the routes. */
  metricAdd: z.number().int().nonnegative(),
  /** What its peer has of a pool, and shall get again. */
  claim: z.object({ address: ip4, peer: z.string() }).optional(),
});
export type HandedLink = z.infer<typeof handedLink>;

/** The same with other numbers for its descriptors. */
export function withDescriptors(link: HandedLink, renumber: (fd: number) => number): HandedLink {
  const lines = link.lines.map(({ key, line }) => ({ key, line: line && { ...line, fd: renumber(line.fd) } }));
  return { ...link, tun: link.tun === null ? null : renumber(link.tun), lines };
}

/** The descriptors that a link would hand on now. */
export interface Grip {
  readonly link: string;
  readonly tun: number | undefined;
  /** In the order of the config. */
  readonly lines: readonly LineGrip[];
}

/** A line's descriptor, and how many were opened so far: a number may come back. */
export interface LineGrip {
  readonly fd: number | undefined;
  readonly opened: number;
}

/** How long the packets of a link that was up wait for its new session, in ms. */
export const holdMs = 5000;

/** Two lines with the same key are the same to whoever goes on with one. */
export function lineKey(options: LineOptions): string {
  // A program's arguments may hold a password, and its line is never handed on.
  return options.kind === 'exec' ? 'exec' : JSON.stringify(options);
}

/** All lines of a link, in the order of the config. */
export function linesOf({ line, moreLines }: LinkConfig): readonly LineOptions[] {
  return [line, ...moreLines];
}
