/** Unix stream sockets, both ends. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { codeOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { HandedSocket } from './handed.js';
import type { LineSource } from './line.js';
import type { UnixListenOptions, UnixOptions } from './options.js';
import { ConnectingSource } from './socket-client.js';
import { ListeningSource } from './socket-listener.js';

export function unixClient({ path, speed }: UnixOptions, handed?: HandedSocket): LineSource {
  return new ConnectingSource({ path }, path, speed, { ...(handed && { handed }) });
}

export function unixListener({ path, speed }: UnixListenOptions, log: Logger, handed?: HandedSocket): LineSource {
  return new ListeningSource(
    {
      at: { path },
      name: path,
      speed,
      prepare: () => removeStaleSocket(path),
      describe: (caller) => (caller.destroyed ? undefined : path),
    },
    log,
    handed,
  );
}

/** A socket file outlives a listener that was killed, and would keep the next one out. A live one stays, and so fails us. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isSocket() && !(await isAnswered(path))) await unlink(path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED') resolve(false);
      else reject(error);
    });
  });
}
