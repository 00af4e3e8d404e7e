/**
 * What an old linkd and the new one that takes its place say to each other, over the pipe that Node gives a child:
 *
 *     old: (starts the new one with the descriptors)   new: (loads the config) ready, or refused
 *     old: (lets go of the links) take                 new: (goes on with them) taken
 *     old: yours (and ends)
 *
 * The numbers of descriptors in `take` are the new process's.
 */
import { either, exactly, isText, list, oneOf } from '../../base/shape.js';
import { isHandedLink, type HandedLink } from '../../link/handed.js';

/** Set in the environment of the new process, and taken out by it. */
export const handOverVariable = 'LINKD_HANDOVER';

/** The first descriptor that is handed on: behind the standard ones and the pipe. */
export const firstDescriptor = 4;

export type ToOld =
  | { readonly type: 'ready' }
  /** It can't start, and ends. */
  | { readonly type: 'refused'; readonly errors: readonly string[] }
  | { readonly type: 'taken' };

export type ToNew = { readonly type: 'take'; readonly links: readonly HandedLink[] } | { readonly type: 'yours' };

export const isToOld = either<ToOld>(
  exactly({ type: oneOf('ready') }),
  exactly({ type: oneOf('refused'), errors: list(isText) }),
  exactly({ type: oneOf('taken') }),
);

export const isToNew = either<ToNew>(
  exactly({ type: oneOf('take'), links: list(isHandedLink) }),
  exactly({ type: oneOf('yours') }),
);
