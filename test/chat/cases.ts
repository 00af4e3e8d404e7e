/** Scripts with what goes out and how they end; `chat.test.ts` runs them, `real-chat.test.ts` asks the real chat as well. */
import type { Turn } from './rig.js';

export interface Case {
  readonly name: string;
  /** The text of a chat file, or arguments. `DIR` stands for the folder of `files`. */
  readonly script: string | readonly string[];
  readonly turns?: readonly Turn[];
  readonly files?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  readonly echo?: boolean;
  readonly numbers?: { readonly T?: string; readonly U?: string };
  /** With it, `$` names a variable. */
  readonly variables?: Readonly<Record<string, string>>;

  /** What goes out. */
  readonly sent: string;
  readonly code: number;
  /** What nobody has read, less its eighth bits; without it, nothing. */
  readonly rest?: string;
  readonly shown?: string;
  readonly reports?: readonly string[];
}

const ok: Turn = { on: 'ATZ\r', say: '\r\nOK\r\n' };
const connect: Turn = { on: 'ATDT5551212\r', say: '\r\nCONNECT 115200\r\n' };

/** One text sent, nothing else. */
function sends(name: string, text: string, sent: string, more: Partial<Case> = {}): Case {
  return { name: `sends ${name}`, script: `'' ${text}`, sent, code: 0, ...more };
}

/** One text expected, and the octets that end the wait. */
function expects(name: string, text: string, say: string, more: Partial<Case> = {}): Case {
  return { name: `expects ${name}`, script: `${text} found`, turns: [{ say }], sent: 'found\r', code: 0, ...more };
}

const sending: readonly Case[] = [
  sends('a text with a return', 'ATZ', 'ATZ\r'),
  sends('nothing but a return', "''", '\r'),
  sends('nothing but a return for quotes', '""', '\r'),
  sends('without a return', 'ATZ\\c', 'ATZ'),
  sends('nothing at all', '\\c', ''),
  sends('a \\c that is not at the end', 'a\\cb', 'acb\r'),
  sends('\\r, \\n, \\t, \\s and \\b', '1\\r2\\n3\\t4\\s5\\b6', '1\r2\n3\t4 5\b6\r'),
  sends('a backslash', 'a\\\\b', 'a\\b\r'),
  sends('a backslash at the end', 'a\\', 'a\\\r'),
  sends('an escaped backslash before a c', 'a\\\\c', 'a\\c\r'),
  sends('a NUL', 'a\\Nb', 'a\0b\r'),
  sends('octal numbers', '\\1012\\60\\0\\200x\\377', 'A20\0\x80x\xff\r'),
  sends('octal numbers of one and two digits', '\\7x\\43y\\8', '\x07x#y8\r'),
  sends('an octal number that is too large', '\\777', '\xff\r'),
  sends('an octal backslash', '\\134d', '\\d\r'),
  sends('an octal caret', '\\136A', '^A\r'),
  sends('control characters', '^A^z^[^_', '\x01\x1a\x1b\x1f\r'),
  sends('control characters that there are not', 'a^@b^`c', 'abc\r'),
  sends('a caret at the end', 'a^', 'a^\r'),
  sends('a caret before a backslash', 'a^\\b', 'a\x1cb\r'),
  sends('an escaped caret', '\\^A', '^A\r'),
  sends('unknown escapes', '\\x\\-\\"\\@\\$\\%', 'x-"@$%\r'),
  sends('a quiet text', '\\qhello2u2', 'hello2u2\r'),
  sends('pauses', 'a\\pb\\p\\pc', 'abc\r'),
  sends('a delay', 'a\\db', 'ab\r'),
  sends('a break within', 'a\\Kb', 'ab\r'),
  sends('BREAK', 'BREAK', ''),
  sends('EOT', 'EOT', '\x04'),
  sends('EOT within a word', 'EOT\\r', 'EOT\r\r'),
  sends('both numbers', 'ATDT\\T,\\U\\T', 'ATDT555,1234555\r', { numbers: { T: '555', U: '1234' } }),
  sends('the letters of numbers that there are not', 'ATDT\\T,\\U', 'ATDTT,U\r'),
  sends('escapes within a number, of the second round only', '\\T', 'a\\b^Anr\r', { numbers: { T: 'a\\\\b^A\\n\\r' } }),
  sends('UTF-8', 'für', 'f\xc3\xbcr\r'),
  sends('a dollar', '$HOME', '$HOME\r'),
  sends('a variable', '$LINKD_A-$LINKD_NONE-\\$LINKD_A', 'value--$LINKD_A\r', { variables: { LINKD_A: 'value' } }),
  sends('a variable with escapes', '$LINKD_A', 'a\\^Anb\r', { variables: { LINKD_A: 'a\\\\^A\\nb' } }),
  sends('an at sign without a name', '@', '@\r'),
  sends('a file', '@DIR/secret', 'hello2u2\r', { files: { secret: 'hello2u2\n' } }),
  sends('a file in quotes, blanks before its name', '"@  DIR/se cret"', 'hello\r', { files: { 'se cret': 'hello' } }),
  sends('the escapes of a file', '@DIR/secret', 'a\n\x01b\n', { files: { secret: 'a\\n^Ab\n\\c\n' } }),
  sends('a file up to its NUL', '@DIR/secret', 'ab\r', { files: { secret: 'ab\0cd\n' } }),
  sends('a file that says EOT', '@DIR/secret', '\x04', { files: { secret: 'EOT\n' } }),
  sends('no file', '@DIR/none', '', { code: 1 }),
  sends('quotes within a word', 'a"b\'c', 'a"b\'c\r'),
  sends('blanks within quotes', "'a b\tc'", 'a b\tc\r'),
  sends('escaped quotes within quotes', "'it\\'s'", "it's\r"),
];

