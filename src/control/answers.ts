/** What each path of the control API answers; `routes.ts` says which path is whose. */
import type { DaemonSteering, LinkStatus, ReloadOutcome } from '../link/types.js';
import { encodeChange, encodeEvent, encodeLink, encodeMonth, encodeRoute, encodeSessionRecord } from './encode.js';
import type { Body, ReloadBody } from './protocol.js';
import { apiVersion, type CommandName } from './wire.js';
import { badRequest, quote, unknownLink } from './refusal.js';

/** The daemon's particulars, for the status. */
export interface About {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: Date;
}

export interface Call {
  readonly steering: DaemonSteering;
  readonly about: About;
  /** The link that the path names; empty where it names none. */
  readonly name: string;
  readonly query: URLSearchParams;
}

export type Reply =
  | { readonly kind: 'body'; readonly status: 200 | 202; readonly body: Body }
  | { readonly kind: 'events'; readonly link: string | undefined };

/** Sessions that `GET /v1/history` gives unless told otherwise, and at most. */
export const historyLimits = { usual: 100, most: 1000 } as const;

export function getStatus({ steering, about }: Call): Reply {
  const links = steering.names().map((name) => encodeLink(statusOf(steering, name)));
  const daemon = { version: about.version, pid: about.pid, started_at: about.startedAt.toISOString() };
  return ok({ ...stamp(), daemon, links });
}

export function getEvents({ steering, query }: Call): Reply {
  const link = single(query, 'link');
  if (link !== undefined) statusOf(steering, link);
  return { kind: 'events', link };
}

export function getLink({ steering, name }: Call): Reply {
  return ok({ ...stamp(), link: encodeLink(statusOf(steering, name)) });
}

export function getLog({ steering, name }: Call): Reply {
  const events = steering.log(name);
  if (events === undefined) throw unknownLink(steering, name);
  return ok({ ...stamp(), link: name, events: events.map(encodeEvent) });
}

export function postCommand({ steering, name }: Call, command: CommandName): Reply {
  if (!steering.command(name, command)) throw unknownLink(steering, name);
  return { kind: 'body', status: 202, body: { ...stamp(), link: encodeLink(statusOf(steering, name)) } };
}

export async function postReload({ steering }: Call): Promise<Reply> {
  return ok(reloadBody(await steering.reload()));
}

export async function postRestart({ steering }: Call): Promise<Reply> {
  const outcome = await steering.restart();
  return ok(
    outcome.ok
      ? { ...stamp(), ok: true, pid: outcome.pid, errors: [] }
      : { ...stamp(), ok: false, pid: null, errors: [...outcome.errors] },
  );
}

export async function getDiff({ steering }: Call): Promise<Reply> {
  return ok(reloadBody(await steering.diff()));
}

export async function getPlan({ steering, name }: Call): Promise<Reply> {
  const commands = await steering.plan(name);
  if (commands === undefined) throw unknownLink(steering, name);
  return ok({ ...stamp(), link: name, commands: [...commands] });
}

export async function getRoutes({ steering }: Call): Promise<Reply> {
  const routes = await steering.routes();
  return ok({ ...stamp(), routes: routes.map(encodeRoute) });
}

export function getHistory({ steering, query }: Call): Reply {
  const link = single(query, 'link');
  const sessions = steering.history(link, readLimit(single(query, 'limit')));
  if (sessions.length === 0) expectLink(steering, link);
  return ok({ ...stamp(), sessions: sessions.map(encodeSessionRecord) });
}

export function getTotals({ steering, query }: Call): Reply {
  const link = single(query, 'link');
  const months = steering.totals(link);
  if (months.length === 0) expectLink(steering, link);
  return ok({ ...stamp(), months: months.map(encodeMonth) });
}

/** Throws unless there is such a link now: one that was removed from the config still has its history. */
function expectLink(steering: DaemonSteering, link: string | undefined): void {
  if (link !== undefined && !steering.names().includes(link)) throw unknownLink(steering, link);
}

function statusOf(steering: DaemonSteering, name: string): LinkStatus {
  const status = steering.status(name);
  if (status === undefined) throw unknownLink(steering, name);
  return status;
}

function reloadBody(outcome: ReloadOutcome): ReloadBody {
  return outcome.ok
    ? { ...stamp(), ok: true, changes: outcome.changes.map(encodeChange), warnings: [...outcome.warnings], errors: [] }
    : { ...stamp(), ok: false, changes: [], warnings: [], errors: [...outcome.errors] };
}

function single(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  if (more.length > 0) throw badRequest(`more than one ${name}`, `Give one ${name}, or none.`);
  return value;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return historyLimits.usual;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= historyLimits.most) return limit;
  throw badRequest(`the limit ${quote(text)} is none`, `A limit is a number from 1 to ${historyLimits.most}.`);
}

function ok(body: Body): Reply {
  return { kind: 'body', status: 200, body };
}

function stamp(): { version: typeof apiVersion; time: string } {
  return { version: apiVersion, time: new Date().toISOString() };
}
