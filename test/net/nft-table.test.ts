/**
 * NftTable against the kernel's nftables, in a namespace of the test's own: what it changes and what it leaves alone, what
 * it sees of other programs, and how it fails.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpError } from '../../src/base/errors.js';
import type { LinkFilter } from '../../src/net/nft/filter.js';
import { normalize } from '../../src/net/nft/listing.js';
import { rulesetOf } from '../../src/net/nft/render.js';
import { scriptOf } from '../../src/net/nft/ruleset.js';
import { NftTable, type NftTableOptions } from '../../src/net/nft/table.js';
import { Lab, type Namespace } from '../support/netns.js';
import { allowed, filterOf, firewallOf, net4, nftIn, silent } from './nft-support.js';

const END_TIMEOUT_MS = 30_000;

const masquerading = filterOf({ masquerade: [{ out: 'link', from: [net4('10.1.0.0/16')] }] });
const closed = filterOf({ firewall: firewallOf({ policyIn: 'drop', allow: [allowed('ssh')] }) });
/** The loopback in the place of a link: what is sent to this machine comes in by it. */
const closedLoopback = filterOf({ interface: 'lo', firewall: firewallOf({ policyIn: 'drop' }) });

/** What another program has: with a counter that counts, so that even a reset would be seen. */
const OTHERS = `
table ip linkd {
  chain input { type filter hook input priority filter; policy accept
    tcp dport 1 counter packets 5 bytes 500 drop
  }
}
table inet other {
  set hosts { type ipv4_addr; elements = { 10.7.0.1 }; }
  chain linkd { ip saddr @hosts drop
  }
}`;

let lab: Lab;
let namespace: Namespace;
let table: NftTable;

beforeEach(async () => {
  lab = await Lab.create();
  namespace = await lab.namespace('nft');
  await namespace.must('nft', ['-f', '-'], { input: OTHERS });
  table = open();
});
afterEach(() => lab.close());

describe('NftTable.apply', () => {
  it('makes, changes and removes its table, and touches no other', async () => {
    const others = await list('list ruleset');
    for (const filters of [
      [masquerading],
      [closed],
      [masquerading, filterOf({ ...closed, link: 'b', interface: 'tun1' })],
    ]) {
      await table.apply(filters);
      const all = await list('list ruleset');
      const own = await list('list table inet linkd');
      assert.equal(all, `${others}${own}`);
    }
    await table.apply([filterOf({})]);
    assert.equal(await list('list ruleset'), others);
  });

  it('does nothing when nothing has changed', async () => {
    await table.apply([closed]);
    const handles = await list('-j list table inet linkd');
    await table.apply([closed]);
    assert.equal(await list('-j list table inet linkd'), handles);
    await table.apply([closed, masquerading].map((filter, i) => ({ ...filter, link: `l${i}`, interface: `tun${i}` })));
    assert.notEqual(await list('-j list table inet linkd'), handles);
  });

  it('takes over what an earlier linkd left, and removes what it left for nothing', async () => {
    await table.apply([closed]);
    await open().apply([masquerading]);
    assert.equal(normalize(await list('-j list table inet linkd')), await fresh([masquerading]));
    await open().apply([]);
    assert.doesNotMatch(await list('list tables'), /inet linkd/);
    await table.apply([closed]);
    await open().remove();
    assert.doesNotMatch(await list('list tables'), /inet linkd/);
    await open().remove();
  });

  it('carries out calls in their order', async () => {
    const calls = [
      table.apply([closed]),
      table.remove(),
      table.apply([masquerading]),
      table.intact(),
      table.apply([closed]),
    ];
    await Promise.all(calls);
    assert.equal(normalize(await list('-j list table inet linkd')), await fresh([closed]));
  });

  it('can be given another name for the table', async () => {
    await open({ table: 'linkd-2' }).apply([masquerading]);
    assert.match(await list('list tables'), /^table inet linkd-2$/m);
    assert.throws(() => open({ table: 'a b' }), { message: "not a table's name: a b" });
  });

  it('rejects a caller’s mistake and goes on', async () => {
    await table.apply([closed]);
    await assert.rejects(table.apply([closed, closed]), { message: /^two links share/ });
    assert.equal(await table.intact(), true);
  });
});

