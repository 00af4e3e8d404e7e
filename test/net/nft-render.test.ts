/**
 * A table of what links want → the statements of linkd's table, one case for each feature. Each is applied for real in a
 * namespace and read back: as text it is what was rendered, and as JSON the rule that matters is what it should be.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LinkFilter } from '../../src/net/nft/filter.js';
import { rulesetOf } from '../../src/net/nft/render.js';
import { diff, scriptOf, statementsIn, statementsOf } from '../../src/net/nft/ruleset.js';
import { NftTable } from '../../src/net/nft/table.js';
import { Lab, type Namespace } from '../support/netns.js';
import { cases } from './nft-cases.js';
import { allowed, filterOf, firewallOf, ip, net4, nftIn, silent } from './nft-support.js';

let lab: Lab;
let namespace: Namespace;
before(async () => {
  lab = await Lab.create();
  namespace = await lab.namespace('nft');
});
after(() => lab.close());

describe('filters become a table', () => {
  for (const { name, filters, statements, json } of cases) {
    it(name, async () => {
      const expected = statements.map((statement) => statement.replace(' ', ' inet linkd '));
      const wanted = expected.length === 0 ? [] : ['table inet linkd', ...expected];
      assert.deepEqual(statementsOf('linkd', rulesetOf(filters)), wanted);

      await namespace.must('nft', ['flush', 'ruleset']);
      await new NftTable({ log: silent, command: nftIn(namespace) }).apply(filters);
      const listing = await namespace.must('nft', ['-s', '-p', 'list', 'ruleset']);
      assert.deepEqual(statementsIn('linkd', listing), wanted);
      const read = await readJson();
      assert.deepEqual(
        read.map(({ chain }) => chain),
        statements.flatMap((one) => /^rule (\S+)/.exec(one)?.[1] ?? []),
      );
      if (json !== undefined)
        assert.ok(
          read.some((rule) => isSame([rule.chain, ...rule.expr], json)),
          JSON.stringify(read, undefined, 1),
        );

      // A linkd that starts anew knows the table for what it wants.
      const plan = await new NftTable({ log: silent, command: nftIn(namespace) }).plan(filters);
      assert.deepEqual(
        plan,
        wanted.map((statement) => `  ${statement}`),
      );
    });
  }

  it('is a script of one transaction, to the letter', () => {
    const filters = [
      filterOf({ masquerade: [{ out: 'link', from: [net4('10.1.0.0/16')] }], antiSpoof: true, networks: [] }),
    ];
    assert.equal(
      scriptOf('linkd', rulesetOf(filters), new Map([['spoofed-branch', { packets: 3, bytes: 252 }]])),
      `table inet linkd
delete table inet linkd
table inet linkd {
	counter spoofed-branch {
		packets 3 bytes 252
	}

	chain antispoof {
		type filter hook prerouting priority raw; policy accept;
		iifname "branch" jump spoof-branch
	}

	chain masquerading {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "branch" ip saddr 10.1.0.0/16 masquerade
	}

	chain spoof-branch {
		ip saddr 10.0.0.1 counter name "spoofed-branch" drop
		ip saddr 10.0.0.2 return
		counter name "spoofed-branch" drop
	}
}
`,
    );
  });
});

describe('a caller’s mistake', () => {
  const forward = { protocol: 'tcp', on: 'link', port: 80, to: ip('10.1.0.5'), toPort: 80 } as const;
  const mistakes: readonly { name: string; filters: readonly LinkFilter[]; says: RegExp }[] = [
    ...['', 'a b', 'x"; flush ruleset; "', 'eth*', 'sixteen-letters-', '-x', 'a\nb'].map((name) => ({
      name: `an interface ${JSON.stringify(name)}`,
      filters: [filterOf({ interface: name, mssClamp: true })],
      says: /^not the name of an interface/,
    })),
    {
      name: 'another interface',
      filters: [filterOf({ masquerade: [{ out: { interface: 'eth*' }, from: [] }] })],
      says: /^not the name of an interface: "eth\*"/,
    },
    {
      name: 'an interface to forward from',
      filters: [filterOf({ portForwards: [{ ...forward, on: { interface: '{' } }] })],
      says: /^not the name of an interface/,
    },
    ...['', 'a b', 'a{', 'x'.repeat(33)].map((link) => ({
      name: `a link ${JSON.stringify(link)}`,
      filters: [filterOf({ link })],
      says: /^not a link's name/,
    })),
    { name: 'a link twice', filters: [filterOf({}), filterOf({ interface: 'tun1' })], says: /^two links share/ },
    { name: 'an interface twice', filters: [filterOf({}), filterOf({ link: 'b' })], says: /^two links share/ },
    { name: 'port 0', filters: [filterOf({ portForwards: [{ ...forward, port: 0 }] })], says: /^not a port/ },
    { name: 'half a port', filters: [filterOf({ portForwards: [{ ...forward, toPort: 80.5 }] })], says: /^not a port/ },
    {
      name: 'ports the wrong way round',
      filters: [
        filterOf({
          firewall: firewallOf({
            allow: [{ ...allowed('ssh'), services: [{ protocol: 'tcp', ports: [{ first: 9, last: 3 }] }] }],
          }),
        }),
      ],
      says: /^not ports: 9 to 3/,
    },
    {
      name: 'a protocol that is none',
      filters: [filterOf({ firewall: firewallOf({ allow: [{ ...allowed('ssh'), services: [{ protocol: 256 }] }] }) })],
      says: /^not an IP protocol: 256/,
    },
  ];
  for (const { name, filters, says } of mistakes) {
    it(`throws: ${name}`, () => {
      assert.throws(() => rulesetOf(filters), { message: says });
    });
  }
});

describe('diff', () => {
  const diffs: readonly { is: string; wanted: string; lines: readonly string[] }[] = [
    { is: '', wanted: '', lines: [] },
    { is: 'abc', wanted: 'abc', lines: ['  a', '  b', '  c'] },
    { is: '', wanted: 'ab', lines: ['+ nft add a', '+ nft add b'] },
    { is: 'ab', wanted: '', lines: ['- nft delete a', '- nft delete b'] },
    { is: 'abc', wanted: 'axc', lines: ['  a', '- nft delete b', '+ nft add x', '  c'] },
    { is: 'aba', wanted: 'baa', lines: ['- nft delete a', '  b', '  a', '+ nft add a'] },
    { is: 'abcd', wanted: 'bd', lines: ['- nft delete a', '  b', '- nft delete c', '  d'] },
  ];
  for (const { is, wanted, lines } of diffs) {
    it(`${is || 'nothing'} → ${wanted || 'nothing'}`, () => {
      assert.deepEqual(diff(Array.from(is), Array.from(wanted)), lines);
    });
  }
});

interface ReadRule {
  readonly chain: string;
  readonly expr: readonly unknown[];
}

async function readJson(): Promise<ReadRule[]> {
  const listing: unknown = JSON.parse(await namespace.must('nft', ['-j', 'list', 'ruleset']));
  assert.ok(
    typeof listing === 'object' && listing !== null && 'nftables' in listing && Array.isArray(listing.nftables),
  );
  const order = listing.nftables.flatMap((entry: unknown) =>
    hasKey(entry, 'chain') && hasKey(entry.chain, 'name') ? [entry.chain.name] : [],
  );
  const rules = listing.nftables.flatMap((entry: unknown) =>
    hasKey(entry, 'rule') && isRule(entry.rule) ? [entry.rule] : [],
  );
  return rules.sort((a, b) => order.indexOf(a.chain) - order.indexOf(b.chain));
}

function hasKey<Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null && key in value;
}

function isRule(value: unknown): value is ReadRule {
  return (
    hasKey(value, 'chain') && typeof value.chain === 'string' && hasKey(value, 'expr') && Array.isArray(value.expr)
  );
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
