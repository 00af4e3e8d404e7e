/** What the subnegotiations of COM-PORT-OPTION hold: a command, and its value or text. RFC 2217 §2 to §5 */
import { getU32, putU32 } from '../../base/bytes.js';
import { decodeText, encodeText } from '../../base/text.js';
import { ComPortCommand, serverOffset } from './numbers.js';

/** What a server says. */
export type ComPortMessage =
  | { readonly type: 'signature'; readonly text: string }
  /** The value that holds now; `command` is that of the client. */
  | { readonly type: 'answer'; readonly command: number; readonly value: number }
  | { readonly type: 'line-state' | 'modem-state'; readonly state: number }
  | { readonly type: 'flow-control'; readonly suspended: boolean };

/** Undefined when it is no command of a server, or too short. */
export function decodeComPort(content: Uint8Array): ComPortMessage | undefined {
  const [first, value] = content;
  if (first === undefined || first < serverOffset) return undefined;
  const command = first - serverOffset;
  switch (command) {
    case ComPortCommand.signature:
      return { type: 'signature', text: decodeText(content.subarray(1)) };
    case ComPortCommand.flowControlSuspend:
    case ComPortCommand.flowControlResume:
      return { type: 'flow-control', suspended: command === ComPortCommand.flowControlSuspend };
    case ComPortCommand.setBaudRate:
      if (content.length < 5) return undefined;
      return { type: 'answer', command, value: getU32(content, 1) };
    default:
  }
  if (value === undefined) return undefined;
  switch (command) {
    case ComPortCommand.notifyLineState:
      return { type: 'line-state', state: value };
    case ComPortCommand.notifyModemState:
      return { type: 'modem-state', state: value };
    case ComPortCommand.setDataSize:
    case ComPortCommand.setParity:
    case ComPortCommand.setStopSize:
    case ComPortCommand.setControl:
    case ComPortCommand.setLineStateMask:
    case ComPortCommand.setModemStateMask:
    case ComPortCommand.purgeData:
      return { type: 'answer', command, value };
    default:
      return undefined;
  }
}

/** Baud, as a number of four octets. */
export function encodeBaudRate(baud: number): Uint8Array {
  const content = new Uint8Array(5);
  content[0] = ComPortCommand.setBaudRate;
  putU32(content, 1, baud);
  return content;
}

export function encodeValue(command: number, value: number): Uint8Array {
  return Uint8Array.of(command, value);
}

export function encodeSignature(text: string): Uint8Array {
  return Uint8Array.of(ComPortCommand.signature, ...encodeText(text));
}
