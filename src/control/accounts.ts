/** Users and groups by number and by name, from wherever the system has them. */
import type { Millis } from '../base/clock.js';
import { OpError } from '../base/errors.js';
import { ask } from '../hooks/command.js';
import { findUser } from '../hooks/users.js';

export interface Group {
  readonly gid: number;
  readonly name: string;
}

/** A group by its name or number. Throws OpError when there is none of that name. */
export async function findGroup(name: string): Promise<Group> {
  const { code, stdout, complaint } = await ask(['getent', 'group', '--', name]);
  const [known = '', , gid = ''] = stdout.trimEnd().split(':');
  if (code === 0 && /^\d+$/.test(gid)) return { gid: Number(gid), name: known };
  // A group may have no name, as in some containers.
  if (/^\d+$/.test(name)) return { gid: Number(name), name };
  const reason = code === 2 ? 'there is no such group' : complaint;
  throw new OpError(
    'find the group',
    name,
    new Error(reason),
    `Create it (groupadd --system ${name}), or name another.`,
  );
}

/** How long a name is believed: a user that is renamed is soon known by the new one. */
const believedMs: Millis = 60_000;

/** The names of users, each asked for once a minute at most: looking one up starts a program. */
export class UserNames {
  readonly #known = new Map<number, { readonly name: Promise<string | undefined>; readonly until: Millis }>();

  /** Undefined: this user has no name, or it can't be found out now. Never rejects. */
  of(uid: number): Promise<string | undefined> {
    const now = performance.now();
    const known = this.#known.get(uid);
    if (known !== undefined && now < known.until) return known.name;
    const name = findUser(String(uid)).then((user) => user?.name);
    this.#known.set(uid, { name, until: now + believedMs });
    return name;
  }
}
