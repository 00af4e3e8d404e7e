/** The words of the control socket, version 1: names, paths and codes, for both ends. The shapes of what is said: `protocol.ts`. */
import { printableJson } from '../base/printable.js';
import type { Body, ErrorBody, StreamLine } from './protocol.js';

export const apiVersion = 1;

/** Every command's name is also the last part of its path. */
export const commandNames = ['up', 'down', 'restart'] as const;
export type CommandName = (typeof commandNames)[number];

/** Why a request failed; stable. */
export const errorCodes = [
  'bad-request',
  'forbidden',
  'unknown-link',
  'unknown-path',
  'method-not-allowed',
  'request-timeout',
  'failed',
  'body-too-large',
  'headers-too-large',
  'internal',
  'too-many-streams',
  'not-waiting',
  'line-in-use',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One line of JSON, as the server sends it: harmless on a terminal too. */
export function jsonLine(body: Body | StreamLine | ErrorBody): string {
  return `${printableJson(JSON.stringify(body))}\n`;
}

/** What a connection becomes behind `POST /v1/links/NAME/answer`: the line of the link; behind `/term`: a terminal on it. */
export const terminalProtocol = 'linkd-terminal';

/** The paths of version 1, as a client writes them. */
export const paths = {
  status: '/v1/status',
  link: (name: string) => linkPath(name),
  command: (name: string, command: CommandName) => linkPath(name, command),
  log: (name: string) => linkPath(name, 'log'),
  plan: (name: string) => linkPath(name, 'plan'),
  answer: (name: string) => linkPath(name, 'answer'),
  term: (name: string) => linkPath(name, 'term'),
  events: (link: string | undefined) => withQuery('/v1/events', { link }),
  reload: '/v1/reload',
  restart: '/v1/restart',
  diff: '/v1/diff',
  routes: '/v1/routes',
  history: (link: string | undefined, limit: number | undefined) =>
    withQuery('/v1/history', { link, limit: limit?.toString() }),
  totals: (link: string | undefined) => withQuery('/v1/totals', { link }),
} as const;

function linkPath(name: string, ...rest: readonly string[]): string {
  return ['/v1/links', encodeURIComponent(name), ...rest].join('/');
}

function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? path : `${path}?${given.join('&')}`;
}
