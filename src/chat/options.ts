/**
 * The YAML form of a chat script, as the config gives it: a list of entries, each saying one thing by name. Texts have
 * chat's escapes (`\r`, `\d`, `\c`, `\T` …), and nothing else in them means more than it says: no dashes, `@` or `EOT`.
 */
import type { Millis } from '../base/clock.js';

export type ChatEntry =
  | ExpectEntry
  /** Sent with a return behind it, unless `\c` ends it. */
  | { readonly send: string }
  /** Sent with a return behind it, and shown nowhere; what the reference means is the caller's. */
  | { readonly secret: string }
  | { readonly abort: readonly string[] }
  | { readonly 'clear-abort': readonly string[] }
  | { readonly report: readonly string[] }
  | { readonly 'clear-report': readonly string[] }
  /** For every `expect` from here on. */
  | { readonly timeout: Millis }
  | { readonly echo: boolean }
  | { readonly say: string }
  | { readonly hangup: 'fatal' | 'ignored' };

export interface ExpectEntry {
  readonly expect: string;
  /** For this one alone. */
  readonly timeout?: Millis | undefined;
  /** Sent when the text doesn't come in time, before it's waited for again. */
  readonly retry?: string | undefined;
  /** How often that is done; 1 without it. */
  readonly retries?: number | undefined;
}
