/** The keys of `compression`: how packets are made smaller or secret, by CCP. */
import { z } from 'zod';
import type { LineOptions } from '../line/options.js';
import type { CcpOptions, CompressorKind } from '../ppp/options.js';
import { defaulted, filledList, keyFacts, list, section, value } from './keys.js';
import { choice, flag, isOff } from './values.js';

const kinds = choice('deflate', 'bsd', 'predictor1');
const kindsAllowed = `a list of ${kinds.allowed}, or off`;
const kindList = z.preprocess((input) => (isOff(input) ? [] : input), list(value(kinds), kindsAllowed).optional());
/** As pppd has it: the better first. BSD-Compress is only read: see `send` below. */
const usual: Readonly<Record<'send' | 'receive', readonly CompressorKind[]>> = {
  send: ['deflate'],
  receive: ['deflate', 'bsd'],
};

const keyLength = choice('40', '56', '128');
const lengths: Readonly<Record<'40' | '56' | '128', 40 | 56 | 128>> = { '40': 40, '56': 56, '128': 128 };

export const compressionShape = {
  send: kindList.optional().register(keyFacts, {
    about:
      'What we may compress with, when the peer asks for it. A Linux of 64 bits asks for bsd and can not expand it: its pppd loses what comes, and turns compression off.',
    allowed: kindsAllowed,
    default: 'deflate on a serial line, nothing on any other',
    rfc: 'RFC 1962 §4',
  }),
  receive: kindList.optional().register(keyFacts, {
    about: 'What we ask the peer to compress with, best first.',
    allowed: kindsAllowed,
    default: 'as `send`; where neither is given, deflate and bsd on a serial line',
    rfc: 'RFC 1962 §4',
  }),
  mppe: defaulted(choice('off', 'optional', 'required'), 'off', {
    about:
      'Encryption by RC4, which keeps out curious people and no others. Its keys come from MS-CHAP or MS-CHAPv2; with `required` a link that can not be encrypted ends, and nothing is compressed.',
    rfc: 'RFC 3078',
  }),
  'mppe-bits': filledList(value(keyLength), `a list of ${keyLength.allowed}`)
    .prefault('128')
    .register(keyFacts, {
      about: 'The lengths of key that will do; the longest that both ends allow is taken.',
      allowed: `a list of ${keyLength.allowed}`,
      default: '128',
      rfc: 'RFC 3078 §2',
    }),
  'mppe-stateless': defaulted(flag, 'true', {
    about: 'Change the key with every packet, and take nothing else: a lost packet then costs no other.',
    rfc: 'RFC 3078 §7.1',
  }),
};

const compressionSection = section(compressionShape);

/** `off` is short for no method at all, and a list for the methods of both directions. */
export const compression = z
  .preprocess((input) => {
    if (isOff(input)) return { send: [], receive: [] };
    return typeof input === 'string' || Array.isArray(input) ? { send: input, receive: input } : input;
  }, compressionSection)
  .prefault({})
  .register(keyFacts, {
    about: 'How packets are made smaller, or secret.',
    allowed: 'a section, a list of methods, or off',
  });

/**
 * Undefined: CCP is not spoken. A serial line is slow enough that a packet is compressed in less time than it saves; on a
 * line that is as fast as this machine, compression would only take its processor.
 */
export function ccpOptions(
  { send, receive, mppe, 'mppe-bits': bits, 'mppe-stateless': stateless }: z.output<typeof compressionSection>,
  line: LineOptions,
): CcpOptions | undefined {
  const isSerial = line.kind === 'serial' || line.kind === 'rfc2217';
  const byDefault = isSerial ? usual : { send: [], receive: [] };
  const options: CcpOptions = {
    send: send ?? byDefault.send,
    receive: receive ?? send ?? byDefault.receive,
    mppe:
      mppe === 'off'
        ? undefined
        : { required: mppe === 'required', bits: bits.map((text) => lengths[text]), stateless },
  };
  return options.send.length + options.receive.length === 0 && mppe === 'off' ? undefined : options;
}