describe('NftTable.intact', () => {
  const changes: readonly { name: string; nft: string }[] = [
    { name: 'flushes the ruleset', nft: 'flush ruleset' },
    { name: 'deletes the table', nft: 'delete table inet linkd' },
    { name: 'flushes the table', nft: 'flush table inet linkd' },
    { name: 'flushes a chain', nft: 'flush chain inet linkd pass-branch' },
    { name: 'adds a rule', nft: 'add rule inet linkd pass-branch accept' },
    { name: 'inserts a rule', nft: 'insert rule inet linkd input accept' },
    { name: 'adds a chain', nft: 'add chain inet linkd mine' },
    { name: 'adds a set', nft: 'add set inet linkd mine { type ipv4_addr; }' },
    { name: 'changes a policy', nft: 'add chain inet linkd forward { policy drop; }' },
    { name: 'switches the table off', nft: 'add table inet linkd { flags dormant; }' },
  ];
  for (const { name, nft } of changes) {
    it(`sees when another program ${name}, and apply restores`, async () => {
      await table.apply([closed]);
      assert.equal(await table.intact(), true);
      const before = normalize(await list('-j list table inet linkd'));
      await namespace.must('nft', [nft]);
      assert.equal(await table.intact(), false);
      await table.apply([closed]);
      assert.equal(await table.intact(), true);
      assert.equal(normalize(await list('-j list table inet linkd')), before);
    });
  }

  it('sees nothing when packets are counted, or when other tables change', async () => {
    await table.apply([closedLoopback]);
    await namespace.run('ping', ['-c', '1', '-W', '1', '127.0.0.1']);
    assert.ok((await dropped('in')) > 0);
    await namespace.must('nft', ['delete table inet other; flush table ip linkd']);
    assert.equal(await table.intact(), true);
  });

  it('is true when nothing is wanted, and looks for nothing then', async () => {
    assert.equal(await table.intact(), true);
    await table.apply([]);
    await namespace.must('nft', ['add table inet linkd']);
    assert.equal(await table.intact(), true);
  });
});

describe('NftTable.counters', () => {
  it('counts drops by link and reason, over changes of the rules', async () => {
    assert.deepEqual(await table.counters(), {});
    await table.apply([closedLoopback]);
    assert.deepEqual(await table.counters(), { branch: { spoofed: 0, invalid: 0, in: 0, through: 0, out: 0 } });
    await namespace.run('ping', ['-c', '1', '-W', '1', '127.0.0.1']);
    const before = await dropped('in');
    assert.ok(before > 0);
    const other = filterOf({ link: 'other', interface: 'tun1', antiSpoof: true });
    await table.apply([closedLoopback, other]);
    assert.ok((await dropped('in')) >= before);
    assert.deepEqual(Object.keys(await table.counters()), ['branch', 'other']);
    // Another linkd, after a restart.
    await open().apply([closedLoopback]);
    assert.ok((await dropped('in')) >= before);
    await table.remove();
    assert.deepEqual(await table.counters(), {});
  });
});

describe('NftTable.plan', () => {
  const all = [
    'table inet linkd',
    'chain inet linkd masquerading { type nat hook postrouting priority srcnat; policy accept; }',
    'rule inet linkd masquerading oifname "branch" ip saddr 10.1.0.0/16 masquerade',
  ];

  it('says what would come, and changes nothing', async () => {
    const ruleset = await list('list ruleset');
    assert.deepEqual(
      await table.plan([masquerading]),
      all.map((line) => `+ nft add ${line}`),
    );
    assert.equal(await list('list ruleset'), ruleset);
  });

  it('says what is, what comes and what goes', async () => {
    await table.apply([masquerading]);
    assert.deepEqual(
      await table.plan([masquerading]),
      all.map((line) => `  ${line}`),
    );
    assert.deepEqual(await table.plan([filterOf({ masquerade: [{ out: 'link', from: [] }] })]), [
      ...all.slice(0, 2).map((line) => `  ${line}`),
      `- nft delete ${all[2] ?? ''}`,
      '+ nft add rule inet linkd masquerading oifname "branch" meta nfproto ipv4 masquerade',
    ]);
    assert.deepEqual(
      await table.plan([]),
      all.map((line) => `- nft delete ${line}`),
    );
    assert.equal(await table.intact(), true);
  });

  it('says what another program has changed, and what an earlier linkd has left', async () => {
    await table.apply([masquerading]);
    await namespace.must('nft', [
      'insert rule inet linkd masquerading return; add set inet linkd mine { type ipv4_addr; }',
    ]);
    const expected = [
      '  table inet linkd',
      '- nft delete set inet linkd mine',
      `  ${all[1] ?? ''}`,
      '- nft delete rule inet linkd masquerading return',
      `  ${all[2] ?? ''}`,
    ];
    assert.deepEqual(await table.plan([masquerading]), expected);
    assert.deepEqual(await open().plan([masquerading]), expected);
  });
});

