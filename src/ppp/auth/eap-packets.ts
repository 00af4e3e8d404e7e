/** EAP's numbers (RFC 3748 §4, §5), and the packets of MSCHAPv2 within it (draft-kamath-pppext-eap-mschapv2). */
import { concatBytes, getU16, putU16 } from '../../base/bytes.js';

export const EapCode = { request: 1, response: 2, success: 3, failure: 4 } as const;

export const EapType = { identity: 1, notification: 2, nak: 3, md5: 4, msChapV2: 26 } as const;

/** The OpCode of MSCHAPv2 within EAP. */
export const MsOp = { challenge: 1, response: 2, success: 3, failure: 4 } as const;

/** OpCode, Identifier, a length that counts from the OpCode on, and data. */
export interface MsPacket {
  readonly op: number;
  readonly id: number;
  readonly data: Uint8Array;
}

const headerLength = 4;

/** A mere OpCode is the answer to Success and Failure. Undefined when the length does not fit. */
export function parseMsPacket(bytes: Uint8Array): MsPacket | undefined {
  const [op, id = 0] = bytes;
  if (op === undefined) return undefined;
  if (bytes.length < headerLength) return { op, id: 0, data: new Uint8Array(0) };
  const length = getU16(bytes, 2);
  if (length < headerLength || length > bytes.length) return undefined;
  return { op, id, data: bytes.subarray(headerLength, length) };
}

export function buildMsPacket({ op, id, data }: MsPacket): Uint8Array {
  const header = Uint8Array.of(op, id, 0, 0);
  putU16(header, 2, headerLength + data.length);
  return concatBytes([header, data]);
}
