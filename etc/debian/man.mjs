/** The man pages: linkd(8), linkctl(1) and linkd.yaml(5), from docs/ and from the definitions of linkctl's commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeCode, text, toRoff } from './markdown.mjs';

/**
 * The pages by file name. `grammar` is linkctl's, as src/bin/linkctl/completion/grammar.ts reads it; `date` an ISO date.
 */
export function manPages({ docs, grammar, version, date }) {
  const read = (name) => readFileSync(join(docs, name), 'utf8');
  const page = (name, section, summary, body, related) =>
    [
      `.TH ${name.toUpperCase()} ${section} ${date} "linkd ${version}" "linkd"`,
      '.SH NAME',
      `${name} \\- ${summary}`,
      body.trimEnd(),
      '.SH "SEE ALSO"',
      related.map((other) => `\\fB${other}\\fR`).join(', '),
      '',
    ].join('\n');
  return {
    'linkd.8': page('linkd', 8, 'LAN-to-LAN router for serial lines', daemonBody(read('linkd.md')), [
      'linkctl(1)',
      'linkd.yaml(5)',
      'systemctl(1)',
    ]),
    'linkctl.1': page('linkctl', 1, 'steer linkd and show what it does', clientBody(read('linkctl.md'), grammar), [
      'linkd(8)',
      'linkd.yaml(5)',
    ]),
    'linkd.yaml.5': page('linkd.yaml', 5, 'configuration of linkd', configBody(read('configuration.md')), [
      'linkd(8)',
      'linkctl(1)',
    ]),
  };
}

/** The document begins with its synopsis, as code. */
function daemonBody(markdown) {
  const [head, ...sections] = splitSections(markdown);
  const [, synopsis, description] = /```\n(.*?)```\n(.*)/s.exec(head);
  const files = ['/etc/linkd/linkd.yaml', '/etc/linkd/links.d/*.yaml', '/run/linkd/control.sock', '/var/lib/linkd'];
  return [
    `.SH SYNOPSIS\n.nf\n${synopsis.trimEnd().split('\n').map(escapeCode).join('\n')}\n.fi\n`,
    `.SH DESCRIPTION\n${bare(toRoff(description))}`,
    toRoff(sections.join('')),
    `.SH FILES\n${files.map((file) => `.TP\n\\fB${escapeCode(file)}\\fR\n${fileMeanings[file]}\n`).join('')}`,
  ].join('');
}

const fileMeanings = {
  '/etc/linkd/linkd.yaml': 'the config',
  '/etc/linkd/links.d/*.yaml': 'further links',
  '/run/linkd/control.sock': 'the control socket; members of the group linkd may use it',
  '/var/lib/linkd': 'what has to survive a restart',
};

function configBody(markdown) {
  const [head, ...sections] = splitSections(markdown);
  return `.SH DESCRIPTION\n${bare(toRoff(head))}${toRoff(sections.join(''))}`;
}

/** Synopsis and options come from the definitions; what the document says of the commands follows them. */
function clientBody(markdown, { name, options, commands }) {
  const [head, ...sections] = splitSections(markdown);
  const description = head.replace(/```.*?```\n/gs, '');
  return [
    `.SH SYNOPSIS\n`,
    commands
      .map((command) => `.br\n${usage(name, command)}\n`)
      .join('')
      .replace(/^\.br\n/, ''),
    `.SH DESCRIPTION\n${bare(toRoff(description))}`,
    `.SH OPTIONS\n${options.map(optionItem).join('')}`,
    '.SH COMMANDS\n',
    commands.map(commandItem).join(''),
    toRoff(sections.join('')),
  ].join('');
}

function commandItem(command) {
  return `.SS ${command.name}\n${text(sentence(command.description))}\n${ownOptions(command).map(optionItem).join('')}`;
}

/** Every command has --help; that is said once. */
function ownOptions({ options }) {
  return options.filter(({ names }) => !names.includes('--help'));
}

function usage(program, command) {
  const { name } = command;
  const optional = ownOptions(command).map((option) => ` [${optionNames(option).at(0)}]`);
  const operands = command.arguments.map(({ name, required, variadic }) => {
    const word = `\\fI${name.toUpperCase()}\\fR${variadic ? '...' : ''}`;
    return required ? ` ${word}` : ` [${word}]`;
  });
  return `\\fB${program}\\fR [\\fB\\-\\-control\\fR \\fISOCKET\\fR] \\fB${name}\\fR${operands.join('')}${optional.join('')}`;
}

function optionItem(option) {
  return `.TP\n${optionNames(option).join(', ')}\n${text(sentence(option.description))}\n`;
}

function optionNames({ names, value }) {
  const word = value === undefined ? '' : ` \\fI${value.name.toUpperCase()}\\fR`;
  return names.map((name) => `\\fB${escapeCode(name)}\\fR${word}`);
}

function sentence(words) {
  return `${words.startsWith('linkd') ? words : words.charAt(0).toUpperCase() + words.slice(1)}.`;
}

/** What follows a heading begins without a request for a paragraph. */
function bare(roff) {
  return roff.replace(/^\.PP\n/, '');
}

/** What comes before the first heading of level 2, and then each of those with what it heads. */
function splitSections(markdown) {
  return markdown.replace(/^# .*\n/, '').split(/^(?=## )/m);
}
