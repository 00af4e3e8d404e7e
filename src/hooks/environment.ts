/**
 * What a hook is told: its environment and its arguments. Nothing is inherited from linkd, and no secret is ever in here.
 * `docs/hooks.md` lists the same names. Pure.
 */
import { causeFacts, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { formatIp4, formatPrefix, type Ip4, type IpPrefix } from '../base/ip.js';
import type { Hook, HookMoment, HookOptions } from './options.js';

/** What is known of the link when its hooks run. What is undefined is not known, or has no meaning at that moment. */
export interface LinkFacts {
  readonly link: string;
  /** The state of the link's life. */
  readonly state: string;
  /** Why the link is in this state, or why it last left `up`. */
  readonly cause: Cause | undefined;
  readonly interface: string;
  /** The line's name: the device's path for a serial port. Its arguments, where it is a program, are left out. */
  readonly device: string;
  /** In baud. */
  readonly speed: number | undefined;
  /** The addresses that were agreed on; before that, and after, those of the config. */
  readonly local: Ip4 | undefined;
  readonly remote: Ip4 | undefined;
  /** The link-local addresses, while the link carries IPv6. */
  readonly local6: string | undefined;
  readonly remote6: string | undefined;
  /** The name servers that the peer told us of. */
  readonly dns: readonly Ip4[];
  readonly wins: readonly Ip4[];
  /** The addresses before they changed. */
  readonly previous: { readonly local: Ip4; readonly remote: Ip4 } | undefined;
  /** The largest IP packet we send, in octets. */
  readonly mtu: number | undefined;
  /** The networks behind the peer. */
  readonly networks: readonly IpPrefix[];
  /** The metric of the link's routes. */
  readonly metric: number | undefined;
  /** The session, so far or as a whole: how long the link has been up, and octets of IP in each direction. */
  readonly upMs: Millis | undefined;
  readonly rxBytes: number | undefined;
  readonly txBytes: number | undefined;
  /** The path of linkd's control socket. */
  readonly control: string | undefined;
}

/** A user of this machine. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** One run of one hook. */
export interface HookCall {
  readonly hook: Hook;
  readonly moment: HookMoment;
  readonly ipparam: HookOptions['ipparam'];
  readonly facts: LinkFacts;
  /** Unique to this run: by it the processes are known that the hook has started. */
  readonly id: string;
  /** Whom the hook runs as. */
  readonly user: User;
  /** linkd itself. */
  readonly linkd: { readonly pid: number; readonly user: User };
}

/** The variable that carries `HookCall.id`. */
export const ID_VARIABLE = 'LINKD_HOOK_ID';

/** The whole environment of a hook. `LINKD_…` are always there, and empty when there is nothing to tell. */
export function hookEnvironment(call: HookCall): Readonly<Record<string, string>> {
  const { user, hook } = call;
  const system = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    LANG: 'C',
  };
  const all = { ...system, ...linkdVariables(call), ...(hook.pppd ? pppdVariables(call) : {}) };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, oneLine(value)]));
}

/** The arguments of a hook: the config's, and behind them pppd's six, if it is called as pppd would. */
export function hookArguments({ hook, facts, ipparam }: HookCall): readonly string[] {
  const [, ...own] = hook.command;
  if (!hook.pppd) return own;
  // pppd(8), /etc/ppp/ip-up: interface-name tty-device speed local-IP-address remote-IP-address ipparam.
  const six = [facts.interface, facts.device, pppdSpeed(facts), address(facts.local), address(facts.remote), ipparam];
  return [...own, ...six.map(oneLine)];
}

function linkdVariables({ moment, ipparam, facts, id, linkd }: HookCall): Record<string, string> {
  const { cause, previous } = facts;
  return {
    LINKD_MOMENT: moment,
    LINKD_LINK: facts.link,
    LINKD_STATE: facts.state,
    LINKD_CAUSE: cause?.code ?? '',
    LINKD_CAUSE_SUMMARY: cause === undefined ? '' : causeFacts(cause.code).summary,
    LINKD_CAUSE_DETAIL: cause?.detail ?? '',
    LINKD_INTERFACE: facts.interface,
    LINKD_DEVICE: facts.device,
    LINKD_SPEED: number(facts.speed),
    LINKD_LOCAL: address(facts.local),
    LINKD_REMOTE: address(facts.remote),
    LINKD_LOCAL6: facts.local6 ?? '',
    LINKD_REMOTE6: facts.remote6 ?? '',
    LINKD_DNS: facts.dns.map(formatIp4).join(' '),
    LINKD_WINS: facts.wins.map(formatIp4).join(' '),
    LINKD_PREVIOUS_LOCAL: address(previous?.local),
    LINKD_PREVIOUS_REMOTE: address(previous?.remote),
    LINKD_MTU: number(facts.mtu),
    LINKD_NETWORKS: facts.networks.map(formatPrefix).join(' '),
    LINKD_METRIC: number(facts.metric),
    LINKD_UP_SECONDS: seconds(facts.upMs),
    LINKD_RX_BYTES: number(facts.rxBytes),
    LINKD_TX_BYTES: number(facts.txBytes),
    LINKD_IPPARAM: ipparam,
    LINKD_CONTROL: facts.control ?? '',
    LINKD_PID: String(linkd.pid),
    [ID_VARIABLE]: id,
  };
}

/** As pppd(8) has them under SCRIPTS: there when there is something to tell. PEERNAME needs an authenticated peer. */
function pppdVariables({ facts, linkd }: HookCall): Record<string, string> {
  return {
    DEVICE: facts.device,
    IFNAME: facts.interface,
    ...present('IPLOCAL', address(facts.local)),
    ...present('IPREMOTE', address(facts.remote)),
    ...present('LLLOCAL', facts.local6 ?? ''),
    ...present('LLREMOTE', facts.remote6 ?? ''),
    ...present('DNS1', address(facts.dns[0])),
    ...present('DNS2', address(facts.dns[1])),
    ...present('USEPEERDNS', facts.dns.length > 0 ? '1' : ''),
    SPEED: pppdSpeed(facts),
    ORIG_UID: String(linkd.user.uid),
    PPPLOGNAME: linkd.user.name,
    PPPD_PID: String(linkd.pid),
    LINKNAME: facts.link,
    ...present('CONNECT_TIME', seconds(facts.upMs)),
    ...present('BYTES_SENT', number(facts.txBytes)),
    ...present('BYTES_RCVD', number(facts.rxBytes)),
  };
}

/** pppd has 0 where the device has no speed. */
function pppdSpeed({ speed }: LinkFacts): string {
  return String(speed ?? 0);
}

function address(value: Ip4 | undefined): string {
  return value === undefined ? '' : formatIp4(value);
}

function number(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function seconds(duration: Millis | undefined): string {
  return duration === undefined ? '' : String(Math.floor(duration / 1000));
}

function present(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value };
}

/** A variable can't hold NUL, and what a peer said must not pass for another line where a hook prints it. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
