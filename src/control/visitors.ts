/**
 * Who is at the other end of each control connection, by what the kernel says, and what they may do. Root, linkd's own
 * user and the socket's group steer everything; everybody else who reaches the socket is a guest, and looks.
 */
import type { Socket } from 'node:net';
import { native } from '../native/binding.js';
import { descriptorOf } from '../native/socket-descriptor.js';
import type { DaemonSteering } from '../link/types.js';
import { UserNames, type Group } from './accounts.js';
import { Refusal, unknownLink } from './refusal.js';

export interface Visitor {
  readonly pid: number;
  readonly uid: number;
  /** A guest looks, and steers those links only that the config gives to this user. */
  readonly guest: boolean;
}

export class Visitors {
  readonly #group: Group;
  readonly #mostGuests: number;
  readonly #visitors = new WeakMap<Socket, Visitor>();
  readonly #names = new UserNames();
  #guests = 0;

  /** The group's members steer everything. Guests get `mostGuests` connections at a time and leave room for the others. */
  constructor(group: Group, mostGuests: number) {
    this.#group = group;
    this.#mostGuests = mostGuests;
  }

  /** Looks at a new connection. False: it must be closed, for there are too many guests. Throws what the system refuses. */
  admit(socket: Socket): boolean {
    const { pid, uid, gid, groups } = native.peerCredentials(descriptorOf(socket));
    const steers = uid === 0 || uid === process.geteuid?.() || [gid, ...groups].includes(this.#group.gid);
    if (!steers) {
      if (this.#guests >= this.#mostGuests) return false;
      this.#guests += 1;
      socket.once('close', () => (this.#guests -= 1));
    }
    this.#visitors.set(socket, { pid, uid, guest: !steers });
    return true;
  }

  /** Who was admitted on this connection. */
  of(socket: Socket): Visitor {
    const visitor = this.#visitors.get(socket);
    if (visitor === undefined) throw new Error('a connection that was not admitted');
    return visitor;
  }

  /** The user's name for people, or the number. */
  async nameOf({ uid }: Visitor): Promise<string> {
    return (await this.#names.of(uid)) ?? String(uid);
  }

  /** Returns when this visitor may steer that link (undefined: linkd as a whole); throws a Refusal when not. */
  async permit(visitor: Visitor, link: string | undefined, steering: DaemonSteering): Promise<void> {
    if (!visitor.guest) return;
    if (link !== undefined && !steering.names().includes(link)) throw unknownLink(steering, link);
    const user = await this.#names.of(visitor.uid);
    // A number is no name: a user whose name can't be found out is nobody that a config could mean.
    if (link !== undefined && user !== undefined && steering.maySteer(link, user)) return;
    const what = link === undefined ? 'linkd' : `the link ${JSON.stringify(link)}`;
    const { gid, name } = this.#group;
    const joining = gid === 0 ? '' : `, or join the group ${name} and log in again`;
    throw new Refusal(
      403,
      'forbidden',
      `the user ${user ?? visitor.uid} may not steer ${what}`,
      `Use sudo${joining}. A link's \`steer\` in the config gives that link to single users.`,
    );
  }
}
