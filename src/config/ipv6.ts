/** The key `ipv6` of a link: whether it carries IPv6, and the interface identifiers of both ends. */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { formatHex } from '../base/bytes.js';
import type { Ipv6cpOptions } from '../ppp/options.js';
import { keyFacts, optional, section } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { show, withAllowed } from './text.js';
import { isOff, flag } from './values.js';

/** The last 64 bits of an address, the first ones being 0; as 16 hexadecimal digits. */
const interfaceId: Reader<string> = {
  allowed: 'the last 64 bits of an IPv6 address, such as ::1 or ::a00:20ff:fe12:3456',
  read(text) {
    if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return wrong('is no interface identifier');
    const octets = Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
    if (octets.subarray(0, 8).some((octet) => octet !== 0)) return wrong('has bits set before the last 64');
    const id = octets.subarray(8);
    return id.every((octet) => octet === 0) ? wrong('is 0, which is none') : right(formatHex(id, ''));
  },
};

export const ipv6Shape = {
  local: optional(interfaceId, 'one that is drawn by lot for each session', {
    about: 'Our interface identifier, and no other.',
    rfc: 'RFC 5072 §4.1',
  }),
  remote: optional(interfaceId, 'what the peer has', {
    about: "The peer's, and no other.",
    rfc: 'RFC 5072 §4.1',
  }),
};

const identifiers = section(ipv6Shape);
const allowed = 'on, off, or a section';

/** Undefined where it isn't written, false where the link shall carry no IPv6. */
export const ipv6 = z
  .unknown()
  .transform((input, ctx): Ipv6cpOptions | false => {
    if (isOff(input)) return false;
    if (typeof input === 'string' && !flag.read(input).ok) {
      ctx.addIssue({ code: 'custom', message: withAllowed(`${show(input)} is neither`, allowed) });
      return z.NEVER;
    }
    const result = identifiers.safeParse(typeof input === 'string' ? {} : input);
    if (result.success) return { local: result.data.local, remote: result.data.remote };
    for (const issue of result.error.issues) ctx.addIssue({ ...issue });
    return z.NEVER;
  })
  .optional()
  .register(keyFacts, {
    about: 'Carry IPv6, see “IPv6”.',
    allowed,
    default: 'off; on with an IPv6 address or network',
    rfc: 'RFC 5072',
  });

/** Whether a link carries IPv6: as it says, or else where it has an address or a network that needs it. */
export function wantsIp6(
  ipv6: Ipv6cpOptions | false | undefined,
  local6: string | undefined,
  networks: readonly ({ readonly prefix: { readonly address: unknown } } | undefined)[],
): boolean {
  if (ipv6 !== undefined) return ipv6 !== false;
  return local6 !== undefined || networks.some((network) => typeof network?.prefix.address === 'string');
}
