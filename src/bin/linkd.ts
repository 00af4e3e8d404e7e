#!/usr/bin/env node
/** linkd, the program: it sets the engine (`native/engine.ts`) before anything is loaded, and lets the daemon in (`daemon.ts`). */
import { startEngine } from '../native/engine.js';

startEngine();

await import('./daemon.js');
