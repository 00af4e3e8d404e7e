/** npm run demo: makes the clone ready and runs the demo. */
import { launch } from '../launch.mjs';
import { tools } from '../setup.mjs';

launch('demo', tools.demo, 'demo/demo.js');
