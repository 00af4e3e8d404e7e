/**
 * What an old linkd and the new one that takes its place say to each other, over the pipe that Node gives a child:
 *
 *     old: (starts the new one with the descriptors)   new: (loads the config) ready, or refused
 *     old: (lets go of the links) take                 new: (goes on with them) taken
 *     old: yours (and ends)
 *
 * The numbers of descriptors in `take` are the new process's.
 */
import { z } from 'zod';
import { handedLink } from '../../link/handed.js';

/** Set in the environment of the new process, and taken out by it. */
export const handOverVariable = 'LINKD_HANDOVER';

/** The first descriptor that is handed on: behind the standard ones and the pipe. */
export const firstDescriptor = 4;

export const toOld = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  /** It can't start, and ends. */
  z.strictObject({ type: z.literal('refused'), errors: z.array(z.string()) }),
  z.strictObject({ type: z.literal('taken') }),
]);
export type ToOld = z.infer<typeof toOld>;

export const toNew = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('take'), links: z.array(handedLink) }),
  z.strictObject({ type: z.literal('yours') }),
]);
export type ToNew = z.infer<typeof toNew>;
