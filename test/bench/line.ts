/** How much of a full line of 115200 baud is the user's: bulk TCP as it is, and text by Deflate; pppd beside it. */
import { median, type Benchmark, type BenchContext, type Peer, type Result, type Row } from './benchmark.js';
import { goodput, LinkdLine, type PacedLine } from './paced-line.js';
import { PppdLine } from './pppd-line.js';

const baud = 115_200;
const octetsPerSecond = baud / 10;
const seconds = 30;
/** Slow start and the compressor's first window are not counted. */
const settleSeconds = 6;

/** TCP and IP with time stamps, in a packet of 1500. */
const headers = 52;
const payload = 1500 - headers;
/** A flag, the Protocol field of one octet, the FCS. */
const framing = 4;
/** Of random octets, two of 256 are escaped. */
const frame = 1500 + framing + (payload * 2) / 256;
const ceiling = (octetsPerSecond * payload) / frame;

type Kind = 'noise' | 'text';

const kinds: Readonly<Record<Kind, { readonly linkd: readonly string[]; readonly pppd: readonly string[] }>> = {
  noise: { linkd: ['compression: off'], pppd: ['noccp'] },
  text: { linkd: ['compression: [deflate]'], pppd: ['deflate', '15,15', 'nobsdcomp'] },
};

const setup = [
  'Two linkd daemons in network namespaces, joined by ptys and a null modem that carries 11520 octets a second each way and takes from a',
  'sender only what the line has carried away. One TCP connection from LAN host to LAN host, counted at the receiver from its',
  `${settleSeconds}th to its ${seconds}th second; CUBIC at both ends. Of random octets a packet of 1500 becomes a frame of`,
  `${frame.toFixed(1)} octets, which leaves ${ceiling.toFixed(0)} octets a second of payload. Text is this project's own documentation.`,
  'pppd runs in two guests of user-mode Linux, its TCP from guest to guest, over the same null modem. Van Jacobson’s compression now',
  'and then makes a header smaller, which can bring a little more than 100 %.',
].join(' ');

export const line: Benchmark = {
  name: 'line',
  title: 'A full line of 115200 baud',
  async run(context): Promise<Result> {
    const noise = await rates('noise', context);
    const text = await rates('text', context);
    return { rows: [share(noise), gain(text)], notes: [setup] };
  },
};

interface Rates {
  readonly linkd: number;
  readonly pppd: number;
}

async function rates(kind: Kind, { runs, say }: BenchContext): Promise<Rates> {
  const { linkd, pppd } = kinds[kind];
  const found = {
    linkd: await rate(await LinkdLine.open({ baud, more: linkd }), kind, runs),
    pppd: await rate(await PppdLine.open({ baud, options: pppd }), kind, runs),
  };
  say(`${kind}: linkd ${found.linkd.toFixed(0)} octets a second, pppd ${found.pppd.toFixed(0)}`);
  return found;
}

/** Octets of payload a second. */
async function rate(paced: PacedLine, content: Kind, runs: number): Promise<number> {
  try {
    const found: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { arrivals } = await paced.bulk({ flows: 1, seconds, content }, () => Promise.resolve());
      found.push(...arrivals.map((flow) => goodput(flow, settleSeconds)));
    }
    return median(found);
  } finally {
    await paced.close();
  }
}

function share({ linkd, pppd }: Rates): Row {
  const part = (value: number): number => (100 * value) / ceiling;
  return {
    name: 'bulk TCP, of what framing and headers leave',
    value: part(linkd),
    unit: '%',
    target: { bound: 'at least', value: 97 },
    peers: peer(part(pppd)),
  };
}

function gain({ linkd, pppd }: Rates): Row {
  return {
    name: 'text by Deflate, of the rate of the line',
    value: linkd / octetsPerSecond,
    unit: '×',
    target: { bound: 'at least', value: 2.5 },
    peers: peer(pppd / octetsPerSecond),
  };
}

function peer(value: number): readonly Peer[] {
  return [{ name: 'pppd', value }];
}
