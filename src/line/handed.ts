/**
 * What of a line one linkd hands to the next, when a new process takes the place of the old one: descriptors, which the new
 * process inherits, and what belongs to them. Nobody closes them meanwhile, so the far end notices nothing.
 */
import { either, exactly, isNumber, isText, list, oneOf, optional, whole } from '../base/shape.js';
import type { Caller } from './line.js';

/** There is a call on the line, and PPP speaks. */
export interface HandedCall {
  /** `Line.caller` */
  readonly caller?: Caller | undefined;
}

/** A connection, whoever made it. */
export interface HandedSocket {
  readonly kind: 'socket';
  readonly fd: number;
  readonly name: string;
  readonly call?: HandedCall | undefined;
}

/** The master of a pair whose slave is at that path, published as `link`; whoever has the slave open keeps it. */
export interface HandedPty {
  readonly kind: 'pty';
  readonly fd: number;
  readonly path: string;
  readonly link: string;
  readonly call?: HandedCall | undefined;
}

/** An open serial port with its flock and TIOCEXCL, its device node, and the process that its lock file names. */
export interface HandedSerial {
  readonly kind: 'serial';
  readonly fd: number;
  readonly device: { readonly path: string; readonly inode: number; readonly number: number };
  readonly holder: number;
  readonly call?: HandedCall | undefined;
}

export type HandedLine = HandedSocket | HandedPty | HandedSerial;

const fd = whole(0);

const call = optional(
  exactly<HandedCall>({
    caller: optional(
      exactly<Caller>({
        name: isText,
        allowed: optional(
          list(
            exactly({
              kind: oneOf('allow', 'deny'),
              prefix: exactly({ address: whole(0, 0xffffffff), length: whole(0, 32) }),
            }),
          ),
        ),
      }),
    ),
  }),
);

export const isHandedLine = either<HandedLine>(
  exactly<HandedSocket>({ kind: oneOf('socket'), fd, name: isText, call }),
  exactly<HandedPty>({ kind: oneOf('pty'), fd, path: isText, link: isText, call }),
  exactly<HandedSerial>({
    kind: oneOf('serial'),
    fd,
    device: exactly({ path: isText, inode: isNumber, number: isNumber }),
    holder: whole(1),
    call,
  }),
);
