/** How links end and come back: by either side's word, by silence, by time. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { story, up, type Case, type Topic } from '../case.js';
import { LINK, WAIT_MS, type Stand } from '../stand.js';

/** Exit statuses of pppd(8). */
const exits = { signal: 5, idle: 12, maxconnect: 13 } as const;
const persist = ['persist', 'maxfail', '0', 'holdoff', '1'];
const quickEcho = { lcp: { echo: { interval: '500ms', failures: 2 } } };

async function backWithTraffic(stand: Stand): Promise<void> {
  await stand.untilUp();
  await stand.carryTraffic();
}

async function pppdExits(stand: Stand, status: number): Promise<void> {
  assert.equal(await stand.pppd.exited(WAIT_MS), status, "pppd's exit status");
}

const terminate: readonly Case[] = [
  {
    name: 'Terminate by linkd',
    expect: up({
      then: story('linkctl down: pppd is told, and ends', async (stand) => {
        assert.equal((await stand.linkd.ctl('down', LINK)).code, 0);
        await stand.untilCause('requested');
        await stand.pppd.untilLogged(/rcvd \[LCP TermReq .*"taken down by command"\]/, WAIT_MS);
        await stand.pppd.exited(WAIT_MS);
      }),
    }),
  },
  {
    name: 'the link is taken out of the config',
    expect: up({ then: story('a reload: pppd is told, and ends', (stand) => stand.removeLink()) }),
  },
  {
    name: 'Terminate by pppd',
    expect: up({
      then: story('SIGTERM to pppd: peer-terminated, with its reason', async (stand) => {
        await stand.pppd.signal('TERM');
        const { last_cause } = await stand.untilCause('peer-terminated');
        assert.match(last_cause?.detail ?? '', /User request/);
        await pppdExits(stand, exits.signal);
      }),
    }),
  },
  {
    name: 'linkctl restart, with a pppd that persists',
    pppd: persist,
    expect: up({
      then: story('ends and comes back', async (stand) => {
        assert.equal((await stand.linkd.ctl('restart', LINK)).code, 0);
        await stand.pppd.untilLogged(/rcvd \[LCP TermReq/, WAIT_MS);
        await stand.pppd.untilLogged(/Connection terminated/, WAIT_MS);
        await backWithTraffic(stand);
      }),
    }),
  },
  {
    name: 'SIGHUP to a pppd that persists',
    pppd: persist,
    expect: up({
      then: story('peer-terminated, and comes back', async (stand) => {
        await stand.pppd.signal('HUP');
        await stand.untilCause('peer-terminated');
        await stand.pppd.untilLogged(/Connection terminated/, WAIT_MS);
        await backWithTraffic(stand);
      }),
    }),
  },
];

const silence: readonly Case[] = [
  {
    name: 'pppd is stopped (SIGSTOP)',
    linkd: quickEcho,
    expect: up({
      then: story('peer-dead, and comes back when pppd goes on', async (stand) => {
        await stand.pppd.signal('STOP');
        await stand.untilCause('peer-dead');
        await stand.pppd.signal('CONT');
        await backWithTraffic(stand);
      }),
    }),
  },
  {
    name: 'the cable is pulled, pppd counts echoes',
    linkd: quickEcho,
    pppd: ['lcp-echo-interval', '1', 'lcp-echo-failure', '2'],
    expect: up({
      then: story('peer-dead; pppd ends by lcp-echo-failure', async (stand) => {
        stand.cable.pull();
        try {
          await stand.untilCause('peer-dead');
          await stand.pppd.untilLogged(/No response to 2 echo-requests/, WAIT_MS);
          await stand.pppd.exited(WAIT_MS);
        } finally {
          stand.cable.plug();
        }
      }),
    }),
  },
  {
    name: 'the cable is pulled and plugged, pppd persists',
    linkd: quickEcho,
    pppd: ['lcp-echo-interval', '1', 'lcp-echo-failure', '2', ...persist],
    expect: up({
      then: story('comes back', async (stand) => {
        stand.cable.pull();
        try {
          await stand.untilCause('peer-dead');
          await stand.pppd.untilLogged(/No response to 2 echo-requests/, WAIT_MS);
        } finally {
          stand.cable.plug();
        }
        await backWithTraffic(stand);
      }),
    }),
  },
  {
    name: 'echoes of both sides while nothing fails',
    linkd: quickEcho,
    pppd: ['lcp-echo-interval', '1', 'lcp-echo-failure', '2'],
    expect: up({
      then: story('three quiet seconds later it is up, and never was down', async (stand) => {
        await setTimeout(3000); // pppd logs the first of its echoes only
        const { since, session } = await stand.link();
        assert.ok(Date.now() - Date.parse(since) > 3000 && (session?.echo_rtt_ms ?? 0) > 0);
        assert.doesNotMatch(stand.pppd.log, /No response/);
        await stand.carryTraffic();
      }),
    }),
  },
];

const time: readonly Case[] = [
  {
    name: 'pppd counts idle time',
    linkd: { lcp: { echo: '300ms' } },
    pppd: ['idle', '2'],
    expect: up({
      then: story('peer-terminated: linkd’s echoes keep nothing awake', async (stand) => {
        const { last_cause } = await stand.untilCause('peer-terminated');
        assert.match(last_cause?.detail ?? '', /Link inactive/);
        await pppdExits(stand, exits.idle);
      }),
    }),
  },
  {
    name: 'pppd limits the connect time',
    pppd: ['maxconnect', '4'],
    expect: up({
      then: story('peer-terminated', async (stand) => {
        const { last_cause } = await stand.untilCause('peer-terminated');
        assert.match(last_cause?.detail ?? '', /Connect time expired/);
        await pppdExits(stand, exits.maxconnect);
      }),
    }),
  },
];

const anew: readonly Case[] = [
  {
    name: 'pppd is killed, the next one starts over',
    expect: up({
      then: story('comes up with the new one, the line stays open', async (stand) => {
        await stand.pppd.stop('KILL');
        await stand.startPppd();
        await backWithTraffic(stand);
      }),
    }),
  },
  {
    name: 'pppd is killed, the next one has other options',
    expect: up({
      then: story('the new options hold', async (stand) => {
        await stand.pppd.stop('KILL');
        await stand.startPppd(['mru', '600', 'asyncmap', '200', 'nopcomp']);
        await stand.linkd.until(
          LINK,
          'has the new MRU',
          ({ session }) => session?.options['tx-mru'] === '600',
          WAIT_MS,
        );
        await backWithTraffic(stand);
      }),
    }),
  },
  {
    name: 'linkd is killed, the next one starts over',
    expect: up({
      then: story('pppd negotiates anew with the new one', async (stand) => {
        await stand.replaceLinkd();
        await backWithTraffic(stand);
      }),
    }),
  },
];

const starts: readonly Case[] = [
  { name: 'pppd comes late', late: 'pppd', expect: up() },
  { name: 'linkd comes late', late: 'linkd', expect: up() },
  { name: 'pppd is passive, linkd comes late', late: 'linkd', pppd: ['passive'], expect: up() },
  { name: 'pppd is silent', pppd: ['silent'], expect: up() },
  { name: 'linkd is passive, pppd comes late', late: 'pppd', linkd: { lcp: { passive: true } }, expect: up() },
  {
    name: 'linkd is passive, pppd comes after it has given up asking',
    late: 'pppd',
    linkd: { lcp: { passive: true, 'max-configure': 2 } },
    expect: up(),
  },
  { name: 'linkd is silent', linkd: { lcp: { silent: true } }, expect: up() },
  { name: 'both are passive', linkd: { lcp: { passive: true } }, pppd: ['passive'], expect: up() },
  { name: 'linkd is silent, pppd comes late', late: 'pppd', linkd: { lcp: { silent: true } }, expect: up() },
];

export const endings: Topic = { name: 'Ends and ways back', cases: [...terminate, ...silence, ...time, ...anew] };
export const beginnings: Topic = { name: 'Beginnings', cases: starts };
