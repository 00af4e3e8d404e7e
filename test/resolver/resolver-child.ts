/** A Resolver in a machine of the test's own: `take STATE-DIR LINK INTERFACE SERVER…`, `release STATE-DIR LINK` or `sweep STATE-DIR`. */
import { parseIp4 } from '../../src/base/ip.js';
import { Resolver } from '../../src/resolver/resolver.js';

const [, , call = '', stateDir = '', link = '', name = '', ...servers] = process.argv;
const say = (_: unknown, message: string): void => {
  console.error(message);
};
const resolver = new Resolver({ stateDir, log: { debug: () => undefined, info: say, warn: say, error: say } });

switch (call) {
  case 'take':
    console.log(
      await resolver.take(
        link,
        name,
        servers.map((server) => parseIp4(server) ?? server),
      ),
    );
    break;
  case 'release':
    await resolver.release(link);
    break;
  case 'sweep':
    await resolver.sweep();
    break;
  default:
    throw new Error(`not a call: ${call}`);
}
