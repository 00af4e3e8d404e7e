/**
 * linkd and Debian's pppd over a null-modem cable at 115200 baud, with static addresses at both ends.
 *
 *     host 10.1.0.2 ── 10.1.0.1 router ══ pty, null modem, ttyS0 ══ guest (10.2.0.1 on lo)
 *                        linkd 10.0.0.1                      10.0.0.2 pppd
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Daemon, TempDir } from '../support/daemon.js';
import { Lab, type Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import { PppdGuest, type Pppd } from './pppd-guest.js';

const WAIT_MS = 60_000;
const OCTETS = 20_000;
const transfer = join(import.meta.dirname, '../support/tcp-transfer.js');

/** As a router would run it for good; a link that ended is brought up again. */
const pppdOptions = [
  ...['10.0.0.2:10.0.0.1', 'persist', 'maxfail', '0', 'holdoff', '1'],
  ...['lcp-echo-interval', '1', 'lcp-echo-failure', '4'],
];

const config = (device: string): string => `
links:
  branch:
    line: {serial: ${device}, speed: 115200, flow: none}
    local: 10.0.0.1
    remote: 10.0.0.2
    networks: [10.2.0.0/16]
    lcp:
      echo: {interval: 1s, failures: 4}
`;

describe('linkd with pppd', { timeout: 280_000 }, () => {
  /** What `before` made, the last first. */
  const ends: (() => Promise<void> | void)[] = [];
  let guest: PppdGuest;
  let lab: Lab;
  let dir: TempDir;
  let host: Namespace;
  let router: Namespace;
  let linkd: Daemon;
  let pppd: Pppd;

  before(async () => {
    lab = await Lab.create();
    ends.unshift(() => lab.close());
    dir = await TempDir.create();
    ends.unshift(() => dir.dispose());
    host = await lab.namespace('host');
    router = await lab.namespace('router');
    await lab.connect(
      { in: host, name: 'eth0', address: '10.1.0.2/16' },
      { in: router, name: 'lan0', address: '10.1.0.1/16' },
    );
    await host.ip('route add default via 10.1.0.1');
    await router.sysctl('net.ipv4.ip_forward', '1');

    guest = await PppdGuest.boot();
    ends.unshift(() => guest.close());
    await guest.must(
      [
        'ip address add 10.2.0.1/32 dev lo',
        // Called by pppd when IP is up; $1 is the interface.
        `printf '#!/bin/sh\\nip route replace 10.1.0.0/16 dev $1 src 10.2.0.1\\n' >/etc/ppp/ip-up`,
        'chmod 755 /etc/ppp/ip-up',
      ].join('\n'),
    );
    const modem = new NullModem({
      a: { kind: 'pty', link: dir.file('tty') },
      b: { kind: 'fd', fd: guest.line },
      baud: 115_200,
    });
    ends.unshift(() => {
      modem.close();
    });
  });

  after(async () => {
    for (const end of ends) await end();
  });

  /** Each step goes on where the one before has left off; what follows a failed one fails at once. */
  let failed: string | undefined;
  const step = (name: string, act: () => Promise<void>): void => {
    it(name, async () => {
      assert.equal(failed, undefined, 'an earlier step failed');
      failed = name;
      await act();
      failed = undefined;
    });
  };

  const startLinkd = async (name: string): Promise<void> => {
    linkd = await Daemon.start(router, dir, name, config(dir.file('tty')));
  };

  /** Pings and checksummed transfers, both ways. */
  const carryTraffic = async (): Promise<void> => {
    await guest.must('until ip route show 10.1.0.0/16 | grep -q ppp; do sleep 0.1; done', WAIT_MS);
    assert.equal((await lab.ping(host, '10.2.0.1', { timeoutMs: 10_000 })).loss, 0, 'pings to the guest');
    await guest.must('ping -c 3 -i 0.2 -W 10 -I 10.2.0.1 10.1.0.2', WAIT_MS);

    const node = `'${process.execPath}' '${transfer}'`;
    const receivePort = await guest.must(
      `rm -f /run/port; ${node} receive 10.2.0.1 ${WAIT_MS} >/run/port 2>&1 &
       until [ -s /run/port ]; do sleep 0.1; done; cat /run/port`,
    );
    const args = [transfer, 'send', '10.2.0.1', receivePort.trim(), String(OCTETS), String(WAIT_MS)];
    assert.match(await host.must(process.execPath, args), /"intact":true/, 'the transfer to the guest');

    const receiver = host.spawn(process.execPath, [transfer, 'receive', '10.1.0.2', String(WAIT_MS)]);
    try {
      const [port] = await receiver.printed(/^\d+$/m, WAIT_MS);
      const sent = await guest.must(`${node} send 10.1.0.2 ${port} ${OCTETS} ${WAIT_MS}`, WAIT_MS);
      assert.match(sent, /"intact":true/, 'the transfer from the guest');
    } finally {
      await receiver.stop();
    }
  };

  step('comes up with the addresses of the config, and carries traffic both ways', async () => {
    pppd = await guest.startPppd(pppdOptions);
    await startLinkd('first');
    const { session, errors } = await linkd.untilUp('branch', WAIT_MS);
    await pppd.untilUp(WAIT_MS);
    assert.deepEqual([session?.local_address, session?.remote_address], ['10.0.0.1', '10.0.0.2']);
    assert.equal(errors['fcs'], undefined, 'a clean line has no FCS errors');
    await carryTraffic();
  });

  step('measures the round trip of an echo', async () => {
    await linkd.until('branch', 'has a round trip', ({ session }) => (session?.echo_rtt_ms ?? 0) > 0, WAIT_MS);
  });

  step('sees pppd end, and comes up again with the next one', async () => {
    await pppd.stop();
    await linkd.untilCause('branch', 'peer-terminated', WAIT_MS);
    pppd = await guest.startPppd(pppdOptions);
    await pppd.untilUp(WAIT_MS);
    await linkd.untilUp('branch', WAIT_MS);
    await carryTraffic();
  });

  step('comes up again with a pppd that follows one that was killed', async () => {
    await pppd.stop('KILL');
    pppd = await guest.startPppd(pppdOptions);
    await pppd.untilUp(WAIT_MS);
    await linkd.untilUp('branch', WAIT_MS);
    await carryTraffic();
  });

  step('says goodbye to pppd when it ends, and is answered when it is back', async () => {
    linkd.signal('SIGTERM');
    assert.equal((await linkd.exited(5000)).code, 0);
    await pppd.untilLogged(/rcvd \[LCP TermReq/, WAIT_MS);
    await startLinkd('second');
    await linkd.untilUp('branch', WAIT_MS);
    await carryTraffic();
  });

  step('comes up again after it was killed', async () => {
    await linkd.stop('SIGKILL');
    await startLinkd('third');
    await linkd.untilUp('branch', WAIT_MS);
    await carryTraffic();
  });
});
