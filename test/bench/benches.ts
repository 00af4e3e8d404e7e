/** All benchmarks, in the order in which they run and stand in docs/performance.md. */
import type { Benchmark } from './benchmark.js';
import { control } from './control.js';
import { cost } from './cost.js';
import { bringUp } from './bring-up.js';
import { framing } from './framing.js';
import { guest } from './guest.js';
import { latency } from './latency.js';
import { line } from './line.js';
import { throughput } from './throughput.js';

export const benches: readonly Benchmark[] = [framing, throughput, guest, line, latency, bringUp, cost, control];
