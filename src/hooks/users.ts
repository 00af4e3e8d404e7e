/** The users of this machine, and how a program is started as one of them. */
import { userInfo } from 'node:os';
import { ask } from './command.js';
import type { User } from './environment.js';

/** The user that linkd runs as. */
export function ownUser(): User {
  try {
    const { username, uid, gid, homedir } = userInfo();
    return { name: username, uid, gid, home: homedir };
  } catch {
    // A uid without an entry, as in some containers.
    const uid = process.geteuid?.() ?? 0;
    return { name: String(uid), uid, gid: process.getegid?.() ?? 0, home: '/' };
  }
}

/** A user by name (or number), from wherever the system has its users; undefined when there is none. */
export async function findUser(name: string): Promise<User | undefined> {
  const { stdout } = await ask(['getent', 'passwd', '--', name]);
  const [user, , uid = '', gid = '', , home = ''] = stdout.trimEnd().split(':');
  if (user === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return { name: user, uid: Number(uid), gid: Number(gid), home: home === '' ? '/' : home };
}

/**
 * What to put before a command so that it runs as that user, with all the groups and none of linkd's capabilities;
 * setpriv(1) replaces itself by the command, or fails.
 */
export function asUser({ uid, gid }: User): readonly [string, ...string[]] {
  const identity = ['--reuid', String(uid), '--regid', String(gid), '--init-groups'];
  return ['setpriv', ...identity, '--inh-caps=-all', '--ambient-caps=-all', '--'];
}

/** Why linkd can't start this file as that user; undefined when it can. */
export async function objectionAsUser(file: string, user: User): Promise<string | undefined> {
  const { code, complaint } = await ask([...asUser(user), 'test', '-x', file]);
  if (code === 0) return undefined;
  if (code === 1 && complaint === '') return `${file} is not executable for the user ${user.name}`;
  return `linkd (${ownUser().name}) cannot become the user ${user.name}, which takes root or CAP_SETUID and CAP_SETGID: ${complaint}`;
}
