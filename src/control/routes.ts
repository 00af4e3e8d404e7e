/** The paths of the control API, as a table. The server sees to HTTP; `answers.ts` to the meaning. */
import {
  getDiff,
  getEvents,
  getHistory,
  getLink,
  getLog,
  getPlan,
  getRoutes,
  getStatus,
  getTotals,
  postCommand,
  postReload,
  postRestart,
  type Call,
  type Reply,
} from './answers.js';
import { commandNames } from './wire.js';
import { badRequest, quote, Refusal } from './refusal.js';
import { wantsUpgrade } from './terminal.js';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Path segments; `NAME` stands for a link's name. */
  readonly path: readonly string[];
  /** The query parameters that it knows. */
  readonly parameters: readonly string[];
  /** `look`: for everybody who reaches the socket. `steer`: it changes something, or shows config and packet filter. */
  readonly right: 'look' | 'steer';
  /** Throws a Refusal, or an OpError. What asks the system is a promise; a GET of that kind has no parameters. */
  readonly answer: (call: Call) => Reply | Promise<Reply>;
}

const routes: readonly Route[] = [
  { method: 'GET', path: ['v1', 'status'], parameters: [], right: 'look', answer: getStatus },
  { method: 'GET', path: ['v1', 'events'], parameters: ['link'], right: 'look', answer: getEvents },
  { method: 'GET', path: ['v1', 'links', 'NAME'], parameters: [], right: 'look', answer: getLink },
  { method: 'GET', path: ['v1', 'links', 'NAME', 'log'], parameters: [], right: 'look', answer: getLog },
  { method: 'GET', path: ['v1', 'links', 'NAME', 'plan'], parameters: [], right: 'steer', answer: getPlan },
  ...commandNames.map((command): Route => ({
    method: 'POST',
    path: ['v1', 'links', 'NAME', command],
    parameters: [],
    right: 'steer',
    answer: (call) => postCommand(call, command),
  })),
  { method: 'POST', path: ['v1', 'links', 'NAME', 'answer'], parameters: [], right: 'steer', answer: wantsUpgrade },
  { method: 'POST', path: ['v1', 'links', 'NAME', 'term'], parameters: [], right: 'steer', answer: wantsUpgrade },
  { method: 'POST', path: ['v1', 'reload'], parameters: [], right: 'steer', answer: postReload },
  { method: 'POST', path: ['v1', 'restart'], parameters: [], right: 'steer', answer: postRestart },
  { method: 'GET', path: ['v1', 'diff'], parameters: [], right: 'steer', answer: getDiff },
  { method: 'GET', path: ['v1', 'routes'], parameters: [], right: 'look', answer: getRoutes },
  { method: 'GET', path: ['v1', 'history'], parameters: ['link', 'limit'], right: 'look', answer: getHistory },
  { method: 'GET', path: ['v1', 'totals'], parameters: ['link'], right: 'look', answer: getTotals },
];

/** A request's route, and what the request says to it. */
export interface Match {
  readonly route: Route;
  /** The link that the path names, where it names one. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

/** Finds the route of a request; `target` is path and query, as they came. Throws a Refusal when there is none. */
export function findRoute(method: string, target: string): Match {
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
  return { route, name: segments[route.path.indexOf('NAME')], query };
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
