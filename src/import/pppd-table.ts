/**
 * The options of pppd (2.4.9, pppd(8)), and what becomes of each: a key of linkd's config, a fact of which `link.ts` makes
 * something together with others, nothing since linkd has no need of it, or nothing that linkd could do.
 */
export type Fate =
  /** This key, with this value, or with what is made of the argument; undefined: it can't be. */
  | { readonly kind: 'key'; readonly path: string; readonly value: string | ((word: string) => string | undefined) }
  | { readonly kind: 'fact' }
  | { readonly kind: 'needless'; readonly why: string }
  | { readonly kind: 'left'; readonly why: string; readonly instead: string };

export interface PppdOption {
  /** As `link.ts` and people call it. */
  readonly name: string;
  /** How many words follow it. */
  readonly takes: 0 | 1;
  readonly fate: Fate;
  /** What follows it may be secret. */
  readonly secret: boolean;
}

/** The option of this name, or of one of its other names. */
export function findOption(word: string): PppdOption | undefined {
  return table.get(/^nic-./.test(word) ? 'nic-INTERFACE' : word);
}

/** Every name that the table has. */
export function optionNames(): readonly string[] {
  return [...table.keys()];
}

type Row = readonly [names: string, takes: 0 | 1, fate: Fate];

const fact: Fate = { kind: 'fact' };

function facts(takes: 0 | 1, ...names: readonly string[]): readonly Row[] {
  return names.map((name): Row => [name, takes, fact]);
}

function key(path: string, value: Extract<Fate, { kind: 'key' }>['value']): Fate {
  return { kind: 'key', path, value };
}

function needless(why: string): Fate {
  return { kind: 'needless', why };
}

function left(why: string, instead: string): Fate {
  return { kind: 'left', why, instead };
}

function allOf(takes: 0 | 1, fate: Fate, ...names: readonly string[]): readonly Row[] {
  return names.map((name): Row => [name, takes, fate]);
}

/** A decimal number within these, as the config takes it. */
function count(least: number, most: number, unit = ''): (word: string) => string | undefined {
  return (word) => {
    const number = Number(word);
    return /^\d{1,9}$/.test(word) && number >= least && number <= most ? `${number}${unit}` : undefined;
  };
}

const background = needless(
  'linkd runs in the background and logs there; `linkctl log LINK` and `log-level` show more',
);
const oneTimer = left('linkd has one set of timers for all of PPP', 'see `lcp.restart` and the keys beside it');
const authTimer = needless('authentication has the timers of linkd');
const noTls = left('linkd does not speak EAP-TLS', 'let the peer ask for one of the methods of docs/authentication.md');
const noSrp = left('linkd does not speak SRP', 'let the peer ask for one of the methods of docs/authentication.md');
const noIpx = needless('IPX is not carried');
const isDefault = needless("it is linkd's default");
const noPppoe = left('PPPoE runs over Ethernet, and linkd over serial lines', 'leave this connection to pppd');
const noFilter = left('linkd does not read the language of tcpdump', 'say it by `when.count` and `when.ignore`');
const limits = left('linkd counts calendar months', 'see `quota`');