const expecting: readonly Case[] = [
  expects('a text within others', 'ogin:', 'Welcome\r\nlogin: ', { rest: ' ' }),
  expects('white space', 'a\\sb\\r\\n\\t', 'xa b\r\n\t'),
  expects('control characters', '^Ax\\007', '\x01x\x07'),
  expects('without the eighth bit', 'ogin:', '\xec\xef\xe7\xe9\xee\xba'),
  expects('letters for escapes of sending', '\\c\\d\\p\\K\\N', 'cdpKN'),
  expects('the letter T with its backslash', '\\T\\U', '\\T\\U'),
  expects('a backslash', 'a\\\\b', 'a\\b'),
  expects('no NUL', 'a\\0b', 'ab'),
  expects('nothing behind a backslash at the end', 'ab\\', 'ab'),
  expects('a caret at the end', 'ab^', 'ab^'),
  expects('an escaped dash', 'a\\-b', 'a-b'),
  expects('nothing of \\q', 'a\\qb', 'ab'),
  expects('a variable', '$LINKD_A:', 'value:', { variables: { LINKD_A: 'value' } }),
  expects('a # in quotes', "'# '", 'root# '),
  expects('a text that begins again', 'aab', 'aaab'),
  expects('nothing', "''", '', { turns: [] }),
  expects('what does not come', 'TIMEOUT 1 ogin:', 'login', { sent: '', code: 3 }),
  {
    name: 'expects beyond what a buffer holds',
    script: 'end found',
    turns: [{ say: `${'x'.repeat(3000)}end` }],
    sent: 'found\r',
    code: 0,
  },
  { name: 'expects, and ends with it', script: 'ogin:', turns: [{ say: 'login:~}#' }], sent: '', code: 0, rest: '~}#' },
  {
    name: 'leaves what follows to whom it is for',
    script: 'ABORT BUSY "" ATZ OK ATDT5551212 CONNECT \\d\\c',
    turns: [ok, { on: 'ATDT5551212\r', say: '\r\nCONNECT 115200\r\n~\x7f}#\xc0!BUSY' }],
    sent: 'ATZ\rATDT5551212\r',
    code: 0,
    rest: ' 115200\r\n~\x7f}#@!BUSY',
  },
];

const flow: readonly Case[] = [
  { name: 'an empty script', script: '', sent: '', code: 0 },
  {
    name: 'a login',
    script: "ABORT BUSY\nABORT 'NO CARRIER'\n'' ATZ\nOK ATDT5551212\nCONNECT ''\nogin: ppp\nword: \\qhello2u2\n",
    turns: [ok, connect, { on: '\r', say: 'login:' }, { on: 'ppp\r', say: 'ppp\r\nPassword:' }],
    sent: 'ATZ\rATDT5551212\r\rppp\rhello2u2\r',
    code: 0,
  },
  {
    name: 'comments, blank lines and tabs',
    script: "# ATZ\n\n\t'' \t ATZ\n#\nOK # \n # ''\n",
    turns: [ok, { on: '#', say: '#' }],
    sent: 'ATZ\r#\r\r',
    code: 0,
  },
  {
    name: 'words behind a quote',
    script: "''ATZ 'OK'\"\"\n",
    turns: [ok],
    sent: 'ATZ\r\r',
    code: 0,
    rest: '\r\n',
  },
  { name: 'a DOS file', script: "'' ATZ\r\nOK\\r x\r\n", turns: [ok], sent: 'ATZ\r\rx\r\r', code: 0, rest: '\n' },
  { name: 'a quote that is not closed', script: "'ATZ\n", sent: '', code: 1 },
  {
    name: 'arguments',
    script: ['', 'ATZ', 'OK', '# no comment'],
    turns: [ok],
    sent: 'ATZ\r# no comment\r',
    code: 0,
    rest: '\r\n',
  },
  { name: 'arguments with quotes, which are themselves', script: ['', "'a b'"], sent: "'a b'\r", code: 0 },
  { name: 'a send that takes too long', script: "TIMEOUT 1 '' a\\d\\db", sent: 'a', code: 1 },
  {
    name: 'a pause that takes too long, with nothing behind it',
    script: "TIMEOUT 1 '' a\\d\\d\\c",
    sent: 'a',
    code: 0,
  },
  {
    name: 'a time for a send, and a long one',
    script: "TIMEOUT 0 '' a\\d\\db TIMEOUT x '' c",
    sent: 'ab\rc\r',
    code: 0,
  },
  { name: 'a time with an end', script: 'TIMEOUT 1s ogin: x', sent: '', code: 3 },
  { name: 'the time of the arguments', script: 'ogin: x', timeout: 1, sent: '', code: 3 },
];

