/** What pppd is told about one connection → a link: the options that stand alone by the table, the others together here. */
import { formatIp4, parseIp4, type Ip4 } from '../base/ip.js';
import type { Account } from './account.js';
import { carryAuth, type Secrets } from './auth.js';
import { carryCompression } from './compression.js';
import { carryConnect, carryDisconnect, carryInit, programOf, readCommand, type Said } from './connect.js';
import type { Draft } from './draft.js';
import type { Files } from './files.js';
import type { Setting, Settings } from './settings.js';

export interface World {
  readonly files: Files;
  readonly account: Account;
  readonly secrets: Secrets;
  /** Variables of the script that calls pppd. */
  readonly variables: ReadonlyMap<string, string>;
  /** Somebody starts it when the machine starts. */
  readonly startsAlone: boolean;
  /** These are the options of a port, on which a getty starts pppd. */
  readonly isPort: boolean;
  /** What a section of wvdial.conf says about dialing; false: there is none of this name. */
  readonly carryWvdial: (draft: Draft, section: string, by: Setting) => boolean;
}

/** Fills a draft with what the settings say. Every one of them is entered in the account. */
export function fillLink(draft: Draft, settings: Settings, world: World): void {
  carryLine(draft, settings);
  carryTable(draft, settings);
  carryDialing(draft, settings, world);
  carryModemLines(draft, settings);
  carryAddresses(draft, settings, world.files);
  carryIpv6(draft, settings);
  carryRoutes(draft, settings);
  carryNames(draft, settings);
  carryLcp(draft, settings);
  carryVj(draft, settings);
  carryCompression(draft, settings);
  carryAuth(draft, settings, world.secrets, world.files);
  carryCallers(draft, settings, world);
  carryTimes(draft, settings, world.startsAlone);
  carryRest(draft, settings);
}

/** Options that say one thing by themselves. */
function carryTable(draft: Draft, settings: Settings): void {
  for (const name of new Set(settings.list.map((setting) => setting.name))) {
    const fate = settings.all(name)[0]?.option?.fate;
    if (fate === undefined || fate.kind === 'fact') continue;
    if (fate.kind !== 'key') {
      for (const { given } of settings.all(name)) {
        if (fate.kind === 'needless') draft.needless(given, fate.why);
        else draft.leave(given, fate.why, fate.instead);
      }
      continue;
    }
    const setting = settings.last(draft, name);
    if (setting === undefined) continue;
    const value = typeof fate.value === 'string' ? fate.value : fate.value(setting.argument);
    if (value === undefined) draft.leave(setting.given, `linkd can't take this for \`${fate.path}\``, 'see its limits');
    else draft.carry(fate.path, value, setting.given);
  }
}

function carryLine(draft: Draft, settings: Settings): void {
  const at = settings.last(draft, 'device', 'pty', 'socket', 'notty');
  const speed = settings.last(draft, 'speed');
  const flow = settings.last(draft, 'crtscts', 'nocrtscts', 'xonxoff');
  if (at?.name === 'device') {
    draft.carry('line.serial', at.argument.startsWith('/') ? at.argument : `/dev/${at.argument}`, at.given);
    if (speed === undefined)
      draft.hint('No speed is given; pppd leaves it as the port has it, linkd sets 115200 baud.');
    else carrySpeed(draft, speed);
    if (flow === undefined) draft.assume('line.flow', 'none', 'pppd is not told of any');
    else if (flow.name === 'crtscts') draft.carry('line.flow', 'rtscts', flow.given);
    else draft.carry('line.flow', flow.name === 'xonxoff' ? 'xonxoff' : 'none', flow.given);
    return;
  }
  for (const setting of [speed, flow]) {
    if (setting !== undefined) draft.needless(setting.given, 'it is for a serial port, and here is none');
  }
  if (at?.name === 'pty') carryPty(draft, at);
  else if (at?.name === 'socket') draft.carry('line.tcp', at.argument, at.given);
  else if (at?.name === 'notty')
    draft.leave(at.given, 'pppd uses what it is started with', 'see `line: {terminal: on}` and `linkctl answer`');
  else draft.hint('No port is named here: write `line`.');
}

