/** What CCP can agree on for one direction: everything that its coder has to know. Plain data. */
export type CompressionMethod =
  /** RFC 1979. `windowBits` is 9 to 15. */
  | { readonly kind: 'deflate'; readonly windowBits: number }
  /** RFC 1977. `codeBits` is 9 to 16. */
  | { readonly kind: 'bsd'; readonly codeBits: number }
  /** RFC 1978 */
  | { readonly kind: 'predictor1' }
  /** RFC 3078, with the start key of RFC 3079 for this direction. */
  | { readonly kind: 'mppe'; readonly bits: 40 | 56 | 128; readonly stateless: boolean; readonly key: Uint8Array };

/** RFC 1144, RFC 1332 §4: `slots` is the number of connections that have a slot, 1 to 256. */
export interface VjOptions {
  readonly slots: number;
  /** The slot's number may be left out of a packet of the same connection as the one before. */
  readonly slotCompression: boolean;
}
