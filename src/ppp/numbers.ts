/** The numbers of the standards: protocols, codes and option types, with the names that people know them by. */

/** The PPP Protocol field. RFC 1661 §2 */
export const Protocol = {
  ip: 0x0021,
  /** TCP with compressed headers, and what begins a slot. RFC 1332 §4 */
  vjCompressed: 0x002d,
  vjUncompressed: 0x002f,
  ip6: 0x0057,
  /** A compressed datagram. RFC 1962 §2 */
  compressed: 0x00fd,
  /** A fragment of a packet that several lines carry. RFC 1990 §3 */
  multilink: 0x003d,
  ipcp: 0x8021,
  ipv6cp: 0x8057,
  ccp: 0x80fd,
  lcp: 0xc021,
  /** Link-Quality-Report. RFC 1989 */
  lqr: 0xc025,
  pap: 0xc023,
  chap: 0xc223,
  eap: 0xc227,
} as const;

/** The Code field. 1 to 7 are common to all control protocols, the rest is LCP's, and CCP's. RFC 1661 §5, RFC 1570 §1, RFC 1962 §3 */
export const Code = {
  configureRequest: 1,
  configureAck: 2,
  configureNak: 3,
  configureReject: 4,
  terminateRequest: 5,
  terminateAck: 6,
  codeReject: 7,
  protocolReject: 8,
  echoRequest: 9,
  echoReply: 10,
  discardRequest: 11,
  identification: 12,
  timeRemaining: 13,
  resetRequest: 14,
  resetAck: 15,
} as const;

/** RFC 1661 §6, RFC 1662 §7 */
export const LcpOption = {
  mru: 1,
  accm: 2,
  authentication: 3,
  /** RFC 1989 §2.5 */
  quality: 4,
  magic: 5,
  pfc: 7,
  acfc: 8,
  /** RFC 1990 §5.1 */
  mrru: 17,
  shortSequence: 18,
  endpoint: 19,
  /** RFC 2686 §6.1 */
  multilinkHeader: 27,
} as const;

/** RFC 1332 §3, RFC 1877 */
export const IpcpOption = {
  compression: 2,
  ipAddress: 3,
  primaryDns: 129,
  primaryWins: 130,
  secondaryDns: 131,
  secondaryWins: 132,
} as const;

/** RFC 1962 §4, RFC 1979 §3, RFC 3078 §2 */
export const CcpOption = {
  predictor1: 1,
  mppe: 18,
  bsd: 21,
  /** What Deflate had before it was given its own. */
  deflateDraft: 24,
  deflate: 26,
} as const;

/** RFC 5072 §4 */
export const Ipv6cpOption = { interfaceIdentifier: 1 } as const;

/** What a link has without negotiation. RFC 1661 §6.1, RFC 1662 §7.1 */
export const defaultMru = 1500;
export const defaultAccm = 0xffffffff;

const protocolNames: ReadonlyMap<number, string> = new Map([
  [0x0021, 'IPv4'],
  [0x0057, 'IPv6'],
  [0x002d, 'VJ compressed TCP'],
  [0x002f, 'VJ uncompressed TCP'],
  [0x003d, 'Multilink'],
  [0x00fd, 'compressed data'],
  [0x8021, 'IPCP'],
  [0x8029, 'AppleTalk'],
  [0x802b, 'IPX'],
  [0x803f, 'NetBIOS'],
  [0x8053, 'ECP'],
  [0x8057, 'IPV6CP'],
  [0x80fd, 'CCP'],
  [0xc021, 'LCP'],
  [0xc023, 'PAP'],
  [0xc025, 'Link Quality Report'],
  [0xc029, 'CBCP'],
  [0xc223, 'CHAP'],
  [0xc227, 'EAP'],
]);

/** `IPV6CP (0x8057)`, or the number alone. */
export function protocolName(protocol: number): string {
  const number = `0x${protocol.toString(16).padStart(4, '0')}`;
  const name = protocolNames.get(protocol);
  return name === undefined ? `protocol ${number}` : `${name} (${number})`;
}

const codeNames = [
  '',
  'Configure-Request',
  'Configure-Ack',
  'Configure-Nak',
  'Configure-Reject',
  'Terminate-Request',
  'Terminate-Ack',
  'Code-Reject',
  'Protocol-Reject',
  'Echo-Request',
  'Echo-Reply',
  'Discard-Request',
  'Identification',
  'Time-Remaining',
  'Reset-Request',
  'Reset-Ack',
];

export function codeName(code: number): string {
  return codeNames[code] ?? `code ${code}`;
}