function carrySpeed(draft: Draft, { argument, given }: Setting): void {
  const speed = Number(argument);
  if (speed >= 50 && speed <= 4_000_000) draft.carry('line.speed', String(speed), given);
  else draft.leave(given, 'it is no speed of a serial port', 'see `line.speed`');
}

function carryPty(draft: Draft, { argument, given }: Setting): void {
  const words = programOf(argument) ?? ['/bin/sh', '-c', argument];
  draft.carry('line.exec', [...words], given);
  draft.assume('line.pty', 'on', 'as pppd has it');
}

function carryDialing(draft: Draft, settings: Settings, world: World): void {
  const said = (setting: Setting): Said => readCommand(world, setting.argument);
  const connect = settings.last(draft, 'connect');
  if (connect !== undefined) {
    const command = said(connect);
    if (command.kind === 'chat') carryConnect(draft, world, command, connect.given);
    else if (command.kind === 'nothing') draft.needless(connect.given, 'it does nothing');
    else if (command.kind !== 'wvdial' || !world.carryWvdial(draft, command.section, connect)) {
      const why = command.kind === 'other' ? command.why : `wvdial.conf has no section ${command.section}`;
      draft.leave(connect.given, why, 'write `dial`, see docs/dialing.md');
    }
  }
  const init = settings.last(draft, 'init');
  if (init !== undefined) carryInit(draft, said(init), init.given);
  const disconnect = settings.last(draft, 'disconnect');
  if (disconnect !== undefined) carryDisconnect(draft, said(disconnect), disconnect.given);
}

export function dials(draft: Draft): boolean {
  return [...draft.entries.keys()].some((path) => path.startsWith('dial.'));
}

/** `modem` and `local`: whether the carrier counts. */
function carryModemLines(draft: Draft, settings: Settings): void {
  const setting = settings.last(draft, 'modem', 'local');
  if (setting === undefined) return;
  const { name, given } = setting;
  if (!draft.has('line.serial')) draft.needless(given, 'it is for a serial port, and here is none');
  else if (name === 'local') draft.carry('line.carrier', 'ignore', given);
  else if (dials(draft) || settings.has('auth', 'login', 'init'))
    draft.needless(given, 'linkd watches the carrier once it was seen');
  else draft.carry('line.carrier', 'require', given);
}

function carryAddresses(draft: Draft, settings: Settings, files: Files): void {
  const given = settings.last(draft, 'addresses');
  // 0.0.0.0 leaves an address open, as none does.
  const [local = '', remote = ''] = given?.argument.split(':').map((side) => (side === '0.0.0.0' ? '' : side)) ?? [];
  const noDefault = settings.last(draft, 'noipdefault');
  const ownAddress = hostAddress(files, local);
  if (given !== undefined && local + remote === '') draft.needless(given.given, 'it names no address');
  if (given !== undefined && local !== '' && ownAddress === undefined)
    draft.leave(given.given, `it is not known here which address ${local} has`, 'write it as `local`');
  if (given !== undefined && ownAddress !== undefined) draft.carry('local', ownAddress, given.given);
  else if (noDefault !== undefined) draft.carry('local', 'from-peer', noDefault.given);
  else
    draft.assume(
      'local',
      'from-peer',
      'nothing is given; pppd takes the address of the machine, and lets the peer say',
    );
  if (given !== undefined && remote !== '') {
    const address = hostAddress(files, remote);
    draft.carry('remote', address ?? { host: remote }, given.given);
  } else draft.assume('remote', 'from-peer', 'nothing is given');
  if (noDefault !== undefined && ownAddress !== undefined) draft.needless(noDefault.given, 'the address is given');
  for (const side of ['local', 'remote'] as const) {
    const accept = settings.last(draft, `ipcp-accept-${side}`);
    if (accept === undefined) continue;
    if (draft.text(side) === 'from-peer') draft.needless(accept.given, '`from-peer` takes any');
    else if (settings.has('demand')) draft.needless(accept.given, 'a link that sleeps keeps its addresses');
    else draft.carry(`ipcp.accept-${side}`, 'any', accept.given);
  }
  const noIp = settings.last(draft, 'noip');
  if (noIp !== undefined) {
    draft.carry('ipv4', 'off', noIp.given);
    draft.drop('local');
    draft.drop('remote');
  }
  const noRemote = settings.last(draft, 'noremoteip');
  if (noRemote !== undefined)
    draft.leave(noRemote.given, 'linkd needs an address of the peer', 'write one as `remote`');
}

