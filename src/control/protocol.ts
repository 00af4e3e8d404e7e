/**
 * What goes over the control socket, version 1: the shapes of docs/control-api.md, each as a validator and as a type.
 * The server writes these shapes (`encode.ts`) and needs the types alone; the client reads them through the validators, so that
 * an answer of something else is an error. Texts come out of the validators fit for a terminal. The words: `wire.ts`.
 *
 * Within a version, fields may be added: a client ignores those that it does not know, and does without those that were added
 * (the ones with a default), so that after an upgrade a new linkctl can look at a linkd that is still the old one.
 */
import { z } from 'zod';
import { printable, printableLines } from '../base/printable.js';
import { apiVersion } from './wire.js';

const text = z.string().transform(printable);
/** May have several lines. */
const lines = z.string().transform(printableLines);
/** RFC 3339, UTC. */
const time = z.iso.datetime();
const count = z.number().nonnegative();
const version = z.literal(apiVersion);

const wireState = z.enum(['down', 'opening', 'negotiating', 'up', 'closing', 'waiting', 'dormant']);
export type WireState = z.infer<typeof wireState>;

const wireCause = z.object({ code: text, summary: text, detail: text.nullable(), remedy: text });
export type WireCause = z.infer<typeof wireCause>;

const wireLine = z.object({
  kind: text,
  name: text,
  speed_baud: count.nullable(),
  flow_control: text.nullable(),
});

/** One of the lines of a link. */
const wireMember = wireLine.extend({
  state: z.enum(['closed', 'waiting', 'opening', 'open', 'joined']),
  call: text.nullish(),
  last_cause: wireCause.nullable(),
  last_cause_at: time.nullable(),
  next_attempt_at: time.nullable(),
  line_rx_bytes: count.nullish(),
  line_tx_bytes: count.nullish(),
});
export type WireMember = z.infer<typeof wireMember>;

const wireSession = z.object({
  phase: text,
  local_address: text.nullable(),
  remote_address: text.nullable(),
  dns: z.array(text).default([]),
  local_ip6: text.nullable().default(null),
  remote_ip6: text.nullable().default(null),
  mtu_bytes: count.nullable(),
  echo_rtt_ms: count.nullable(),
  peer_identification: text.nullable(),
  peer_name: text.nullable().default(null),
  options: z.record(text, text),
});

/** The last run of a hook. */
const wireHook = z.object({
  moment: text,
  program: text,
  at: time,
  duration_ms: count,
  ok: z.boolean(),
  outcome: text,
  output: lines,
});
export type WireHook = z.infer<typeof wireHook>;

const wireHealth = z.object({ state: z.enum(['unknown', 'healthy', 'failed']), reason: text.nullable() });
export type WireHealth = z.infer<typeof wireHealth>;

const wireQuota = z.object({ state: z.enum(['ok', 'warn', 'used-up']), used_bytes: count, monthly_bytes: count });
export type WireQuota = z.infer<typeof wireQuota>;

const wireDialing = z.object({
  waits_for: text.nullable(),
  because_of: text.nullable(),
  because_at: time.nullable(),
  overridden: z.boolean(),
  calls_last_hour: count,
  open_today_seconds: count,
});
export type WireDialing = z.infer<typeof wireDialing>;

const queueShape = {
  packets: count,
  bytes: count,
  drops: count,
  marks: count,
  waiting_packets: count,
  waiting_bytes: count,
  flows: count,
  delay_p50_ms: count.nullable(),
  delay_p95_ms: count.nullable(),
};
const wireQueue = z.object({ ...queueShape, classes: z.array(z.object({ name: text, ...queueShape })) });
export type WireQueue = z.infer<typeof wireQueue>;

