/** All benchmarks, in the order in which they run and stand in docs/performance.md. */
import type { Benchmark } from './benchmark.js';

export const benches: readonly Benchmark[] = [];
