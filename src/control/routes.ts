/** The paths of the control API, as a table, and what each answers. The server sees to HTTP; this file to the meaning. */
import type { LinkStatus, LinkSteering } from '../link/types.js';
import { encodeEvent, encodeLink } from './encode.js';
import { apiVersion, commandNames, type CommandName, type ErrorCode } from './protocol.js';
import type { LinkBody, LogBody, StatusBody } from './protocol.js';

/** The daemon's particulars, for the status. */
export interface About {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: Date;
}

export interface Request {
  readonly method: string;
  /** The request target, as it came: path and query. */
  readonly target: string;
}

export type Reply =
  | { readonly kind: 'body'; readonly status: 200 | 202; readonly body: StatusBody | LinkBody | LogBody }
  | { readonly kind: 'events'; readonly link: string | undefined };

/** A request that cannot be served; becomes the answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    remedy?: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.remedy = remedy;
    this.headers = headers;
  }
}

interface Call {
  readonly steering: LinkSteering;
  readonly about: About;
  /** The link that the path names, where it names one. */
  readonly name: string;
  readonly query: URLSearchParams;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Path segments; `NAME` stands for a link's name. */
  readonly path: readonly string[];
  /** The query parameters that it knows. */
  readonly parameters: readonly string[];
  readonly answer: (call: Call) => Reply;
}

const routes: readonly Route[] = [
  { method: 'GET', path: ['v1', 'status'], parameters: [], answer: getStatus },
  { method: 'GET', path: ['v1', 'events'], parameters: ['link'], answer: getEvents },
  { method: 'GET', path: ['v1', 'links', 'NAME'], parameters: [], answer: getLink },
  { method: 'GET', path: ['v1', 'links', 'NAME', 'log'], parameters: [], answer: getLog },
  ...commandNames.map((command): Route => ({
    method: 'POST',
    path: ['v1', 'links', 'NAME', command],
    parameters: [],
    answer: (call) => postCommand(call, command),
  })),
];

/** Answers a request, or throws a Refusal. */
export function answer({ method, target }: Request, steering: LinkSteering, about: About): Reply {
  const { segments, query } = readTarget(target);
  const onPath = routes.filter((route) => matches(route, segments));
  if (onPath.length === 0) {
    throw new Refusal(
      404,
      'unknown-path',
      'there is nothing at this path',
      'See docs/control-api.md for what there is.',
    );
  }
  const route = onPath.find((candidate) => candidate.method === method);
  if (route === undefined) {
    const allowed = onPath.map((candidate) => candidate.method).join(', ');
    throw new Refusal(405, 'method-not-allowed', `this path takes ${allowed}`, undefined, { allow: allowed });
  }
  for (const parameter of query.keys()) {
    if (route.parameters.includes(parameter)) continue;
    const known = route.parameters.length === 0 ? 'none' : route.parameters.join(', ');
    throw badRequest(`unknown query parameter ${quote(parameter)}`, `Parameters of this path: ${known}.`);
  }
  return route.answer({ steering, about, name: segments[2] ?? '', query });
}

function getStatus({ steering, about }: Call): Reply {
  const links = steering.names().map((name) => encodeLink(statusOf(steering, name)));
  const daemon = { version: about.version, pid: about.pid, started_at: about.startedAt.toISOString() };
  return { kind: 'body', status: 200, body: { version: apiVersion, time: now(), daemon, links } };
}

function getEvents({ steering, query }: Call): Reply {
  const [link, ...more] = query.getAll('link');
  if (more.length > 0) throw badRequest('more than one link', 'Name one link, or none for the events of all.');
  if (link !== undefined) statusOf(steering, link);
  return { kind: 'events', link };
}

function getLink({ steering, name }: Call): Reply {
  return linkReply(200, statusOf(steering, name));
}

function getLog({ steering, name }: Call): Reply {
  const events = steering.log(name);
  if (events === undefined) throw unknownLink(steering, name);
  return {
    kind: 'body',
    status: 200,
    body: { version: apiVersion, time: now(), link: name, events: events.map(encodeEvent) },
  };
}

function postCommand({ steering, name }: Call, command: CommandName): Reply {
  if (!steering.command(name, command)) throw unknownLink(steering, name);
  return linkReply(202, statusOf(steering, name));
}

function linkReply(status: 200 | 202, link: LinkStatus): Reply {
  return { kind: 'body', status, body: { version: apiVersion, time: now(), link: encodeLink(link) } };
}

function statusOf(steering: LinkSteering, name: string): LinkStatus {
  const status = steering.status(name);
  if (status === undefined) throw unknownLink(steering, name);
  return status;
}

function matches(route: Route, segments: readonly string[]): boolean {
  return (
    route.path.length === segments.length &&
    route.path.every((wanted, i) => wanted === segments[i] || (wanted === 'NAME' && segments[i] !== ''))
  );
}

/** Takes a request target apart, decoding each segment on its own: `/v1/links/a%2Fb` is a link named `a/b`. */
function readTarget(target: string): { segments: readonly string[]; query: URLSearchParams } {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent);
    return { segments, query: new URLSearchParams(mark === -1 ? '' : target.slice(mark)) };
  } catch (thrown) {
    if (thrown instanceof URIError) throw badRequest('the path is not encoded as URLs are', undefined);
    throw thrown;
  }
}

function unknownLink(steering: LinkSteering, name: string): Refusal {
  const names = steering.names();
  const remedy = names.length === 0 ? 'No links are configured.' : `The links are: ${names.join(', ')}.`;
  return new Refusal(404, 'unknown-link', `there is no link ${quote(name)}`, remedy);
}

function badRequest(message: string, remedy: string | undefined): Refusal {
  return new Refusal(400, 'bad-request', message, remedy);
}

/** What a client sent, short enough to be sent back. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

function now(): string {
  return new Date().toISOString();
}
