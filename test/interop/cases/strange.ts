/** What a pppd may ask for that linkd doesn't have or doesn't want: it is refused politely, and the rest goes on. */
import { up, type Case, type Topic } from '../case.js';

const asked: readonly Case[] = [
  {
    name: 'pppd asks to be called back',
    pppd: ['callback', '5551234'],
    expect: up({ pppd: [/rcvd \[LCP ConfRej .*<callback/] }),
  },
];

const noise: readonly Case[] = [
  {
    name: 'a login prompt before PPP',
    before: 'printf "\\r\\nDebian GNU/Linux 12 branch ttyS0\\r\\n\\r\\nbranch login: " >$TTY',
    expect: up(),
  },
  { name: 'noise before PPP', before: 'head -c 2000 /dev/urandom >$TTY', expect: up() },
];

export const strange: Topic = { name: 'Strange peers', cases: [...asked, ...noise] };
