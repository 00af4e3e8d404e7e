/** npm run bench: makes the clone ready and runs the benchmarks; main.ts tells the arguments. */
import { launch } from '../launch.mjs';
import { tools } from '../setup.mjs';

launch('benchmark', tools.bench, 'bench/main.js');
