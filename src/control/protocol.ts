/**
 * What goes over the control socket, version 1: the shapes of docs/control-api.md, each as a validator and as a type.
 * The server writes these shapes (`encode.ts`); the client reads them through the validators, so that an answer of
 * something else is an error. Texts come out of the validators fit for a terminal.
 *
 * Within a version, fields may be added and a client ignores those that it does not know.
 */
import { z } from 'zod';
import { printable, printableJson } from './printable.js';

export const apiVersion = 1;

/** Every command's name is also the last part of its path. */
export const commandNames = ['up', 'down', 'restart'] as const;
export type CommandName = (typeof commandNames)[number];

const text = z.string().transform(printable);
/** RFC 3339, UTC. */
const time = z.iso.datetime();
const count = z.number().nonnegative();
const version = z.literal(apiVersion);

const wireState = z.enum(['down', 'opening', 'negotiating', 'up', 'closing', 'waiting']);
export type WireState = z.infer<typeof wireState>;

const wireCause = z.object({ code: text, summary: text, detail: text.nullable(), remedy: text });
export type WireCause = z.infer<typeof wireCause>;

const wireLine = z.object({
  kind: text,
  name: text,
  speed_baud: count.nullable(),
  flow_control: text.nullable(),
});

const wireSession = z.object({
  phase: text,
  local_address: text.nullable(),
  remote_address: text.nullable(),
  mtu_bytes: count.nullable(),
  echo_rtt_ms: count.nullable(),
  peer_identification: text.nullable(),
  options: z.record(text, text),
});

const wireLink = z.object({
  name: text,
  state: wireState,
  since: time,
  last_cause: wireCause.nullable(),
  last_cause_at: time.nullable(),
  next_attempt_at: time.nullable(),
  restarts: count,
  line: wireLine,
  interface: text,
  local_address: text,
  remote_address: text,
  networks: z.array(text),
  rx_packets: count,
  rx_bytes: count,
  tx_packets: count,
  tx_bytes: count,
  line_rx_bytes: count,
  line_tx_bytes: count,
  rx_bytes_per_second: count,
  tx_bytes_per_second: count,
  errors: z.record(text, count),
  session: wireSession.nullable(),
});
export type WireLink = z.infer<typeof wireLink>;

const wireDaemon = z.object({ version: text, pid: count, started_at: time });
export type WireDaemon = z.infer<typeof wireDaemon>;

const eventShape = {
  time,
  link: text,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  state: wireState,
  message: text,
  cause: wireCause.nullable(),
};
const wireEvent = z.object({ type: z.enum(['state', 'log']), ...eventShape });
export type WireEvent = z.infer<typeof wireEvent>;

/** GET /v1/status */
export const statusBody = z.object({ version, time, daemon: wireDaemon, links: z.array(wireLink) });
export type StatusBody = z.infer<typeof statusBody>;

/** GET /v1/links/NAME, and the answer to a command */
export const linkBody = z.object({ version, time, link: wireLink });
export type LinkBody = z.infer<typeof linkBody>;

/** GET /v1/links/NAME/log, oldest first */
export const logBody = z.object({ version, time, link: text, events: z.array(wireEvent) });
export type LogBody = z.infer<typeof logBody>;

/** A line of GET /v1/events: `begin` once, then events, and `overflow` as the last one for a reader that was too slow. */
export const streamLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begin'), version, time }),
  z.object({ type: z.literal('state'), ...eventShape }),
  z.object({ type: z.literal('log'), ...eventShape }),
  z.object({ type: z.literal('overflow'), time }),
]);
export type StreamLine = z.infer<typeof streamLine>;

/** Why a request failed; stable. */
export const errorCodes = [
  'bad-request',
  'unknown-link',
  'unknown-path',
  'method-not-allowed',
  'request-timeout',
  'body-too-large',
  'headers-too-large',
  'internal',
  'too-many-streams',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Any answer with a status of 400 and above. */
export const errorBody = z.object({
  version,
  error: z.object({ code: text, message: text, remedy: text.nullable() }),
});
export type ErrorBody = z.infer<typeof errorBody>;

/** One line of JSON, as the server sends it: harmless on a terminal too. */
export function jsonLine(body: StatusBody | LinkBody | LogBody | StreamLine | ErrorBody): string {
  return `${printableJson(JSON.stringify(body))}\n`;
}

/** The paths of version 1, as a client writes them. */
export const paths = {
  status: '/v1/status',
  link: (name: string) => `/v1/links/${encodeURIComponent(name)}`,
  command: (name: string, command: CommandName) => `/v1/links/${encodeURIComponent(name)}/${command}`,
  log: (name: string) => `/v1/links/${encodeURIComponent(name)}/log`,
  events: (link: string | undefined) => `/v1/events${link === undefined ? '' : `?link=${encodeURIComponent(link)}`}`,
} as const;
