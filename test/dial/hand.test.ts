/** Somebody talks over a line by hand: what goes either way, the menu, and how PPP is found. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fromOctets, toOctets } from '../../src/chat/script.js';
import { HandTalk } from '../../src/dial/hand.js';
import type { TalkOutput } from '../../src/dial/talk.js';

/** The beginning of a Configure-Request, as it comes from a line. RFC 1662 §4 */
const lcp = '\x7e\xff\x7d\x23\xc0\x21\x7d\x21\x7d\x21\x7d\x20\x7d\x34';
const menuKey = '\x1d';

/** The talk with everything that came out of it. */
class Hand {
  readonly talk = new HandTalk();
  sent = '';
  shown = '';
  breaks = 0;
  doing = '';
  end: Extract<TalkOutput, { type: 'finished' }> | undefined;
  readonly others: string[] = [];

  constructor(who = 'ann', bar?: string) {
    this.talk.come(who);
    if (bar !== undefined) this.talk.bar(bar);
    this.talk.start(0);
    this.#drain();
    this.shown = '';
  }

  type(text: string): void {
    this.talk.typed(fromOctets(text));
    this.#drain();
  }

  hear(text: string): void {
    this.talk.receive(fromOctets(text), 0);
    this.#drain();
  }

  do(act: (talk: HandTalk) => void): void {
    act(this.talk);
    this.#drain();
  }

  #drain(): void {
    for (let octets = this.talk.pollShown(); octets; octets = this.talk.pollShown()) this.shown += toOctets(octets);
    for (let output = this.talk.poll(); output; output = this.talk.poll()) {
      if (output.type === 'send') this.sent += toOctets(output.octets);
      else if (output.type === 'break') this.breaks++;
      else if (output.type === 'doing') this.doing = output.text;
      else if (output.type === 'finished') {
        assert.equal(this.end, undefined, 'it is finished once');
        this.end = output;
      } else this.others.push(output.type);
    }
  }

  get rest(): string {
    return this.end === undefined ? 'it goes on' : toOctets(this.end.rest);
  }
}

/** Octets without Ctrl-], and without the flag that begins a frame. */
const plain = fc
  .array(
    fc.integer({ min: 0, max: 255 }).filter((octet) => octet !== 0x1d && (octet & 0x7f) !== 0x7e),
    { maxLength: 40 },
  )
  .map((octets) => toOctets(Uint8Array.from(octets)));

