/** The keys of a link that are about single packets: whose address they carry, and which of them may pass. */
import { z } from 'zod';
import { parseAllowRule } from '../net/nft/allow.js';
import type { AllowRule, Firewall, Masquerade, NetOptions, PortForward, Verdict } from '../net/options.js';
import { hostAddress, network4 } from './addresses.js';
import {
  defaulted,
  delegate,
  filledList,
  keyFacts,
  list,
  optional,
  orAbsent,
  partOf,
  required,
  section,
  value,
} from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { code, show, withAllowed } from './text.js';
import { choice, flag, integer, interfaceName } from './values.js';

const linkOrInterface: Reader<'link' | { readonly interface: string }> = {
  allowed: 'link, or the name of an interface',
  read(text) {
    if (text === 'link') return right('link');
    if (flag.read(text).ok) return wrong(`does not say where; did you mean ${code('link')}?`);
    const reading = interfaceName.read(text);
    return reading.ok ? right({ interface: reading.value }) : reading;
  },
};

export const masqueradeShape = {
  out: required(linkOrInterface, {
    about: 'Where the packets leave: by the link, or, coming from the link, by another interface.',
  }),
  from: filledList(value(network4), 'a list of networks').optional().register(keyFacts, {
    about: 'Where the packets come from.',
    allowed: 'a list of networks such as 10.1.0.0/16',
    default: 'from anywhere',
  }),
};

export const masqueraded = z
  .preprocess((input) => (typeof input === 'string' ? { out: input } : input), section(masqueradeShape))
  .transform(({ out, from }): Masquerade => ({ out, from: from ?? [] }));

const masquerades = list(masqueraded, 'link, interfaces, or a list of sections with `out` and `from`');

export const masquerade = z
  .unknown()
  .transform((input, ctx): readonly Masquerade[] => delegate(orAbsent(masquerades), input, ctx) ?? [])
  .prefault([])
  .register(keyFacts, {
    about: 'Packets take the address of the interface that they leave by. Of IPv4 only.',
    allowed: 'link, the name of an interface, or a list of these and of sections with `out` and `from`',
    default: '[]',
  });

const port = integer(1, 65535);

export const portForwardShape = {
  protocol: required(choice('tcp', 'udp'), { about: 'Which ports.' }),
  on: defaulted(linkOrInterface, 'link', { about: 'Where the connections come in.' }),
  port: required(port, { about: 'The port of this machine.' }),
  to: required(hostAddress, { about: 'The host that they are led to.' }),
  'to-port': optional(port, 'the same as `port`', { about: 'The port of that host.' }),
};

const portForwardSection = section(portForwardShape);

const forwardAllowed = 'lines such as `tcp 8080 to 10.1.0.5:80` or `udp 53 on eth0 to 10.2.0.1`, or sections';

/** `tcp 8080 on eth0 to 10.2.0.5:80`; its parts are judged as those of a section. */
const forwardLine =
  /^(?<protocol>\S+)\s+(?<port>\S+)(?:\s+on\s+(?<on>\S+))?\s+to\s+(?<to>[^\s:]+)(?::(?<toPort>\S+))?$/;

export const portForward = z
  .unknown()
  .transform((input, ctx): unknown => {
    if (typeof input !== 'string') return input;
    const parts = forwardLine.exec(input)?.groups;
    if (parts !== undefined) {
      const { protocol, port, on, to, toPort } = parts;
      return {
        protocol,
        port,
        to,
        ...(on !== undefined && { on }),
        ...(toPort !== undefined && { 'to-port': toPort }),
      };
    }
    ctx.addIssue({ code: 'custom', message: withAllowed(`${show(input)} is no port forward`, forwardAllowed) });
    return z.NEVER;
  })
  .pipe(portForwardSection)
  .transform(({ 'to-port': toPort, ...rest }): PortForward => ({ ...rest, toPort: toPort ?? rest.port }));

export const portForwards = list(portForward, 'a list of port forwards')
  .prefault([])
  .register(keyFacts, {
    about: 'Ports of this machine that lead to other hosts. Of IPv4 only.',
    allowed: `a list of ${forwardAllowed}`,
    default: '[]',
  });

const clamping: Reader<NetOptions['mssClamp']> = {
  allowed: 'auto, on, off',
  read: (text) => (text === 'auto' ? right('auto') : flag.read(text)),
};

export const mssClamp = defaulted(clamping, 'auto', {
  about: 'Have TCP send no segment that is too large for the link; `auto` where its MTU is below 1500.',
});

/** Words that other firewalls have for these. */
const otherVerdicts: Readonly<Record<string, Verdict>> = {
  allow: 'accept',
  pass: 'accept',
  block: 'drop',
  deny: 'drop',
};

const verdict = choice('accept', 'drop', 'reject');

const policy: Reader<Verdict> = {
  allowed: verdict.allowed,
  read(text) {
    const meant = Object.hasOwn(otherVerdicts, text) ? otherVerdicts[text] : undefined;
    return meant === undefined ? verdict.read(text) : wrong(`is unknown; did you mean ${code(meant)}?`);
  },
};

/** A rule in the words of `net/nft/allow.ts`. */
export const allowRule = z
  .string({ error: withAllowed('is no rule', 'a line such as `ssh from 10.2.0.0/16 to 10.1.0.5`') })
  .transform((text, ctx): AllowRule => {
    const result = parseAllowRule(text);
    if (result.ok) return result.rule;
    ctx.addIssue({ code: 'custom', message: result.message, ...partOf(result.at) });
    return z.NEVER;
  });

export const firewallShape = {
  in: defaulted(policy, 'drop', { about: 'What comes from the link to this machine.' }),
  out: defaulted(policy, 'accept', { about: 'What goes from this machine to the link.' }),
  through: defaulted(policy, 'drop', { about: 'What comes from the link and goes on to another interface.' }),
  allow: list(allowRule, 'a list of rules').prefault([]).register(keyFacts, {
    about: 'What may come in by the link all the same, to this machine and through it.',
    allowed: 'a list of rules such as `ssh from 10.2.0.0/16 to 10.1.0.5`',
    default: '[]',
  }),
};

export const firewall = orAbsent(
  section(firewallShape).transform(({ in: policyIn, out: policyOut, through: policyThrough, allow }): Firewall => {
    return { policyIn, policyOut, policyThrough, allow };
  }),
).register(keyFacts, {
  about: 'What may pass, see “Firewall”. Established connections always may.',
  allowed: 'a section, or off',
  default: 'off',
});
