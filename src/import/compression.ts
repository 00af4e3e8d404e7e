/** pppd's options about CCP → `compression`: which methods, and encryption. */
import type { Draft } from './draft.js';
import type { Setting, Settings } from './settings.js';

export function carryCompression(draft: Draft, settings: Settings): void {
  const off = settings.last(draft, 'noccp');
  const methods = ['deflate', 'bsdcomp', 'predictor1'] as const;
  const given = methods.map((name) => settings.last(draft, name, `no${name}`));
  if (off !== undefined) {
    draft.carry('compression', 'off', off.given);
    for (const setting of [...given, ...settings.all(...encryption)]) {
      if (setting !== undefined) draft.needless(setting.given, 'there is no compression at all');
    }
    return;
  }
  if (carryEncryption(draft, settings)) {
    for (const setting of given) {
      if (setting !== undefined) draft.needless(setting.given, 'what is encrypted is not compressed');
    }
    return;
  }
  const [deflate, bsd, predictor] = given;
  const told = given.filter((setting) => setting !== undefined);
  if (told.length === 0) return;
  // As linkd has it: the one that a Linux of 64 bits can't expand is asked for, and not sent.
  const receive = [
    ...(isOn(deflate, true) ? ['deflate'] : []),
    ...(isOn(bsd, true) ? ['bsd'] : []),
    ...(isOn(predictor, false) ? ['predictor1'] : []),
  ];
  const send = receive.filter((method) => method !== 'bsd' || bsd?.name === 'bsdcomp');
  if (receive.join() === 'deflate,bsd' && bsd?.name !== 'bsdcomp') {
    for (const setting of told) draft.needless(setting.given, "it is linkd's default");
    return;
  }
  const givens = told.map((setting) => setting.given);
  if (receive.length === 0) draft.carry('compression', 'off', ...givens);
  else if (receive.join() === send.join()) draft.carry('compression', receive, ...givens);
  else {
    draft.carry('compression.send', send.length === 0 ? 'off' : send, ...givens);
    draft.carry('compression.receive', receive, ...givens);
  }
}

/** Whether a method is used: pppd is given the size of its codes, of which 0 switches it off. */
function isOn(setting: Setting | undefined, usual: boolean): boolean {
  if (setting === undefined) return usual;
  return !setting.name.startsWith('no') && !/^0(?:,0)?$/.test(setting.argument);
}

const encryption = [
  ...['mppe', 'require-mppe', 'require-mppe-40', 'require-mppe-128', 'nomppe', 'nomppe-40', 'nomppe-128'],
  ...['mppe-stateful', 'nomppe-stateful'],
] as const;

/** True where packets are to be encrypted. */
function carryEncryption(draft: Draft, settings: Settings): boolean {
  const all = settings.all(...encryption);
  const wanted = all.filter(({ name }) => /^(?:require-mppe|mppe$)/.test(name));
  const [first] = wanted;
  if (first === undefined || settings.all('nomppe').length > 0) {
    for (const { given } of all) draft.needless(given, 'linkd encrypts nothing unless told to');
    return false;
  }
  const words = wanted.flatMap(({ name, argument }) => [name, ...argument.split(',')]);
  const has = (...names: readonly string[]): boolean =>
    words.some((word) => names.includes(word)) || all.some(({ name }) => names.includes(name));
  const exact = has('require-mppe-40') || has('require-mppe-128');
  const allows = (bits: string): boolean =>
    (!exact || has(`require-mppe-${bits}`)) && !has(`nomppe-${bits}`, `no${bits}`);
  draft.carry('compression.mppe', 'required', ...wanted.map(({ given }) => given));
  const bits = ['128', '40'].filter(allows);
  draft.assume('compression.mppe-bits', bits.length === 0 ? ['128'] : bits, 'as pppd has it');
  for (const setting of all) {
    if (wanted.includes(setting)) continue;
    if (setting.name === 'mppe-stateful') draft.carry('compression.mppe-stateless', 'off', setting.given);
    else if (setting.name === 'nomppe-stateful') draft.needless(setting.given, "it is linkd's default");
    else draft.credit('compression.mppe-bits', setting.given);
  }
  return true;
}