const rows: readonly Row[] = [
  // The line
  ...facts(0, 'crtscts', 'nocrtscts -crtscts', 'xonxoff', 'modem', 'local', 'notty'),
  ...facts(1, 'connect', 'disconnect', 'init', 'pty', 'socket'),
  ['cdtrcts', 0, left('linkd knows no flow control by DTR', 'wire RTS, or use `flow: none`')],
  ['nocdtrcts -cdtrcts', 0, isDefault],
  ['lock', 0, needless('linkd always locks its port')],
  ['nolock', 0, left('linkd always locks its port', 'another program that has the port has to let go of it')],
  ['sync', 0, left('linkd frames asynchronously', 'leave this line to pppd')],
  ['stop-bits', 1, left('linkd uses one stop bit', 'set the far end to one')],
  ['datarate', 1, left('linkd goes by the speed of the port', 'see `line.speed`')],
  ['welcome', 1, left('linkd runs nothing between dialing and PPP', 'make it the end of `dial.chat`')],
  ['record', 1, left('linkd records no octets', 'see `linkctl log LINK`, or record on the line')],
  ['connect-delay', 1, needless("linkd waits for the peer's first frame by itself")],
  ['child-timeout', 1, needless('linkd waits for its programs by itself')],
  // Addresses
  ...facts(0, 'noipdefault', 'ipcp-accept-local', 'ipcp-accept-remote', 'noip -ip', 'noremoteip'),
  ['netmask', 1, needless('a point-to-point interface has none')],
  ['ipcp-no-addresses ipcp-no-address', 0, left('linkd always agrees on addresses', '')],
  ['nosendip', 0, left('linkd always tells its address', '')],
  ['usepeerdns', 0, key('ipcp.dns.ask', 'on')],
  ...facts(1, 'ms-dns', 'ms-wins', 'ms-wins-addr'),
  ...facts(0, 'defaultroute', 'nodefaultroute -defaultroute', 'replacedefaultroute', 'noreplacedefaultroute'),
  ...facts(1, 'defaultroute-metric'),
  ...facts(0, 'defaultroute6', 'nodefaultroute6 -defaultroute6'),
  ...facts(0, 'proxyarp', 'noproxyarp -proxyarp'),
  ...facts(0, '+ipv6', 'noipv6 -ipv6', 'ipv6cp-use-ipaddr'),
  ...facts(1, 'ipv6'),
  ['ipv6cp-use-persistent', 0, left('linkd draws the identifier by lot', 'write one as `ipv6.local`')],
  ['ipv6cp-use-remotenumber', 0, left('linkd knows no number of the peer', 'write the identifier as `ipv6.remote`')],
  ['ipv6cp-accept-local', 0, left('linkd takes the identifier of the config, or draws one', 'leave out `ipv6.local`')],
  ['ipv6cp-accept-remote', 0, left('linkd takes what the peer has unless told otherwise', 'leave out `ipv6.remote`')],
  ...facts(0, 'novj -vj', 'novjccomp -vjccomp'),
  ...facts(1, 'vj-max-slots'),
  // LCP
  ['mru', 1, key('lcp.mru', count(64, 16384))],
  ['mtu', 1, key('mtu', count(68, 16384))],
  ['default-mru -mru', 0, needless('1500 is what linkd asks for unless told otherwise')],
  ...facts(1, 'asyncmap', 'escape', 'lcp-echo-interval', 'lcp-echo-failure'),
  ...facts(0, 'default-asyncmap -am'),
  ['-as', 1, fact],
  ['nomagic -mn', 0, key('lcp.magic', 'off')],
  ['nopcomp -pc', 0, key('lcp.pfc', 'off')],
  ['noaccomp -ac', 0, key('lcp.acfc', 'off')],
  ['passive -p', 0, key('lcp.passive', 'on')],
  ['silent', 0, key('lcp.silent', 'on')],
  ['lcp-echo-adaptive', 0, needless('linkd asks seldom while packets come anyway')],
  ['lcp-restart', 1, key('lcp.restart', count(1, 60, 's'))],
  ['lcp-max-configure', 1, key('lcp.max-configure', count(1, 255))],
  ['lcp-max-terminate', 1, key('lcp.max-terminate', count(1, 255))],
  ['lcp-max-failure', 1, key('lcp.max-failure', count(1, 255))],
  ['receive-all', 0, left('linkd drops octets that are to be escaped, as RFC 1662 says', 'correct the peer')],
  ...['ipcp', 'ipv6cp'].flatMap((net) =>
    allOf(1, oneTimer, `${net}-restart`, `${net}-max-terminate`, `${net}-max-configure`, `${net}-max-failure`),
  ),
  // Compression
  ...facts(0, 'noccp -ccp', 'nobsdcomp -bsdcomp', 'nodeflate -deflate', 'predictor1', 'nopredictor1 -predictor1'),
  ...facts(1, 'bsdcomp', 'deflate', 'mppe'),
  ...facts(0, 'require-mppe +mppe', 'require-mppe-40 +mppe-40', 'require-mppe-128 +mppe-128', 'nomppe -mppe'),
  ...facts(0, 'nomppe-40 -mppe-40', 'nomppe-128 -mppe-128', 'mppe-stateful', 'nomppe-stateful'),
  ['nodeflatedraft', 0, needless("linkd does not speak the draft's Deflate")],
  ['noecp -ecp', 0, isDefault],
  // Multilink
  ['multilink mp', 0, key('multilink', 'on')],
  ['nomultilink nomp', 0, key('multilink', 'off')],
  ['mrru', 1, key('multilink.mrru', count(64, 16384))],
  ['mpshortseq', 0, key('multilink.short-sequence', 'on')],
  ['nompshortseq', 0, needless('linkd takes long numbers as well')],
  ['endpoint', 1, left('its kinds are written otherwise', 'see `multilink.endpoint`')],
  ['noendpoint', 0, needless('linkd names itself only with Multilink')],
  ['bundle', 1, left('linkd puts the lines of one link together', 'see `lines`')],
  // Authentication
  ...facts(0, 'auth', 'noauth', 'login', 'papcrypt', 'usehostname'),
  ...facts(1, 'name', 'user', 'remotename', 'password', '+ua', 'chap-interval', 'eap-interval'),
  ...facts(0, 'require-pap +pap', 'require-chap +chap', 'require-mschap +mschap', 'require-mschap-v2 +mschap-v2'),
  ...facts(0, 'require-eap', 'refuse-pap -pap', 'refuse-chap -chap', 'refuse-mschap -mschap'),
  ...facts(0, 'refuse-mschap-v2 -mschap-v2', 'refuse-eap'),
  ['domain', 1, left('linkd goes by the plain name of the machine', 'write the whole one as `auth.name`')],
  ['hide-password', 0, needless('linkd shows no secret')],
  ['show-password', 0, left('linkd shows no secret', '')],
  ['allow-ip', 1, left('linkd gives addresses by the config, or by the secrets', 'see `remote` and `ipcp`')],
  ['remotenumber', 1, left('linkd knows no numbers of callers', 'let `auth.require` ask them')],
  ['allow-number', 1, left('linkd knows no numbers of callers', 'let `auth.require` ask them')],
  ['privgroup', 1, left('linkd needs no privileged users', 'see `steer` for who may steer the link')],
  ['enable-session', 0, needless('linkd keeps its own history: `linkctl history`')],
  ['chapms-strip-domain', 0, left('linkd takes names as they come', "write the domain in front of the secrets' names")],
  ...allOf(1, authTimer, 'chap-restart', 'chap-timeout', 'chap-max-challenge', 'pap-restart', 'pap-timeout'),
  ...allOf(1, authTimer, 'pap-max-authreq', 'eap-restart', 'eap-timeout', 'eap-max-sreq', 'eap-max-rreq'),
  ...allOf(1, noTls, 'ca', 'capath', 'cert', 'key', 'crl', 'crl-dir', 'max-tls-version'),
  ['need-peer-eap', 0, noTls],
  ...allOf(1, noSrp, 'srp-interval', 'srp-pn-secret'),
  ['srp-use-pseudonym', 0, noSrp],
  ['callback', 1, left('linkd does not ask to be called back', 'call, or let the far end call')],
  // When
  ...facts(0, 'demand', 'persist', 'nopersist'),
  ...facts(1, 'idle'),
  ['maxconnect', 1, key('when.longest', count(10, 2_592_000, 's'))],
  ['holdoff', 1, key('restart.quick', count(1, 3600, 's'))],
  ['maxfail', 1, key('restart.max-attempts', count(0, 1_000_000))],
  ['active-filter', 1, noFilter],
  ['pass-filter', 1, left('linkd does not read the language of tcpdump', 'see `firewall`')],
  ...allOf(1, limits, 'maxoctets', 'mo-direction', 'mo-timeout', 'mo'),
  // The process
  ...facts(1, 'file', 'call'),
  ...facts(1, 'unit', 'ifname', 'ipparam', 'plugin'),
  ['linkname', 1, needless('the link has its name')],
  ...allOf(0, background, 'nodetach -detach', 'updetach', 'master_detach', 'up_sdnotify', 'debug -d', 'dump', 'nolog'),
  ...allOf(1, background, 'kdebug', 'logfile', 'logfd'),
  ['nologfd', 0, background],
  ['dryrun', 0, needless('`linkctl check` reads the config, and does nothing')],
  ['ktune', 0, left('linkd switches forwarding on, and leaves the rest of the kernel alone', 'see `forward`')],
  ['noktune', 0, isDefault],
  ['ip-up-script ip-down-script ip-pre-up-script', 1, left('a script of its own', 'see `hooks`, `{run: …, pppd: on}`')],
  ['set', 1, left("linkd's hooks have variables of their own", 'see docs/hooks.md, or `hooks.ipparam`')],
  ['unset', 1, left("linkd's hooks have variables of their own", 'see docs/hooks.md')],
  // What linkd has nothing to do with
  ...allOf(0, noIpx, 'ipx +ipx', 'noipx -ipx', 'ipxcp-accept-network', 'ipxcp-accept-local', 'ipxcp-accept-remote'),
  ...allOf(1, noIpx, 'ipx-network', 'ipx-node', 'ipx-routing', 'ipx-router-name', 'ipxcp-restart'),
  ...allOf(1, noIpx, 'ipxcp-max-terminate', 'ipxcp-max-configure', 'ipxcp-max-failure'),
  ['nic-INTERFACE', 0, noPppoe],
  ...allOf(1, noPppoe, 'pppoe-service rp_pppoe_service', 'pppoe-ac rp_pppoe_ac', 'pppoe-sess rp_pppoe_sess'),
  ...allOf(1, noPppoe, 'pppoe-verbose rp_pppoe_verbose', 'pppoe-mac', 'pppoe-host-uniq host-uniq'),
  ...allOf(1, noPppoe, 'pppoe-padi-timeout', 'pppoe-padi-attempts'),
];

/** Arguments that are, or may hold, a password. */
const secretOnes: readonly string[] = ['password', 'srp-pn-secret', 'set'];

const table: ReadonlyMap<string, PppdOption> = new Map(
  rows.flatMap(([names, takes, fate]) => {
    const [name = '', ...others] = names.split(' ');
    const option: PppdOption = { name, takes, fate, secret: secretOnes.includes(name) };
    return [name, ...others].map((each): [string, PppdOption] => [each, option]);
  }),
);
