/** The keys of `daemon`: the daemon's own settings. `daemon.ts` adds the environment and the arguments. */
import { defaulted, section } from './keys.js';
import { absolutePath, choice, socketGroup, socketMode, socketPath } from './values.js';

export const settingsShape = {
  control: defaulted(socketPath, '/run/linkd/control.sock', { about: 'The control socket, which linkctl speaks to.' }),
  'control-group': defaulted(socketGroup, 'own', {
    about:
      "The control socket's group, whose members may steer everything: a name, a number, or `own` for that of linkd's own process.",
  }),
  'control-mode': defaulted(socketMode, '0666', {
    about:
      "The control socket's permissions, as chmod writes them. With `0660`, those who may not steer can't look either.",
  }),
  'state-dir': defaulted(absolutePath, '/var/lib/linkd', { about: 'A directory for what has to survive a restart.' }),
  'log-level': defaulted(choice('debug', 'info', 'warn', 'error'), 'info', { about: 'The least that is logged.' }),
  'log-format': defaulted(choice('auto', 'json', 'pretty'), 'auto', {
    about: '`json`, or `pretty` for people; `auto` is pretty on a terminal.',
  }),
};

export const settings = section(settingsShape);
