/** The texts of MS-CHAP's Success and Failure. RFC 2433 §8, RFC 2759 §5 and §6 */
import { formatHex } from '../../base/bytes.js';
import { printable } from '../printable.js';
import { encodeText } from '../../base/text.js';

/** The error codes, in words. RFC 2759 §6 */
const errors: ReadonlyMap<number, string> = new Map([
  [646, 'the account may not log on at this hour'],
  [647, 'the account is disabled'],
  [648, 'the password has expired; change it at the peer or its domain, linkd cannot'],
  [649, 'the account may not dial in'],
  [691, 'name or password is wrong'],
  [709, 'the password could not be changed'],
]);

const authenticationFailure = 691;

/** Name or password is wrong, and no retry: whoever tries again begins anew. */
export function msRefusal(challenge: Uint8Array, version: 2 | 3): Uint8Array {
  const message = version === 3 ? ' M=Access denied' : '';
  const digits = formatHex(challenge, '').toUpperCase();
  return encodeText(`E=${authenticationFailure} R=0 C=${digits} V=${version}${message}`);
}

/** What a Failure says, fit for a log: `E=691: name or password is wrong ("Access denied")`. */
export function explainMsFailure(message: Uint8Array): string | undefined {
  const text = printable(message);
  const [, code] = /^E=(\d{1,10})(?: |$)/.exec(text) ?? [];
  if (code === undefined) return text === '' ? undefined : `"${text}"`;
  const [, words = ''] = / M=(.*)$/.exec(text) ?? [];
  const meaning = errors.get(Number(code)) ?? 'for a reason that linkd does not know';
  return `E=${Number(code)}: ${meaning}${words === '' ? '' : ` ("${words}")`}`;
}
