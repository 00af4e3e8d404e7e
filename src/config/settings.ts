/** The keys of `daemon`: the daemon's own settings. `daemon.ts` adds the environment and the arguments. */
import { defaulted, section } from './keys.js';
import { absolutePath, choice, socketPath } from './values.js';

export const settingsShape = {
  control: defaulted(socketPath, '/run/linkd/control.sock', { about: 'The control socket, which linkctl speaks to.' }),
  'state-dir': defaulted(absolutePath, '/var/lib/linkd', { about: 'A directory for what has to survive a restart.' }),
  'log-level': defaulted(choice('debug', 'info', 'warn', 'error'), 'info', { about: 'The least that is logged.' }),
  'log-format': defaulted(choice('auto', 'json', 'pretty'), 'auto', {
    about: '`json`, or `pretty` for people; `auto` is pretty on a terminal.',
  }),
};

export const settings = section(settingsShape);
