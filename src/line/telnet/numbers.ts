/** The numbers of telnet (RFC 854, 855) and of its COM-PORT-OPTION (RFC 2217), by the names of the RFCs. */

export const Command = {
  se: 240,
  sb: 250,
  will: 251,
  wont: 252,
  do: 253,
  dont: 254,
  iac: 255,
} as const;

export const Option = {
  /** RFC 856: all 8 bits, and no CR NUL. */
  binary: 0,
  /** RFC 858 */
  suppressGoAhead: 3,
  /** RFC 2217 */
  comPort: 44,
} as const;

/** RFC 2217 §2 to §5; from the client. The server's have `serverOffset` added. */
export const ComPortCommand = {
  signature: 0,
  setBaudRate: 1,
  setDataSize: 2,
  setParity: 3,
  setStopSize: 4,
  setControl: 5,
  notifyLineState: 6,
  notifyModemState: 7,
  flowControlSuspend: 8,
  flowControlResume: 9,
  setLineStateMask: 10,
  setModemStateMask: 11,
  purgeData: 12,
} as const;
export const serverOffset = 100;

/** The values of SET-CONTROL that linkd sends. RFC 2217 §3 */
export const Control = {
  noFlowControl: 1,
  xonXoff: 2,
  hardware: 3,
  breakOn: 5,
  breakOff: 6,
  askDtr: 7,
  dtrOn: 8,
  dtrOff: 9,
  rtsOn: 11,
} as const;

export const Parity = { none: 1 } as const;

/** Bits of NOTIFY-MODEMSTATE and of its mask: the carrier (DCD), and that it has changed. RFC 2217 §4 */
export const ModemState = { carrier: 0x80, carrierChanged: 0x08 } as const;

/** PURGE-DATA: what the server has received and what it has yet to send. */
export const purgeBoth = 3;
