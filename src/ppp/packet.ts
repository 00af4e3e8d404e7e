/**
 * The packets that all control protocols share: Code, Identifier, Length, Data (RFC 1661 §5), and lists of Configuration
 * Options in them (§6). Decoders give views into the received octets: whoever keeps one, copies it.
 */
import { getU16, putU16 } from '../base/bytes.js';

/** Octets before Data. */
export const headerLength = 4;

export interface Packet {
  readonly code: number;
  readonly id: number;
  readonly data: Uint8Array;
}

/** Undefined when the Length field is wrong; octets beyond Length are padding and ignored. RFC 1661 §5 */
export function parsePacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < headerLength) return undefined;
  const length = getU16(bytes, 2);
  if (length < headerLength || length > bytes.length) return undefined;
  return { code: bytes[0]!, id: bytes[1]!, data: bytes.subarray(headerLength, length) };
}

/** Throws when `data` is too long for the Length field, or when code or id is no octet. */
export function buildPacket({ code, id, data }: Packet): Uint8Array {
  const length = headerLength + data.length;
  if (length > 0xffff || (code & 0xff) !== code || (id & 0xff) !== id) throw new Error('no such packet');
  const bytes = new Uint8Array(length);
  bytes[0] = code;
  bytes[1] = id;
  putU16(bytes, 2, length);
  bytes.set(data, headerLength);
  return bytes;
}

/** A Configuration Option as it is on the wire: Type, Length, Data. RFC 1661 §6 */
export interface RawOption {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Undefined when an option's Length is below 2 or reaches beyond the end: the whole packet is discarded. RFC 1661 §6 */
export function parseOptions(bytes: Uint8Array): RawOption[] | undefined {
  const options: RawOption[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) return undefined;
    options.push({ type: bytes[at]!, data: bytes.subarray(at + 2, at + length) });
    at += length;
  }
  return options;
}

export function buildOptions(options: readonly RawOption[]): Uint8Array {
  const bytes = new Uint8Array(options.reduce((length, option) => length + 2 + option.data.length, 0));
  let at = 0;
  for (const { type, data } of options) {
    if (data.length > 253) throw new Error(`option ${type} is too long`);
    bytes[at] = type;
    bytes[at + 1] = 2 + data.length;
    bytes.set(data, at + 2);
    at += 2 + data.length;
  }
  return bytes;
}
