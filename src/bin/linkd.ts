#!/usr/bin/env node
/** linkd, the program: it sets the engine for a process that does little for long, and lets the daemon in (`daemon.ts`). */
import { setFlagsFromString } from 'node:v8';

// The engine lets its nursery grow to tens of megabytes while modules are loaded, and an idle process never gives them back.
// linkd makes little garbage: a nursery of its first size is enough for all threads.
setFlagsFromString('--semi-space-growth-factor=1');

await import('./daemon.js');
