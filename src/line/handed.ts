/**
 * What of a line one linkd hands to the next, when a new process takes the place of the old one: descriptors, which the new
 * process inherits, and what belongs to them. Nobody closes them meanwhile, so the far end notices nothing.
 */
import { z } from 'zod';
import type { Caller } from './line.js';

const fd = z.number().int().nonnegative();

/** `Line.caller` */
const caller = z
  .strictObject({
    name: z.string(),
    allowed: z
      .array(
        z.strictObject({
          kind: z.enum(['allow', 'deny']),
          prefix: z.strictObject({
            address: z.number().int().min(0).max(0xffffffff),
            length: z.number().int().min(0).max(32),
          }),
        }),
      )
      .optional(),
  })
  .transform(({ name, allowed }): Caller => ({ name, allowed }));

/** There is a call on the line, and PPP speaks. */
const call = z.strictObject({ caller: caller.optional() }).optional();

export const handedLine = z.discriminatedUnion('kind', [
  /** A connection, whoever made it. */
  z.strictObject({ kind: z.literal('socket'), fd, name: z.string(), call }),
  /** The master of a pair whose slave is at that path, published as `link`; whoever has the slave open keeps it. */
  z.strictObject({ kind: z.literal('pty'), fd, path: z.string(), link: z.string(), call }),
  /** An open serial port with its flock and TIOCEXCL, its device node, and the process that its lock file names. */
  z.strictObject({
    kind: z.literal('serial'),
    fd,
    device: z.strictObject({ path: z.string(), inode: z.number(), number: z.number() }),
    holder: z.number().int().positive(),
    call,
  }),
]);
export type HandedLine = z.infer<typeof handedLine>;
export type HandedSocket = Extract<HandedLine, { kind: 'socket' }>;
export type HandedPty = Extract<HandedLine, { kind: 'pty' }>;
export type HandedSerial = Extract<HandedLine, { kind: 'serial' }>;
