/** What the config says of a link's queue. */

/** In the order of their precedence. */
export const classNames = ['interactive', 'normal', 'bulk'] as const;
export type ClassName = (typeof classNames)[number];

/** What a packet has to be like; one of a list is enough. */
export type PacketMatch =
  /** Differentiated Services code point, 0 to 63. RFC 2474 */
  | { readonly kind: 'dscp'; readonly dscp: number }
  /** The number of the protocol above IP. */
  | { readonly kind: 'protocol'; readonly protocol: number }
  /** Either port lies in the range, so that answers are of the same class. */
  | { readonly kind: 'ports'; readonly protocol: number; readonly first: number; readonly last: number };

export interface QueueOptions {
  /** Mark packets that allow it instead of dropping them. RFC 3168 */
  readonly ecn: boolean;
  /** Goes first, up to this part of the line (0 to 1) while others wait. */
  readonly interactive: { readonly match: readonly PacketMatch[]; readonly share: number };
  /** Goes last, and has this part of what the interactive class leaves, at least. */
  readonly bulk: { readonly match: readonly PacketMatch[]; readonly share: number };
}

export const defaultInteractiveShare = 0.5;
export const defaultBulkShare = 0.1;

/** Where nothing is said: one class. */
export const usualQueue: QueueOptions = {
  ecn: true,
  interactive: { match: [], share: defaultInteractiveShare },
  bulk: { match: [], share: defaultBulkShare },
};