describe('an environment that refuses', () => {
  it('without nft: an error that says what to install, and none where nothing is wanted', async () => {
    const without = open({ command: ['/nonexistent/nft'] });
    await rejects(
      without.apply([masquerading]),
      'ENOENT',
      /^cannot read the nftables table inet linkd: .*\. Install nftables/,
    );
    await rejects(without.counters(), 'ENOENT', /Install nftables/);
    await rejects(without.plan([masquerading]), 'ENOENT', /Install nftables/);
    assert.deepEqual(await without.plan([]), []);
    await without.apply([]);
    assert.deepEqual(await without.counters(), {});
  });

  it('without CAP_NET_ADMIN: an error that names it, and none where nothing is wanted', async () => {
    const user = ['ip', 'netns', 'exec', namespace.name, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const without = open({ command: [...user, 'nft'] });
    await rejects(without.apply([masquerading]), 'EPERM', /linkd needs CAP_NET_ADMIN, and as an ambient capability/);
    await without.apply([]);
    const granted = open({ command: [...user, '--inh-caps=+net_admin', '--ambient-caps=+net_admin', 'nft'] });
    await granted.apply([masquerading]);
    assert.equal(await granted.intact(), true);
  });

  it('when nft does not end: killed in time', async () => {
    const stuck = open({ command: ['sh', '-c', 'exec sleep 600'], timeoutMs: 200 });
    await rejects(stuck.apply([masquerading]), 'ETIMEDOUT', /no end within 200 ms/);
    await rejects(
      stuck.intact().then(() => stuck.counters()),
      'ETIMEDOUT',
      /no end within 200 ms/,
    );
  });

  it('when the kernel refuses: all is as it was, and what was applied still counts as applied', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'linkd-nft-'));
    try {
      const flag = join(dir, 'refuse');
      const script = `case "$*" in *" -f -") if test -e '${flag}'; then echo 'Error: Operation not supported' >&2; exit 1; fi;; esac; exec "$@"`;
      const refused = open({ command: ['sh', '-c', script, 'sh', ...nftIn(namespace)] });
      await refused.apply([closed]);
      await writeFile(flag, '');
      await rejects(
        refused.apply([masquerading]),
        undefined,
        /^cannot change .*: Error: Operation not supported\. The kernel may lack/,
      );
      assert.equal(await refused.intact(), true);
      assert.equal(normalize(await list('-j list table inet linkd')), await fresh([closed]));
      await rm(flag);
      await refused.apply([masquerading]);
      assert.equal(normalize(await list('-j list table inet linkd')), await fresh([masquerading]));
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe('a transaction', () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    filterOf({
      link: `link-${i}`,
      interface: `tun${i}`,
      antiSpoof: true,
      mssClamp: true,
      firewall: firewallOf({
        policyIn: 'drop',
        allow: Array.from({ length: 20 }, (__, j) => allowed(`tcp ${1000 + j} from 10.${j}.0.0/16`)),
      }),
    }),
  );

  it('that is killed leaves the old or the new, never half', async () => {
    const states = new Map([
      [await fresh([closed]), 'old'],
      [await fresh(many), 'new'],
    ]);
    const scripts = [scriptOf('linkd', rulesetOf(many)), scriptOf('linkd', rulesetOf([closed]))];
    await table.apply([closed]);
    for (let round = 0; round < 24; round++) {
      const child = namespace.spawn('nft', ['-f', '-']);
      child.write(scripts[round % 2] ?? '');
      child.endInput();
      await sleep(randomInt(25));
      await child.stop('SIGKILL', END_TIMEOUT_MS);
      assert.ok(states.has(normalize(await list('-j list table inet linkd'))), `round ${round}`);
    }
  });

  it('whose script is cut short, as linkd was killed while it wrote it, changes nothing', async () => {
    await table.apply([closed]);
    const script = scriptOf('linkd', rulesetOf(many));
    const head = script.indexOf('{') + 1;
    const cuts = [
      head,
      script.indexOf('\n', head),
      script.length - 2,
      ...Array.from({ length: 12 }, () => randomInt(head, script.length - 2)),
    ];
    const lines = Array.from({ length: 6 }, () => script.indexOf('\n\t}\n', randomInt(head, script.length - 200)) + 4);
    for (const cut of [...cuts, ...lines]) {
      const { code } = await namespace.run('nft', ['-f', '-'], { input: script.slice(0, cut) });
      assert.equal(code, 1, `cut at ${cut}`);
      assert.equal(await table.intact(), true, `cut at ${cut}`);
    }
  });
});

function open(options: Partial<NftTableOptions> = {}): NftTable {
  return new NftTable({ log: silent, command: nftIn(namespace), ...options });
}

function list(words: string): Promise<string> {
  return namespace.must('nft', words.split(' '));
}

async function dropped(reason: 'in'): Promise<number> {
  return (await table.counters())['branch']?.[reason] ?? 0;
}

/** The listing of the table as these filters alone make it, in a namespace where nothing else was. */
async function fresh(filters: readonly LinkFilter[]): Promise<string> {
  const script = scriptOf('linkd', rulesetOf(filters));
  const listed = await namespace.must('unshare', ['--net', 'sh', '-c', 'nft -f - && nft -j list table inet linkd'], {
    input: script,
  });
  return normalize(listed);
}

async function rejects(call: Promise<unknown>, code: string | undefined, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof OpError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
