/**
 * What of a link one linkd hands to the next, when a new process takes the place of the old one. The TUN interface and the
 * open line go on as descriptors; addresses, routes and filters stay in the kernel, and nothing is said to the peer: the
 * new process negotiates anew on the line.
 */
import type { Ip4 } from '../base/ip.js';
import { isBoolean, isText, list, nullable, object, optional, whole } from '../base/shape.js';
import { isHandedLine, type HandedLine } from '../line/handed.js';
import type { AgreedNetwork } from '../ppp/outputs.js';
import type { LinkConfig } from '../config/types.js';
import type { LineOptions } from '../line/options.js';

export interface HandedLink {
  readonly name: string;
  readonly interface: string;
  /** False: taken down by command, or given up. */
  readonly wanted: boolean;
  /** The descriptor of the TUN. */
  readonly tun: number | null;
  /** In the order of the config. `key` is what the line is made of (`lineKey`): with another config it is of no use. */
  readonly lines: readonly { readonly key: string; readonly line: HandedLine | null }[];
  /** What PPP agreed on, and with it what is installed; null: nothing is. */
  readonly agreed: AgreedNetwork | null;
  /** Added to the metric of the routes. */
  readonly metricAdd: number;
  /** What its peer has of a pool, and shall get again. */
  readonly claim?: { readonly address: Ip4; readonly peer: string } | undefined;
}

const ip4 = whole(0, 0xffffffff);

const isAgreed = object<AgreedNetwork>({
  mtu: whole(1),
  ip4: optional(object({ local: ip4, remote: ip4, dns: list(ip4), wins: list(ip4) })),
  ip6: optional(object({ local: isText, remote: isText })),
});

export const isHandedLink = object<HandedLink>({
  name: isText,
  interface: isText,
  wanted: isBoolean,
  tun: nullable(whole(0)),
  lines: list(object({ key: isText, line: nullable(isHandedLine) })),
  agreed: nullable(isAgreed),
  metricAdd: whole(0),
  claim: optional(object({ address: ip4, peer: isText })),
});

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
