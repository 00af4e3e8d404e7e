/** Measures what code allocates on the JavaScript heap, for the hot paths that must allocate nothing per packet. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { Script, createContext } from 'node:vm';

/**
 * So few octets per run count as nothing: a time that is no small integer may be boxed on its way between functions. The
 * smallest object that holds something, a view of an array, or a closure, is larger over the packets of one run.
 */
export const ALLOCATES_NOTHING = 50;

/** Few enough that no collection falls into the measurement. */
const RUNS = 500;
const BATCHES = 200;

/** Octets in use on the heap and beside it (buffers), once what is no longer needed has been collected. */
export function heapInUse(): number {
  collector()();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Octets that one run allocates in steady state: the least of many batches, because code that isn't optimised yet allocates. */
export function octetsPerRun(run: () => void, batches = BATCHES): number {
  const collect = collector();
  let least = Infinity;
  for (let batch = 0; batch < batches && least >= ALLOCATES_NOTHING; batch++) {
    collect();
    const before = getHeapStatistics().used_heap_size;
    for (let i = 0; i < RUNS; i++) run();
    const octets = (getHeapStatistics().used_heap_size - before) / RUNS;
    if (octets >= 0) least = Math.min(least, octets);
  }
  return least;
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = new Script('gc()');
  const context = createContext(); // the flag holds for contexts made from now on
  return () => {
    collect.runInContext(context);
  };
}