/** An address as it is, or of a host in /etc/hosts. */
function hostAddress(files: Files, name: string): string | undefined {
  const address = parseIp4(name);
  if (address !== undefined) return formatIp4(address);
  if (name === '') return undefined;
  for (const line of files.readText('/etc/hosts')?.split('\n') ?? []) {
    const [number = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    const found: Ip4 | undefined = names.includes(name) ? parseIp4(number) : undefined;
    if (found !== undefined && found >>> 24 !== 127) return formatIp4(found);
  }
  return undefined;
}

function carryIpv6(draft: Draft, settings: Settings): void {
  const on = settings.last(draft, '+ipv6', 'noipv6');
  if (on?.name === '+ipv6') draft.carry('ipv6', 'on', on.given);
  else if (on !== undefined) draft.needless(on.given, "it is linkd's default");
  const identifiers = settings.last(draft, 'ipv6');
  if (identifiers !== undefined) {
    const [local = '', remote = ''] = identifiers.argument.split(',');
    draft.drop('ipv6');
    if (local !== '') draft.carry('ipv6.local', local, identifiers.given);
    if (remote !== '') draft.carry('ipv6.remote', remote, identifiers.given);
    if (local === '' && remote === '') draft.leave(identifiers.given, 'it names no identifier', 'see `ipv6`');
  }
  const fromIpv4 = settings.last(draft, 'ipv6cp-use-ipaddr');
  if (fromIpv4 === undefined) return;
  const own = parseIp4(draft.text('local') ?? '');
  if (own === undefined || draft.has('ipv6.local')) {
    draft.needless(fromIpv4.given, own === undefined ? 'the address is not known' : 'an identifier is given');
    return;
  }
  draft.drop('ipv6');
  draft.carry('ipv6.local', `::${(own >>> 16).toString(16)}:${(own & 0xffff).toString(16)}`, fromIpv4.given);
}

function carryRoutes(draft: Draft, settings: Settings): void {
  const wanted = settings.last(draft, 'defaultroute', 'nodefaultroute');
  const metric = settings.last(draft, 'defaultroute-metric');
  const replaces = settings.last(draft, 'replacedefaultroute', 'noreplacedefaultroute');
  const six = settings.last(draft, 'defaultroute6', 'nodefaultroute6');
  const isOn = wanted?.name === 'defaultroute';
  if (isOn) draft.carry('default-route', 'on', wanted.given);
  else if (wanted !== undefined) draft.needless(wanted.given, 'linkd makes none unless told to');
  if (six?.name === 'defaultroute6') draft.carry('default-route', 'on', six.given);
  else if (six !== undefined && isOn)
    draft.leave(six.given, 'it holds for both families', 'write the networks as `networks`');
  else if (six !== undefined) draft.needless(six.given, 'linkd makes none unless told to');
  if (metric !== undefined) {
    if (isOn && /^\d{1,9}$/.test(metric.argument)) {
      draft.drop('default-route');
      draft.carry('default-route.metric', metric.argument, metric.given);
      draft.credit('default-route', wanted.given);
    } else draft.needless(metric.given, 'there is no default route, or it is like any other');
  }
  if (replaces !== undefined) {
    if (isOn && replaces.name === 'replacedefaultroute') {
      draft.drop('default-route');
      draft.carry('default-route.supersede', 'on', replaces.given);
    } else draft.needless(replaces.given, 'linkd replaces none unless told to');
  }
  const proxy = settings.last(draft, 'proxyarp', 'noproxyarp');
  if (proxy?.name === 'proxyarp') draft.carry('proxy-arp', ['peer'], proxy.given);
  else if (proxy !== undefined) draft.needless(proxy.given, "it is linkd's default");
}

function carryNames(draft: Draft, settings: Settings): void {
  for (const kind of ['dns', 'wins'] as const) {
    const offered = settings.all(`ms-${kind}`, `ms-${kind}-addr`);
    for (const { argument, given } of offered.slice(0, 2)) {
      const address = parseIp4(argument);
      if (address === undefined) draft.leave(given, 'it is no address', `write it as \`ipcp.${kind}.offer\``);
      else draft.add(`ipcp.${kind}.offer`, formatIp4(address), given);
    }
    for (const { given } of offered.slice(2)) draft.leave(given, 'PPP tells of two at most', '');
  }
}

function carryLcp(draft: Draft, settings: Settings): void {
  const maps = settings.all('asyncmap', '-as');
  const all = settings.last(draft, 'default-asyncmap');
  if (all !== undefined) {
    draft.carry('lcp.asyncmap', 'all', all.given);
    for (const { given } of maps) draft.needless(given, 'all characters are escaped');
  } else if (maps.length > 0) {
    const isHex = maps.every(({ argument }) => /^(?:0x)?[0-9a-f]{1,8}$/i.test(argument));
    const map = maps.reduce((sum, { argument }) => (sum | Number.parseInt(argument, 16)) >>> 0, 0);
    const givens = maps.map(({ given }) => given);
    if (isHex) draft.carry('lcp.asyncmap', map === 0 ? 'none' : `0x${map.toString(16).padStart(8, '0')}`, ...givens);
    else for (const given of givens) draft.leave(given, 'it is no map of 32 bits', 'see `lcp.asyncmap`');
  }
  const escapes = settings.last(draft, 'escape');
  if (escapes !== undefined) {
    const octets = escapes.argument.split(',').filter((octet) => octet !== '');
    const isHex = octets.length > 0 && octets.every((octet) => /^(?:0x)?[0-9a-f]{1,2}$/i.test(octet));
    if (isHex)
      draft.carry(
        'lcp.escape',
        octets.map((octet) => `0x${octet.replace(/^0x/i, '').toLowerCase()}`),
        escapes.given,
      );
    else draft.leave(escapes.given, 'it is no list of hexadecimal numbers', 'see `lcp.escape`');
  }
  const interval = settings.last(draft, 'lcp-echo-interval');
  const failures = settings.last(draft, 'lcp-echo-failure');
  const seconds = Number(interval?.argument ?? 0);
  if (interval !== undefined) {
    if (seconds >= 1 && seconds <= 3600) draft.carry('lcp.echo.interval', `${seconds}s`, interval.given);
    else if (seconds === 0) draft.carry('lcp.echo.interval', 'off', interval.given);
    else draft.leave(interval.given, 'linkd asks once an hour at least', 'see `lcp.echo`');
  }
  if (failures === undefined) return;
  const times = Number(failures.argument);
  if (times >= 1 && times <= 255) draft.carry('lcp.echo.failures', failures.argument, failures.given);
  else if (interval === undefined) draft.carry('lcp.echo.interval', 'off', failures.given);
  else draft.leave(failures.given, 'linkd ends a link whose peer is silent', 'see `lcp.echo.failures`');
}

function carryVj(draft: Draft, settings: Settings): void {
  const off = settings.last(draft, 'novj');
  const noSlots = settings.last(draft, 'novjccomp');
  const slots = settings.last(draft, 'vj-max-slots');
  if (off !== undefined) draft.carry('ipcp.vj', 'off', off.given);
  for (const setting of [noSlots, slots]) {
    if (off !== undefined && setting !== undefined) draft.needless(setting.given, 'the method is off');
  }
  if (off !== undefined) return;
  if (noSlots !== undefined) draft.carry('ipcp.vj.slot-compression', 'off', noSlots.given);
  if (slots === undefined) return;
  if (/^\d{1,3}$/.test(slots.argument) && Number(slots.argument) >= 1 && Number(slots.argument) <= 256)
    draft.carry('ipcp.vj.slots', slots.argument, slots.given);
  else draft.leave(slots.given, 'it is no number of slots', 'see `ipcp.vj.slots`');
}

/** A port with a modem, nothing to dial, and callers who have to prove themselves: others call here. */
function carryCallers(draft: Draft, settings: Settings, { isPort }: World): void {
  const waits = draft.has('line.serial') && !settings.has('local') && !dials(draft);
  if (!waits || !(settings.has('login') || isPort) || !draft.has('auth.require')) return;
  const hasAccounts = draft.has('auth.secrets.pap') || draft.has('auth.peer-secret.file');
  if (hasAccounts) draft.assume('answer.login', {}, 'in the place of the getty, which has to let go of the port');
  else if (!draft.has('answer.rings')) draft.assume('answer.rings', '1', 'the callers prove themselves by PPP');
}

function carryTimes(draft: Draft, settings: Settings, startsAlone: boolean): void {
  const demand = settings.last(draft, 'demand');
  const idle = settings.last(draft, 'idle');
  const persist = settings.last(draft, 'persist', 'nopersist');
  const isFixed = (['local', 'remote'] as const).every((side) => parseIp4(draft.text(side) ?? '') !== undefined);
  const answers = [...draft.entries.keys()].some((path) => path.startsWith('answer.'));
  if (demand !== undefined && answers)
    draft.leave(demand.given, 'the others call here', 'call them by a link of its own');
  else if (demand !== undefined) {
    if (isFixed) {
      draft.carry('when.demand', 'on', demand.given);
    } else
      draft.leave(
        demand.given,
        'a link that sleeps needs both addresses beforehand',
        'write `local` and `remote`, and then `when: {demand: on}`; until then it waits for `linkctl up`',
      );
  }
  if (idle !== undefined) {
    const seconds = Number(idle.argument);
    if (seconds >= 2 && seconds <= 86_400) draft.carry('when.idle', `${seconds}s`, idle.given);
    else if (seconds === 0) draft.needless(idle.given, 'it is switched off');
    else draft.leave(idle.given, 'it is none of 2 seconds to 24 hours', 'see `when.idle`');
  }
  if (persist?.name === 'persist') draft.needless(persist.given, 'linkd tries again by itself');
  else if (persist !== undefined)
    draft.leave(persist.given, 'linkd tries again by itself', 'use `linkctl up` and `down`, or `when.longest`');
  const calls = dials(draft) && draft.text('dial.modem') !== 'windows-server';
  if (calls && !startsAlone && (demand === undefined || !isFixed))
    draft.assume('autostart', 'off', `it dials when told to: \`linkctl up ${draft.name}\``);
}

function carryRest(draft: Draft, settings: Settings): void {
  const name = settings.last(draft, 'ifname', 'unit');
  if (name !== undefined) {
    const value = name.name === 'unit' ? `ppp${name.argument}` : name.argument;
    if (/^[A-Za-z0-9][\w.-]{0,14}$/.test(value)) draft.carry('interface', value, name.given);
    else draft.leave(name.given, 'it is no name for an interface', 'see `interface`');
  } else if (draft.name.length > 15)
    draft.assume('interface', draft.name.slice(0, 15), 'the name of the link is too long for one');
  const param = settings.last(draft, 'ipparam');
  if (param !== undefined && param.argument !== '')
    draft.carry('hooks.ipparam', param.argument.slice(0, 255), param.given);
  else if (param !== undefined) draft.needless(param.given, 'it is empty');
  for (const { argument, given } of settings.all('plugin')) {
    const isEthernet = argument.includes('pppoe');
    if (isEthernet) draft.leave(given, 'PPPoE runs over Ethernet, and linkd over serial lines', 'leave it to pppd');
    else draft.leave(given, 'linkd has no plugins', 'see what it did, and whether linkd does so itself');
  }
  const unknown = settings.has('plugin') ? 'it is an option of a plugin' : "pppd's manual has no such option";
  for (const { given } of settings.all('unknown')) draft.leave(given, unknown, 'see what it did');
}
