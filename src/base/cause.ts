/**
 * Why a link is not up: every reason that linkd knows, each with what a person can do about it and how soon a retry makes
 * sense. `docs/troubleshooting.md` lists the same table.
 */

/**
 * How soon to try again: `quick` at once and then quickly, `poll` at a steady short pace (cheap to try), `slow` with long
 * pauses (a refusal or a mismatch rarely heals by itself), `planned` as soon as the config's `when` allows it, `stay` not at
 * all until told to.
 */
export type Retry = 'quick' | 'poll' | 'slow' | 'planned' | 'stay';

interface CauseFacts {
  readonly summary: string;
  readonly remedy: string;
  readonly retry: Retry;
}

const causes = {
  // The line could not be opened.
  'device-missing': {
    summary: 'the device does not exist',
    remedy: 'Plug it in, or correct `line`; `ls -l /dev/serial/by-id` lists the serial ports by their stable names.',
    retry: 'poll',
  },
  'device-denied': {
    summary: 'permission to open the device was refused',
    remedy: 'Add the user that runs linkd to the group that owns the device (on Debian: dialout).',
    retry: 'slow',
  },
  'device-busy': {
    summary: 'another program holds the device',
    remedy: 'End the program that holds it (a getty, a terminal program, another linkd), or use another port.',
    retry: 'poll',
  },
  'device-failed': {
    summary: 'the device cannot be used',
    remedy:
      'Check that it is a serial port, and that it knows the speed and the flow control that the config asks for.',
    retry: 'slow',
  },
  'connection-refused': {
    summary: 'the connection was refused',
    remedy: 'Start the listener at the far end, or correct the host and the port.',
    retry: 'quick',
  },
  'connection-timeout': {
    summary: 'nothing answered the connection attempt',
    remedy: 'Check the network and any firewall between here and the host.',
    retry: 'quick',
  },
  'connection-failed': {
    summary: 'the connection could not be made',
    remedy: 'Check the name, the route and the network to the host.',
    retry: 'quick',
  },
  'listen-failed': {
    summary: 'the address cannot be listened on',
    remedy: 'Use an address of this machine and a port or path that nothing else uses.',
    retry: 'slow',
  },
  'terminal-server-refused': {
    summary: 'the terminal server refuses what the line needs',
    remedy:
      'See what it refuses. Enable RFC 2217 on that port of the server (ser2net: `telnet(rfc2217)`), and ask for a speed and flow control that it knows.',
    retry: 'slow',
  },
  'terminal-server-silent': {
    summary: 'the terminal server does not answer by telnet',
    remedy:
      'Check the port: it must be one for telnet with RFC 2217. For a raw TCP port of a terminal server use `tcp`.',
    retry: 'slow',
  },
  'program-failed': {
    summary: 'the program could not be started',
    remedy: 'Check that the command exists, by its absolute path, and is executable.',
    retry: 'slow',
  },
  // The call did not come about.
  'modem-silent': {
    summary: 'the modem does not answer',
    remedy:
      'Switch it on; check the cable, the speed of the port and that `line` is the modem; `linkctl log` shows what was said.',
    retry: 'slow',
  },
  'modem-error': {
    summary: 'the modem refused a command',
    remedy: 'Correct the `init` of `dial` or `answer` by the manual of the modem; the detail shows the command.',
    retry: 'slow',
  },
  'no-dialtone': {
    summary: 'there is no dial tone',
    remedy:
      'Plug the telephone line in; behind a private exchange, let `dial.prefix` get the outside line, or add `X3` to `dial.init`.',
    retry: 'slow',
  },
  'number-busy': {
    summary: 'the number is busy',
    remedy: 'Wait, or give `dial.number` further numbers.',
    retry: 'slow',
  },
  'call-unanswered': {
    summary: 'nobody answered the call',
    remedy: 'Check the number, and the modem at the far end: it has to answer.',
    retry: 'slow',
  },
  'call-no-carrier': {
    summary: 'the call brought no carrier',
    remedy: 'Check the number, and that a modem answers there which ours can talk with; on GSM, check `dial.apn`.',
    retry: 'slow',
  },
  'call-delayed': {
    summary: 'the modem delays further calls to the number',
    remedy: 'Wait: after several failures many modems have to, by law. Correct what made the calls fail.',
    retry: 'slow',
  },
  'call-blacklisted': {
    summary: 'the modem calls the number no more',
    remedy: 'Switch the modem off and on; correct what made the calls fail.',
    retry: 'slow',
  },
  'sim-refused': {
    summary: 'the SIM cannot be used',
    remedy:
      'Give `dial.pin` the right PIN, then `linkctl up`: it is not tried again by itself, lest the SIM gets locked.',
    retry: 'stay',
  },
  'not-registered': {
    summary: 'the modem finds no mobile network',
    remedy: 'Check the antenna, the contract of the SIM, and the bands that the modem knows.',
    retry: 'slow',
  },
  'chat-failed': {
    summary: 'the chat script failed',
    remedy: 'Compare what the far end says with `dial.chat`; `linkctl log` shows the conversation.',
    retry: 'slow',
  },
  'login-failed': {
    summary: 'the login led to no PPP',
    remedy: 'Answer what the far end asks for by `dial.login` (`user`, `menu`, `command`), or by a chat script.',
    retry: 'slow',
  },
  'login-refused': {
    summary: 'the far end refused the user or the password',
    remedy: 'Correct `dial.login.user` and its `secret`.',
    retry: 'slow',
  },
  // Of callers; the next one is waited for.
  'caller-refused': {
    summary: 'the caller did not log in',
    remedy:
      "Compare the caller's user and password with the secrets of `auth`; `answer.login` says how long they may take.",
    retry: 'quick',
  },
  // The line ended.
  'carrier-lost': {
    summary: 'the carrier was lost',
    remedy: 'Check the cable and the device at the far end.',
    retry: 'quick',
  },
  'line-hangup': {
    summary: 'the line was hung up',
    remedy: 'Check the cable and the program at the far end.',
    retry: 'quick',
  },
  'device-unplugged': {
    summary: 'the device was unplugged',
    remedy: 'Plug it in again; a name below /dev/serial/by-id finds it at any socket.',
    retry: 'poll',
  },
  'line-closed': {
    summary: 'the far end closed the connection',
    remedy: 'Look at the log of the far end.',
    retry: 'quick',
  },
  'connection-reset': {
    summary: 'the connection was reset',
    remedy: 'Look at the log of the far end and at the network in between.',
    retry: 'quick',
  },
  'program-exited': {
    summary: 'the program of the line ended',
    remedy: 'Run its command by hand and look at what it prints.',
    retry: 'quick',
  },
  // PPP did not come up.
  'no-answer': {
    summary: 'the peer is silent',
    remedy:
      'Check that the peer is running, that the cable is a null modem (crossed), and that both ends use one speed and flow control.',
    retry: 'quick',
  },
  'not-ppp': {
    summary: 'the peer sends something, but no PPP',
    remedy: 'Start PPP at the far end; if it shows a login prompt, log in first. Check that both ends use one speed.',
    retry: 'quick',
  },
  'not-8-bit-clean': {
    summary: 'the line is not 8-bit clean',
    remedy: 'Set 8 data bits and no parity at both ends and on everything in between.',
    retry: 'slow',
  },
  loopback: {
    summary: 'the line is looped back: we hear ourselves',
    remedy: 'Take out the loopback plug, or make the far end run PPP instead of echoing.',
    retry: 'slow',
  },
  'lcp-failed': {
    summary: 'the link options could not be agreed on',
    remedy: 'Compare the `lcp` options of both ends.',
    retry: 'slow',
  },
  'ipcp-failed': {
    summary: 'the addresses could not be agreed on',
    remedy:
      "Compare `local` and `remote` of both ends: each must be the other's mirror. A peer that proves who it is needs its address, or `*`, in the fourth column of its secret.",
    retry: 'slow',
  },
  'ip-refused': { summary: 'the peer refuses to carry IPv4', remedy: 'Enable IPv4 (IPCP) at the peer.', retry: 'slow' },
  'ipv6cp-failed': {
    summary: 'IPv6 could not be agreed on',
    remedy: 'Compare `ipv6` and the MRU of both ends: IPv6 needs identifiers that differ, and packets of 1280 octets.',
    retry: 'slow',
  },
  'ipv6-refused': {
    summary: 'the peer refuses to carry IPv6',
    remedy: 'Enable IPv6 (IPV6CP) at the peer, or let the link carry IPv4 as well.',
    retry: 'slow',
  },
  'pool-exhausted': {
    summary: 'no address is left for the peer',
    remedy: 'Widen the pool that `remote` names, or take down a link that holds one of its addresses.',
    retry: 'poll',
  },
  'name-unresolved': {
    summary: "the host name of the peer's address could not be resolved",
    remedy: 'Correct `remote`, or put the name into /etc/hosts, which needs no network.',
    retry: 'quick',
  },
  'multilink-refused': {
    summary: 'the line cannot join the other lines of its link',
    remedy:
      'Have all `lines` lead to the same peer, and let it bundle them (pppd: `multilink`, and the same name on each).',
    retry: 'slow',
  },
  'auth-unsupported': {
    summary: 'the peer insists on authentication in a way that linkd has no secret for, or is not to use',
    remedy:
      'Give `auth` a secret for the peer, accept its method by `auth.accept`, or tell the peer not to ask (pppd: `noauth`).',
    retry: 'slow',
  },
  'auth-failed': {
    summary: 'the peer does not believe us to be who we say',
    remedy: 'Compare `auth.user` and its secret with what the peer knows; see the log of the peer.',
    retry: 'slow',
  },
  'auth-no-secret': {
    summary: 'the peer asks who we are, and there is no secret for it',
    remedy:
      'Add a line for `auth.user` and the name of the peer to the secrets, or set `auth.remotename` where the peer gives no name.',
    retry: 'slow',
  },
  'peer-auth-failed': {
    summary: 'the peer could not prove who it is',
    remedy:
      'Compare its name and secret at both ends: the peer needs a line in the secrets here; `auth.require` says how it is asked.',
    retry: 'slow',
  },
  'secrets-failed': {
    summary: 'the secrets cannot be read',
    remedy:
      'See the message. A file with secrets must exist, belong to the user that runs linkd, and be closed to all others (chmod 600).',
    retry: 'slow',
  },
  'encryption-refused': {
    summary: 'packets can not be encrypted, and must not go out otherwise',
    remedy:
      'Enable MPPE at the peer, with a length of key that both ends allow, and authentication by MS-CHAP or MS-CHAPv2; or set `compression.mppe` to optional.',
    retry: 'slow',
  },
  'protocol-error': {
    summary: 'the peer rejected what PPP cannot do without',
    remedy: 'Look at the log of the peer; its PPP is broken or of another kind.',
    retry: 'slow',
  },
  // The link was up and ended.
  'peer-terminated': { summary: 'the peer ended the link', remedy: 'Look at the log of the peer.', retry: 'quick' },
  'peer-dead': { summary: 'the peer no longer answers', remedy: 'Check the cable and the peer.', retry: 'quick' },
  'line-quality': {
    summary: 'the line loses too much',
    remedy:
      'Check the cable, its length and screening, the speed and the flow control; `lqr` says how much is too much.',
    retry: 'quick',
  },
  restless: {
    summary: 'the peer negotiates anew all the time',
    remedy: 'Look at the log of the peer.',
    retry: 'slow',
  },
  unhealthy: {
    summary: 'nothing behind the peer answers',
    remedy: 'Check the network behind the peer, and `track` of the config.',
    retry: 'quick',
  },
  'quota-used-up': {
    summary: "the month's quota is used up",
    remedy: 'Raise `quota` in the config, or wait for the month to end.',
    retry: 'slow',
  },
  // The config says so, by `when`.
  idle: {
    summary: 'there was no traffic',
    remedy:
      'Nothing needs to be done. `when.idle` says how long it may last, `when.count` and `when.ignore` what counts.',
    retry: 'planned',
  },
  'outside-hours': {
    summary: 'it is not the time for it',
    remedy: 'Wait, change `when.hours`, or dial all the same: linkctl up.',
    retry: 'planned',
  },
  'longest-reached': {
    summary: 'the connection lasted as long as it may',
    remedy: 'Nothing needs to be done; `when.longest` says how long it may last.',
    retry: 'planned',
  },
  'calls-used-up': {
    summary: 'there were as many calls within an hour as there may be',
    remedy:
      'Wait, raise `when.calls-per-hour`, or dial all the same: linkctl up. Look at the log for why there were so many.',
    retry: 'planned',
  },
  'minutes-used-up': {
    summary: 'the line was open today for as long as it may be',
    remedy: 'Wait for midnight, raise `when.minutes-per-day`, or dial all the same: linkctl up.',
    retry: 'planned',
  },
  'not-needed': {
    summary: 'the link whose place it takes is up',
    remedy: 'Nothing needs to be done; `when.while-down` names the other link.',
    retry: 'planned',
  },
  'by-hand': {
    summary: 'its line was taken by hand',
    remedy:
      'Wait until `linkctl term` ends, or hang up: linkctl down. linkctl up begins PPP on a line that was left open.',
    retry: 'planned',
  },
  // This machine.
  'tun-failed': {
    summary: 'the TUN device cannot be used',
    remedy: 'linkd needs /dev/net/tun and CAP_NET_ADMIN.',
    retry: 'slow',
  },
  'tun-deleted': {
    summary: 'the TUN interface was deleted by another program',
    remedy: 'Leave the interface to linkd; it has made it anew.',
    retry: 'quick',
  },
  'network-failed': {
    summary: 'addresses or routes could not be installed',
    remedy: 'See the message; another program may hold the same address or route.',
    retry: 'slow',
  },
  internal: {
    summary: 'linkd made a mistake',
    remedy: 'Please report it with the log; linkd goes on by itself.',
    retry: 'slow',
  },
  // Someone said so.
  'not-started': { summary: 'not started yet', remedy: 'linkctl up starts it.', retry: 'stay' },
  requested: { summary: 'taken down by command', remedy: 'linkctl up starts it again.', retry: 'stay' },
  'restart-requested': { summary: 'restarted by command', remedy: 'Nothing needs to be done.', retry: 'quick' },
  shutdown: { summary: 'linkd is shutting down', remedy: 'Start linkd again.', retry: 'stay' },
  'config-removed': {
    summary: 'the link was taken out of the config',
    remedy: 'Put it back, and reload.',
    retry: 'stay',
  },
  'config-changed': {
    summary: 'the config of the link was changed',
    remedy: 'Nothing needs to be done: the link starts with its new config.',
    retry: 'quick',
  },
  'handed-over': {
    summary: 'a new linkd took the place of this one',
    remedy: 'Nothing needs to be done: the link goes on there.',
    retry: 'quick',
  },
} as const satisfies Record<string, CauseFacts>;

export type CauseCode = keyof typeof causes;

/** One occurrence of a cause: the code is stable, the detail is this time's particulars (a path, an errno, a speed). */
export interface Cause {
  readonly code: CauseCode;
  readonly detail: string | undefined;
}

export function cause(code: CauseCode, detail?: string): Cause {
  return { code, detail };
}

/** What is known of every occurrence of a cause. */
export function causeFacts(code: CauseCode): CauseFacts {
  return causes[code];
}

/** One sentence for a log or a status: `the device does not exist (/dev/ttyUSB0)`. */
export function describeCause({ code, detail }: Cause): string {
  return detail === undefined ? causes[code].summary : `${causes[code].summary} (${detail})`;
}

export const causeCodes: readonly CauseCode[] = Object.keys(causes).filter((code): code is CauseCode => code in causes);