const subExpects: readonly Case[] = [
  {
    name: 'sub-expect: the first text comes',
    script: 'ogin:-BREAK-ogin: ppp',
    turns: [{ say: 'login:' }],
    sent: 'ppp\r',
    code: 0,
  },
  {
    name: 'sub-expect: an empty line wakes the far end',
    script: 'TIMEOUT 1 ogin:--ogin: ppp',
    turns: [{ say: 'log' }, { on: '\r', say: 'in:login:' }],
    sent: '\rppp\r',
    code: 0,
  },
  { name: 'sub-expect: neither comes', script: 'TIMEOUT 1 ogin:--ogin: ppp', sent: '\r', code: 3 },
  {
    name: 'sub-expect: the modem is brought back to its command mode',
    script: "TIMEOUT 1 '' ATZ OK-+++\\c-OK ATDT5551212",
    turns: [{ on: '+++', say: '\r\nOK\r\n' }],
    sent: 'ATZ\r+++ATDT5551212\r',
    code: 0,
    rest: '\r\n',
  },
  {
    name: 'sub-expect: a send at the end is enough',
    script: 'TIMEOUT 1 ogin:-hello ppp',
    sent: 'hello\rppp\r',
    code: 0,
  },
  { name: 'sub-expect: an empty send at the end', script: 'TIMEOUT 1 ogin:-- ppp', sent: '\rppp\r', code: 0 },
  { name: 'sub-expect: a dash at the end', script: 'TIMEOUT 1 ogin:- ppp', sent: '', code: 3 },
  {
    name: 'sub-expect: three times',
    script: 'TIMEOUT 1 a-1-b-2-c found',
    turns: [{ on: '2\r', say: 'abc' }],
    sent: '1\r2\rfound\r',
    code: 0,
  },
  { name: 'sub-expect: nothing is expected at once', script: '-x-y found', sent: 'found\r', code: 0 },
  { name: 'sub-expect: EOT', script: 'TIMEOUT 1 a-EOT-- b', sent: '\x04b\r', code: 0 },
  {
    name: 'sub-expect: an abort ends it',
    script: 'ABORT BUSY a-1-b x',
    turns: [{ say: 'BUSY' }],
    sent: '',
    code: 4,
  },
  { name: 'sub-expect: an escaped dash in a send', script: 'TIMEOUT 1 a-x\\-y\\c b', sent: 'x-yb\r', code: 0 },
];

