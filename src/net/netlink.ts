/** Of the netlink package, what rtnetlink needs: its index loads also the messages of wireless networks and WireGuard, half of it. */
export { Flags, FlagsGet, FlagsNew } from 'netlink/dist/constants.js';
export type { NetlinkMessage } from 'netlink/dist/structs.js';
export { createRtNetlink, type RtNetlinkSocket } from 'netlink/dist/rt/rt.js';
export * as rt from 'netlink/dist/rt/structs.js';
export { AttrStream, getU16, getU32, parseAttributes, putU32 } from 'netlink/dist/structs.js';
