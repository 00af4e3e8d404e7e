/** What a hook is told: every variable and argument, compared in full and with the tables of docs/hooks.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hookArguments, hookEnvironment } from '../../src/hooks/environment.js';
import { hookMoments } from '../../src/hooks/options.js';
import { root as project } from '../support/root.js';
import { call, documentedVariables, facts, fewFacts, hook } from './rig.js';

const system = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  LANG: 'C',
};

const everything = {
  ...system,
  LINKD_MOMENT: 'up',
  LINKD_LINK: 'branch',
  LINKD_STATE: 'up',
  LINKD_CAUSE: 'carrier-lost',
  LINKD_CAUSE_SUMMARY: 'the carrier was lost',
  LINKD_CAUSE_DETAIL: 'ttyS0',
  LINKD_INTERFACE: 'br0',
  LINKD_DEVICE: '/dev/ttyS0',
  LINKD_SPEED: '115200',
  LINKD_LOCAL: '10.0.0.1',
  LINKD_REMOTE: '10.0.0.2',
  LINKD_LOCAL6: 'fe80::1',
  LINKD_REMOTE6: 'fe80::2',
  LINKD_DNS: '10.2.0.53 10.2.0.54',
  LINKD_WINS: '10.2.0.9',
  LINKD_PREVIOUS_LOCAL: '10.0.0.7',
  LINKD_PREVIOUS_REMOTE: '10.0.0.8',
  LINKD_MTU: '1500',
  LINKD_NETWORKS: '10.2.0.0/16 10.3.0.0/24',
  LINKD_METRIC: '100',
  LINKD_UP_SECONDS: '61',
  LINKD_RX_BYTES: '1234',
  LINKD_TX_BYTES: '5678',
  LINKD_IPPARAM: 'office',
  LINKD_CONTROL: '/run/linkd/control.sock',
  LINKD_PID: '4711',
  LINKD_HOOK_ID: 'the-id',
};

const pppd = {
  DEVICE: '/dev/ttyS0',
  IFNAME: 'br0',
  IPLOCAL: '10.0.0.1',
  IPREMOTE: '10.0.0.2',
  LLLOCAL: 'fe80::1',
  LLREMOTE: 'fe80::2',
  DNS1: '10.2.0.53',
  DNS2: '10.2.0.54',
  USEPEERDNS: '1',
  SPEED: '115200',
  ORIG_UID: '0',
  PPPLOGNAME: 'root',
  PPPD_PID: '4711',
  LINKNAME: 'branch',
  CONNECT_TIME: '61',
  BYTES_SENT: '5678',
  BYTES_RCVD: '1234',
};

const likePppd = hook(['/etc/ppp/ip-up'], { pppd: true });

describe('the environment of a hook', () => {
  it('has every fact of the link', () => {
    assert.deepEqual(hookEnvironment(call()), everything);
  });

  it('has the same names, empty, where nothing is known', () => {
    const environment = hookEnvironment(call({ facts: fewFacts, ipparam: '' }));
    assert.deepEqual(Object.keys(environment), Object.keys(everything));
    const full = Object.entries(environment).filter(([name, value]) => name.startsWith('LINKD_') && value !== '');
    assert.deepEqual(
      full.map(([name]) => name),
      ['MOMENT', 'LINK', 'STATE', 'INTERFACE', 'DEVICE', 'PID', 'HOOK_ID'].map((name) => `LINKD_${name}`),
    );
  });

  for (const moment of hookMoments) {
    it(`names the moment ${moment}`, () => {
      assert.equal(hookEnvironment(call({ moment }))['LINKD_MOMENT'], moment);
    });
  }

  it('has the home and the name of the user whom it runs as', () => {
    const user = { name: 'mail', uid: 8, gid: 8, home: '/var/mail' };
    const environment = hookEnvironment(call({ user, hook: likePppd }));
    assert.deepEqual([environment['HOME'], environment['USER'], environment['LOGNAME']], ['/var/mail', 'mail', 'mail']);
    // pppd's two are those of whoever called it.
    assert.deepEqual([environment['ORIG_UID'], environment['PPPLOGNAME']], ['0', 'root']);
  });

  it("has pppd's variables as well when it is called as pppd would", () => {
    assert.deepEqual(hookEnvironment(call({ hook: likePppd })), { ...everything, ...pppd });
  });

  it("leaves those of pppd's out that pppd would", () => {
    const environment = hookEnvironment(call({ hook: likePppd, facts: fewFacts }));
    const left = Object.keys(pppd).filter((name) => !(name in environment));
    assert.deepEqual(left, [
      'IPLOCAL',
      'IPREMOTE',
      'LLLOCAL',
      'LLREMOTE',
      'DNS1',
      'DNS2',
      'USEPEERDNS',
      'CONNECT_TIME',
      'BYTES_SENT',
      'BYTES_RCVD',
    ]);
    assert.equal(environment['SPEED'], '0');
  });

  it('holds no control characters, whatever a fact contains', () => {
    const cause = { code: 'auth-unsupported', detail: 'a\0b\nLINKD_LINK=x\u001b[2J' } as const;
    const environment = hookEnvironment(call({ facts: { ...facts, cause } }));
    assert.equal(environment['LINKD_CAUSE_DETAIL'], 'a b LINKD_LINK=x [2J');
  });
});

describe('the arguments of a hook', () => {
  const cases = [
    { name: 'are those of the config', call: call({ hook: hook(['/x', 'a b', '']) }), expected: ['a b', ''] },
    {
      name: "are pppd's six",
      call: call({ hook: likePppd }),
      expected: ['br0', '/dev/ttyS0', '115200', '10.0.0.1', '10.0.0.2', 'office'],
    },
    {
      name: "are pppd's six behind the config's",
      call: call({ hook: hook(['/x', 'own'], { pppd: true }) }),
      expected: ['own', 'br0', '/dev/ttyS0', '115200', '10.0.0.1', '10.0.0.2', 'office'],
    },
    {
      name: 'are six also when little is known',
      call: call({ hook: likePppd, facts: fewFacts, ipparam: '' }),
      expected: ['br0', '/dev/ttyS0', '0', '', '', ''],
    },
  ];
  for (const { name, call: one, expected } of cases) {
    it(name, () => {
      assert.deepEqual(hookArguments(one), expected);
    });
  }
});

describe('docs/hooks.md', () => {
  const text = readFileSync(join(project, 'docs/hooks.md'), 'utf8');
  const tables = { environment: everything, pppd };
  for (const [table, expected] of Object.entries(tables)) {
    it(`lists the variables: ${table}`, () => {
      assert.deepEqual(documentedVariables(table), Object.keys(expected));
    });
  }

  it('tells of every moment', () => {
    for (const moment of hookMoments) assert.match(text, new RegExp(`^\\| \`${moment}\` \\|`, 'm'));
  });
});