describe('a line in somebody’s hands', () => {
  it('lets no PPP begin where callers have to log in first', () => {
    const hand = new Hand('ann', 'They log in first.');
    hand.hear(`x${lcp.slice(0, 2)}`);
    hand.hear(`${lcp.slice(2)}~~${lcp}`);
    hand.type(`${menuKey}p`);
    assert.equal(hand.rest, 'it goes on');
    assert.ok(hand.shown.startsWith(`x${lcp}~~${lcp}\r\n[linkd] They log in first.`), JSON.stringify(hand.shown));
    assert.equal(hand.shown.split('They log in first.').length - 1, 2, 'once for the frames, once for the key');
    hand.do((talk) => {
      talk.beginPpp();
    });
    assert.deepEqual(hand.end?.outcome, {
      kind: 'failed',
      cause: { code: 'by-hand', detail: 'ann was in the way of PPP' },
    });
  });

  it('begins PPP as soon as the line is open when it was told to before', () => {
    const talk = new HandTalk();
    talk.come('ann');
    talk.beginPpp();
    assert.equal(talk.over, false);
    talk.start(0);
    assert.equal(talk.over, true);
  });

  it('passes octets as they are, both ways, in any pieces', () => {
    fc.assert(
      fc.property(fc.array(plain), fc.array(plain), (typed, heard) => {
        const hand = new Hand();
        for (const text of typed) hand.type(text);
        for (const text of heard) hand.hear(text);
        assert.equal(hand.sent, typed.join(''));
        assert.equal(hand.shown, heard.join(''));
        assert.deepEqual([hand.end, hand.others], [undefined, []]);
      }),
    );
  });

  it('shows a tilde at once, though a frame may begin with it', () => {
    const hand = new Hand();
    hand.hear('login~');
    assert.equal(hand.shown, 'login~');
    hand.hear('\x7f');
    hand.hear('x');
    assert.equal(hand.shown, 'login~\x7fx');
  });

  it('gives PPP the whole frame and what is behind it, in any pieces', () => {
    fc.assert(
      fc.property(plain, fc.array(fc.nat({ max: 60 }), { maxLength: 5 }), (before, cuts) => {
        const hand = new Hand();
        const all = before + lcp;
        const ends = [...cuts.filter((cut) => cut < all.length), all.length].sort((one, other) => one - other);
        let at = 0;
        for (const end of ends) {
          const piece = all.slice(at, end);
          if (hand.end === undefined) hand.hear(piece);
          else hand.end = { ...hand.end, rest: Buffer.concat([hand.end.rest, fromOctets(piece)]) };
          at = end;
        }
        assert.equal(hand.end?.outcome.kind, 'done');
        assert.equal(hand.rest, lcp);
        assert.ok(hand.shown.startsWith(before));
        assert.match(hand.shown, /PPP from the far end/);
      }),
    );
  });

  it('knows PPP by seven bits as well, and says what is wrong', () => {
    for (const change of [(octet: number) => octet & 0x7f, (octet: number) => octet ^ 0x80]) {
      const hand = new Hand();
      hand.hear(toOctets(fromOctets(lcp).map(change)));
      assert.equal(hand.end?.outcome.kind, 'done');
      assert.match(hand.shown, /the eighth bit is lost/);
    }
    const well = new Hand();
    well.hear(lcp);
    assert.doesNotMatch(well.shown, /eighth bit/);
  });

  it('tells PPP what the modem said of the call', () => {
    const cases: readonly (readonly [string, unknown])[] = [
      ['ATDT200\r\r\nCONNECT 33600/V34/LAPM\r\n', { speed: 33_600, note: ['connected by hand at 33600/V34/LAPM'] }],
      ['\r\nCONNECT\r\n', { speed: undefined, note: ['connected by hand'] }],
      ['\r\nCONNECT 9600\r\nhello\r\nNO CARRIER\r\n', { speed: undefined, note: [] }],
      ['1\r\n10\r\n', { speed: undefined, note: [] }],
    ];
    for (const [text, expected] of cases) {
      const hand = new Hand();
      for (const octet of text) hand.hear(octet);
      hand.hear(lcp);
      assert.ok(hand.end?.outcome.kind === 'done');
      const { speed, notes } = hand.end.outcome.call;
      assert.deepEqual({ speed, note: notes }, expected, text);
    }
  });

  it('has a menu behind Ctrl-]', () => {
    const hand = new Hand();
    hand.type(`one${menuKey}`);
    assert.match(hand.shown, /q: hang up/);
    assert.equal(hand.sent, 'one');
    hand.type('x two');
    assert.equal(hand.sent, 'one two');
    hand.type(`${menuKey}${menuKey}${menuKey}b!`);
    assert.equal(hand.sent, `one two${menuKey}!`);
    assert.equal(hand.breaks, 1);
    assert.equal(hand.end, undefined);
  });

  it('hangs up, and sends nothing of what is typed behind it', () => {
    const hand = new Hand();
    hand.type(`bye${menuKey}Qls\r`);
    assert.equal(hand.sent, 'bye');
    assert.deepEqual(hand.end?.outcome, { kind: 'failed', cause: { code: 'by-hand', detail: 'ann hung up' } });
    hand.type('more');
    hand.do((talk) => {
      talk.vanish();
      talk.beginPpp();
    });
    assert.equal(hand.sent, 'bye');
  });

  it('begins PPP on wish, with what may be the beginning of a frame', () => {
    const hand = new Hand();
    hand.hear('Starting PPP\r\n~\x7f');
    hand.type(`${menuKey}p`);
    assert.equal(hand.end?.outcome.kind, 'done');
    assert.equal(hand.rest, '~\x7f');
  });

  it('goes on without him when he leaves the line as it is, and with the next', () => {
    const hand = new Hand();
    hand.type(`${menuKey}lrm -r\r`);
    assert.equal(hand.sent, '');
    assert.equal(hand.talk.visitor, undefined);
    assert.equal(hand.doing, 'left as it is by ann');
    hand.do((talk) => {
      talk.come('ben');
    });
    assert.equal(hand.doing, 'in the hands of ben');
    hand.type('x');
    assert.equal(hand.sent, 'x');
    hand.do((talk) => {
      talk.vanish();
    });
    assert.deepEqual(hand.end?.outcome, { kind: 'failed', cause: { code: 'by-hand', detail: 'ben is gone' } });
  });

  it('finds PPP while nobody is there', () => {
    const hand = new Hand();
    hand.type(`${menuKey}l`);
    hand.hear(`\r\n${lcp}`);
    assert.equal(hand.end?.outcome.kind, 'done');
    assert.equal(hand.rest, lcp);
  });

  it('keeps nothing of it in a log', () => {
    const hand = new Hand();
    hand.type('Tr0ub4dor\r');
    hand.hear('Password: \r\nTr0ub4dor\r\n');
    hand.type(`${menuKey}q`);
    assert.deepEqual(hand.others, []);
  });
});