const wireLink = z.object({
  name: text,
  state: wireState,
  since: time,
  last_cause: wireCause.nullable(),
  last_cause_at: time.nullable(),
  next_attempt_at: time.nullable(),
  restarts: count,
  line: wireLine,
  lines: z.array(wireMember).default([]),
  interface: text,
  local_address: text,
  remote_address: text,
  local_address6: text.nullable().default(null),
  remote_address6: text.nullable().default(null),
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
  queue: wireQueue.nullable().default(null),
  session: wireSession.nullable(),
  network_problems: z.array(text).default([]),
  hooks: z.array(wireHook).default([]),
  health: wireHealth.nullable().default(null),
  quota: wireQuota.nullable().default(null),
  dialing: wireDialing.nullable().default(null),
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

const wireChange = z.object({
  link: text,
  kind: z.enum(['add', 'remove', 'apply', 'restart']),
  changes: z.array(z.object({ path: text, from: text.nullable(), to: text.nullable() })),
});
export type WireChange = z.infer<typeof wireChange>;

/** POST /v1/reload: what it did; GET /v1/diff: what it would do. Unless `ok`, the errors say why nothing is done. */
export const reloadBody = z.object({
  version,
  time,
  ok: z.boolean(),
  changes: z.array(wireChange),
  warnings: z.array(lines),
  errors: z.array(lines),
});
export type ReloadBody = z.infer<typeof reloadBody>;

/** POST /v1/restart: the process that runs the links now; unless `ok`, the errors say why it is still the same one. */
export const restartBody = z.object({
  version,
  time,
  ok: z.boolean(),
  pid: count.nullable(),
  errors: z.array(lines),
});
export type RestartBody = z.infer<typeof restartBody>;

/** GET /v1/links/NAME/plan */
export const planBody = z.object({ version, time, link: text, commands: z.array(lines) });
export type PlanBody = z.infer<typeof planBody>;

const wireRoute = z.object({
  destination: text,
  type: text,
  gateway: text.nullable(),
  interface: text.nullable(),
  metric: count,
  table: count,
  protocol: text,
  link: text.nullable(),
  origin: text.nullable(),
});
export type WireRoute = z.infer<typeof wireRoute>;

/** GET /v1/routes */
export const routesBody = z.object({ version, time, routes: z.array(wireRoute) });
export type RoutesBody = z.infer<typeof routesBody>;

const wireSessionRecord = z.object({
  link: text,
  started_at: time,
  ended_at: time.nullable(),
  rx_bytes: count,
  tx_bytes: count,
  end_cause: text.nullable(),
});
export type WireSessionRecord = z.infer<typeof wireSessionRecord>;

/** GET /v1/history, newest first */
export const historyBody = z.object({ version, time, sessions: z.array(wireSessionRecord) });
export type HistoryBody = z.infer<typeof historyBody>;

const wireMonth = z.object({
  link: text,
  month: text,
  rx_bytes: count,
  tx_bytes: count,
  up_seconds: count,
  sessions: count,
});
export type WireMonth = z.infer<typeof wireMonth>;

/** GET /v1/totals */
export const totalsBody = z.object({ version, time, months: z.array(wireMonth) });
export type TotalsBody = z.infer<typeof totalsBody>;

/** A line of GET /v1/events: `begin` once, then events, and `overflow` as the last one for a reader that was too slow. */
export const streamLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begin'), version, time }),
  z.object({ type: z.literal('state'), ...eventShape }),
  z.object({ type: z.literal('log'), ...eventShape }),
  z.object({ type: z.literal('overflow'), time }),
]);
export type StreamLine = z.infer<typeof streamLine>;

/** Any answer with a status of 400 and above. */
export const errorBody = z.object({
  version,
  error: z.object({ code: text, message: text, remedy: text.nullable() }),
});
export type ErrorBody = z.infer<typeof errorBody>;

/** What answers a request that is served, unless it is a stream. */
export type Body =
  StatusBody | LinkBody | LogBody | ReloadBody | RestartBody | PlanBody | RoutesBody | HistoryBody | TotalsBody;
