/**
 * The content of one nftables table: chains, their rules, and named counters; as a script that puts it in place, and as
 * statements that are compared. Pure.
 */

/** Rules and names are nft's own words, in the form in which `nft -s -p list table` prints them. */
export interface Ruleset {
  readonly counters: readonly string[];
  readonly chains: readonly Chain[];
}

export interface Chain {
  readonly name: string;
  /** Of a base chain: `type filter hook input priority filter; policy accept;`. Other chains are jumped to. */
  readonly hook: string | undefined;
  readonly rules: readonly string[];
}

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** True when there is nothing for a table to do. */
export function isEmpty({ chains }: Ruleset): boolean {
  return chains.length === 0;
}

/**
 * The input of `nft -f -` that replaces the whole table, or makes it; nft carries a script out as one transaction. The
 * counters start with the counts given, since those of the old table go with it.
 *
 * A script that is cut short, because linkd was killed while it wrote it, changes nothing: the brace stays open, and nft
 * refuses the whole. The two lines before the brace are fewer octets than any pipe hands over in parts.
 */
export function scriptOf(table: string, { counters, chains }: Ruleset, counts?: ReadonlyMap<string, Count>): string {
  const blocks = [
    ...counters.map((name) => {
      const { packets, bytes } = counts?.get(name) ?? { packets: 0, bytes: 0 };
      return `\tcounter ${name} {\n\t\tpackets ${packets} bytes ${bytes}\n\t}\n`;
    }),
    ...chains.map(({ name, hook, rules }) => {
      const lines = [...(hook === undefined ? [] : [hook]), ...rules];
      return `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`;
    }),
  ];
  return `${removalOf(table)}table inet ${table} {\n${blocks.join('\n')}}\n`;
}

/** The input of `nft -f -` that removes the table, whether it is there or not. */
export function removalOf(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

/** The same, each thing on a line of its own: what stands behind `nft add`. */
export function statementsOf(table: string, ruleset: Ruleset): string[] {
  if (isEmpty(ruleset)) return [];
  const at = `inet ${table}`;
  return [
    `table ${at}`,
    ...ruleset.counters.map((name) => `counter ${at} ${name}`),
    ...ruleset.chains.flatMap(({ name, hook, rules }) => [
      `chain ${at} ${name}${hook === undefined ? '' : ` { ${hook} }`}`,
      ...rules.map((rule) => `rule ${at} ${name} ${rule}`),
    ]),
  ];
}

/**
 * The statements of what `nft -s -p list table` printed. Whoever else changed the table may have put other things than
 * chains and counters into it: of those the name is given.
 */
export function statementsIn(table: string, listing: string): string[] {
  const at = `inet ${table}`;
  const statements = listing.trim() === '' ? [] : [`table ${at}`];
  let block: { kind: string; name: string } | undefined;
  for (const line of listing.split('\n')) {
    const [, kind, name] = /^\t(\S+) (\S+) \{$/.exec(line) ?? [];
    if (kind !== undefined && name !== undefined) {
      block = { kind, name };
      statements.push(`${kind} ${at} ${name}`);
    } else if (block?.kind === 'chain' && line.startsWith('\t\t')) {
      const text = line.slice(2);
      if (/^type \S+ hook /.test(text)) statements.splice(-1, 1, `${statements.at(-1) ?? ''} { ${text} }`);
      else statements.push(`rule ${at} ${block.name} ${text}`);
    }
  }
  return statements;
}

/**
 * What is and what would change, in the order of the table: `  rule …` stays, `+ nft add rule …` comes,
 * `- nft delete rule …` goes.
 */
export function diff(is: readonly string[], wanted: readonly string[]): string[] {
  const common = commonLengths(is, wanted);
  const lines: string[] = [];
  let [i, w] = [0, 0];
  while (i < is.length || w < wanted.length) {
    const [here, there] = [is[i], wanted[w]];
    if (here !== undefined && here === there) {
      lines.push(`  ${here}`);
      i++;
      w++;
    } else if (there === undefined || (here !== undefined && common(i + 1, w) >= common(i, w + 1))) {
      lines.push(`- nft delete ${here ?? ''}`);
      i++;
    } else {
      lines.push(`+ nft add ${there}`);
      w++;
    }
  }
  return lines;
}

/** The length of the longest list that both hold in their order, of a from i on and of b from j on. */
function commonLengths(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const rows = [new Uint32Array(b.length + 1)];
  for (const one of a.toReversed()) {
    const below = rows.at(-1);
    const row = new Uint32Array(b.length + 1);
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = one === b[j] ? (below?.[j + 1] ?? 0) + 1 : Math.max(below?.[j] ?? 0, row[j + 1] ?? 0);
    }
    rows.push(row);
  }
  return (i, j) => rows[a.length - i]?.[j] ?? 0;
}
