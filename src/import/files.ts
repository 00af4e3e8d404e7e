/** What an import reads: files and folders by their absolute paths. Where they really lie is the caller's. */
export interface Files {
  /** Undefined: there is none, or it can't be read. */
  readonly readText: (path: string) => string | undefined;
  /** The names in a folder, sorted; none where there is no folder. */
  readonly list: (folder: string) => readonly string[];
}

/** pppd, ifupdown and shells include each other; deeper than this they go in a circle. */
export const deepest = 16;
