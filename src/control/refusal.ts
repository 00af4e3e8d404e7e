/** Requests that are not served, and why: what becomes an error body. */
import { messageOf, type OpError } from '../base/errors.js';
import type { LinkSteering } from '../link/types.js';
import type { ErrorBody } from './protocol.js';
import { apiVersion, type ErrorCode } from './wire.js';

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

export function badRequest(message: string, remedy: string | undefined): Refusal {
  return new Refusal(400, 'bad-request', message, remedy);
}

export function unknownLink(steering: LinkSteering, name: string): Refusal {
  const names = steering.names();
  const remedy = names.length === 0 ? 'No links are configured.' : `The links are: ${names.join(', ')}.`;
  return new Refusal(404, 'unknown-link', `there is no link ${quote(name)}`, remedy);
}

/** The system stood in the way: no mistake of linkd's, and none of the request's. */
export function failed({ op, subject, cause, remedy }: OpError): Refusal {
  return new Refusal(409, 'failed', `cannot ${op} ${subject}: ${messageOf(cause)}`, remedy);
}

/** What a client sent, short enough to be sent back. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

export function errorBody({ code, message, remedy }: Refusal): ErrorBody {
  return { version: apiVersion, error: { code, message, remedy: remedy ?? null } };
}
