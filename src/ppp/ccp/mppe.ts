/** MPPE as an option of CCP: one length of key, stateless or not. RFC 3078 §2 */
import { CcpOption } from '../numbers.js';
import type { Codec, OptionDescriptor } from '../option.js';
import type { MppePolicy } from '../options.js';
import type { MppeKeys } from '../auth/mppe-keys.js';

/** The keys that authentication has given; undefined where there are none. */
export type StartKeys = () => MppeKeys | undefined;

export type MppeBits = 40 | 56 | 128;

/** What both ends come to. */
export interface MppeAgreement {
  readonly bits: MppeBits;
  readonly stateless: boolean;
}

/** What is on the wire: a request may hold several lengths, of which the other end chooses. RFC 3078 §2.1 */
export interface MppeOffer {
  readonly bits: readonly MppeBits[];
  readonly stateless: boolean;
  /** Bits that are none of MPPE's: MPPC's, the obsolete one, and reserved ones. */
  readonly others: number;
}

/** Strongest first. */
const strengths = [
  [128, 0x40],
  [56, 0x80],
  [40, 0x20],
] as const;
const statelessBit = 0x0100_0000;

const codec: Codec<MppeOffer> = {
  decode: (data) => {
    if (data.length !== 4) return undefined;
    const word = new DataView(data.buffer, data.byteOffset).getUint32(0);
    const bits = strengths.filter(([, bit]) => (word & bit) !== 0).map(([length]) => length);
    const known = strengths.reduce((sum, [, bit]) => sum | bit, statelessBit);
    return { bits, stateless: (word & statelessBit) !== 0, others: (word & ~known) >>> 0 };
  },
  encode: ({ bits, stateless }) => {
    const data = new Uint8Array(4);
    let word = stateless ? statelessBit : 0;
    for (const [length, bit] of strengths) if (bits.includes(length)) word |= bit;
    new DataView(data.buffer).setUint32(0, word);
    return data;
  },
};

/**
 * We ask for all lengths that the config allows, and take the one that the peer chooses; of the peer's request we choose the
 * strongest. Without keys there is no MPPE: they come from MS-CHAP only.
 */
export function mppe({ bits, stateless, required }: MppePolicy, keys: StartKeys): OptionDescriptor<MppeOffer> {
  const choice = (among: readonly MppeBits[]): MppeBits | undefined =>
    strengths.map(([length]) => length).find((length) => bits.includes(length) && among.includes(length));
  const suggestion = (offered: readonly MppeBits[], mode: boolean): MppeOffer | undefined => {
    const chosen = choice(offered) ?? choice(bits);
    return keys() && chosen && { bits: [chosen], stateless: stateless || mode, others: 0 };
  };
  return {
    type: CcpOption.mppe,
    name: 'MPPE',
    codec,
    format: describe,
    wanted: () => keys() && { bits, stateless, others: 0 },
    judge: (asked) => {
      const value = suggestion(asked.bits, asked.stateless);
      if (value === undefined) return { kind: 'reject' };
      const agreed = sameOffer(asked, value);
      return agreed ? { kind: 'ack' } : { kind: 'nak', value, failure: 'encryption-refused' };
    },
    suggestion: () => suggestion(bits, stateless),
    onNak: (hint, asked) => {
      const chosen = choice(hint.bits);
      const acceptable = asked !== undefined && chosen !== undefined && (hint.stateless || !stateless);
      return { ask: acceptable ? { bits: [chosen], stateless: hint.stateless, others: 0 } : undefined };
    },
    prompt: required,
    neverReject: required,
  };
}

/** What an offer comes to once it is acknowledged: of several lengths, the strongest. */
export function agreementOf({ bits, stateless }: MppeOffer): MppeAgreement | undefined {
  const [strongest] = bits;
  return strongest && { bits: strongest, stateless };
}

function sameOffer(a: MppeOffer, b: MppeOffer): boolean {
  return a.bits.join() === b.bits.join() && a.stateless === b.stateless && a.others === b.others;
}

function describe({ bits, stateless, others }: MppeOffer): string {
  const lengths = bits.length === 0 ? 'no' : bits.join(' or ');
  const rest = others === 0 ? '' : ` and 0x${others.toString(16).padStart(8, '0')}`;
  return `with ${lengths} bits, ${stateless ? 'stateless' : 'stateful'}${rest}`;
}