const keywords: readonly Case[] = [
  {
    name: 'ABORT: the third of them',
    script: "ABORT BUSY ABORT 'NO CARRIER' ABORT ERROR '' ATZ OK ''",
    turns: [{ on: '\r', say: '\r\nERROR\r\n' }],
    sent: 'ATZ\r',
    code: 6,
    rest: '\r\n',
  },
  {
    name: 'ABORT: the first of those that end together',
    script: "ABORT XYZ ABORT Z ABORT YZ '' ATZ OK ''",
    turns: [{ on: '\r', say: 'XYZ' }],
    sent: 'ATZ\r',
    code: 4,
  },
  {
    name: 'ABORT: what is expected goes before',
    script: "ABORT OK '' ATZ OK done",
    turns: [{ on: '\r', say: 'OK' }],
    sent: 'ATZ\rdone\r',
    code: 0,
  },
  {
    name: 'ABORT: not over the end of an expect',
    script: 'ABORT BUSY BU \\c SY done',
    turns: [{ say: 'BUSY' }],
    sent: 'done\r',
    code: 0,
  },
  {
    name: 'ABORT: escapes, and a blank',
    script: 'ABORT NO\\sCARR\\111ER x y',
    turns: [{ say: 'NO CARRIER' }],
    sent: '',
    code: 4,
  },
  {
    name: 'ABORT: nothing is found in anything',
    script: "ABORT '' x y",
    turns: [{ say: 'ax' }],
    sent: '',
    code: 4,
    rest: 'x',
  },
  { name: 'ABORT at the end', script: "'' x ABORT", sent: 'x\r', code: 0 },
  {
    name: 'CLR_ABORT: those behind move up',
    script: 'ABORT A ABORT B ABORT C CLR_ABORT B CLR_ABORT D x y',
    turns: [{ say: 'BC' }],
    sent: '',
    code: 5,
  },
  {
    name: 'CLR_ABORT: and can be set again',
    script: 'ABORT A ABORT B CLR_ABORT A ABORT A x y',
    turns: [{ say: 'A' }],
    sent: '',
    code: 5,
  },
  {
    name: 'SAY',
    script: "SAY \"Dialing ...\\n\\c\" SAY 'two\\twords' '' x",
    sent: 'x\r',
    code: 0,
    shown: 'Dialing ...\ntwo\twords\r',
  },
  { name: 'SAY in UTF-8', script: 'SAY "für\\c"', sent: '', code: 0, shown: 'für' },
  { name: 'SAY a number', script: 'SAY "\\T\\c"', numbers: { T: '555' }, sent: '', code: 0, shown: '555' },
  {
    name: 'ECHO ON and OFF',
    script: "'' ATZ OK\\r\\n \\c ECHO ON '' a x \\c ECHO OFF '' b y",
    turns: [ok, { on: 'a\r', say: 'one\r\ntw\x07\x7fx' }, { on: 'b\r', say: 'secret y' }],
    sent: 'ATZ\ra\rb\r',
    code: 0,
    shown: 'one\ntw^G^?x\n',
  },
  {
    name: 'echo from the start',
    script: "x ''",
    echo: true,
    turns: [{ say: 'a\r\nx\r\n' }],
    sent: '\r',
    code: 0,
    shown: 'a\nx\n',
    rest: '\r\n',
  },
  {
    name: 'REPORT: the rate',
    script: "REPORT CONNECT '' ATDT5551212 CONNECT '' ogin: x",
    turns: [connect, { on: '\r', say: 'login:' }],
    sent: 'ATDT5551212\r\rx\r',
    code: 0,
    reports: ['CONNECT 115200'],
  },
  {
    name: 'REPORT: gathered to its end when the script is over',
    script: "REPORT CONNECT '' ATDT5551212 CONNECT \\c",
    turns: [{ on: '\r', say: '\r\nCONNECT 115200/V.42\r\n~~' }],
    sent: 'ATDT5551212\r',
    code: 0,
    reports: ['CONNECT 115200/V.42'],
    rest: '\n~~',
  },
  {
    name: 'REPORT: gathered as long as something comes',
    script: "REPORT CONNECT CONNECT ''",
    turns: [{ say: 'CONNECT 9600' }],
    sent: '\r',
    code: 0,
    reports: ['CONNECT 9600'],
  },
  {
    name: 'REPORT: each once, and one at a time',
    script: 'REPORT ONE REPORT TWO end x',
    turns: [{ say: 'ONE TWO\rTWO ONE\rONE TWO\rend' }],
    sent: 'x\r',
    code: 0,
    reports: ['ONE TWO', 'TWO ONE'],
  },
  {
    name: 'REPORT and ABORT of one text',
    script: 'REPORT BUSY ABORT BUSY x y',
    turns: [{ say: 'BUSY 1\r2' }],
    sent: '',
    code: 4,
    reports: ['BUSY 1'],
    rest: '2',
  },
  {
    name: 'CLR_REPORT',
    script: 'REPORT ONE REPORT TWO CLR_REPORT ONE end x',
    turns: [{ say: 'ONE\rTWO\rend' }],
    sent: 'x\r',
    code: 0,
    reports: ['TWO'],
  },
  { name: 'HANGUP', script: "HANGUP OFF '' a HANGUP ON '' b", sent: 'a\rb\r', code: 0 },
  { name: 'a keyword in quotes is one', script: '\'ECHO\' OFF "" x', sent: 'x\r', code: 0 },
  { name: 'a keyword that is escaped is none', script: '\\ABORT x', turns: [{ say: 'ABORT' }], sent: 'x\r', code: 0 },
  { name: 'keywords are no words of sending', script: "'' ABORT", sent: 'ABORT\r', code: 0 },
];

export const cases: readonly Case[] = [...sending, ...expecting, ...flow, ...subExpects, ...keywords];
