/**
 * Markdown to man(7): what docs/ uses of it. A table becomes a list, its first column the terms, as a terminal has no room
 * for wide ones.
 */

/** What a link to another document becomes on a machine where they are man pages. */
const pages = { 'linkd.md': 'linkd(8)', 'linkctl.md': 'linkctl(1)', 'configuration.md': 'linkd.yaml(5)' };

/** The body of a page: from the first heading of level 2 on, headings of level 2 being sections. */
export function toRoff(markdown) {
  const lines = markdown.replace(/<!--.*?-->\n?/gs, '').split('\n');
  const out = [];
  while (lines.length > 0) out.push(block(lines));
  // A heading begins a paragraph by itself.
  return out.join('').replace(/^(\.S[HS] .*\n)\.PP\n(?!\.RS)/gm, '$1');
}

/** Takes one block from the front of the lines. */
function block(lines) {
  const [line] = lines;
  const heading = /^(#{1,4}) +(.*)$/.exec(line);
  if (line.trim() === '') return take(lines, 1, () => '');
  if (heading !== null) return take(lines, 1, () => title(heading[1].length, heading[2]));
  if (line.startsWith('```')) return code(lines);
  if (line.startsWith('|')) return table(takeWhile(lines, (next) => next.startsWith('|')));
  if (/^(?:[-*]|\d+\.) /.test(line)) return list(lines);
  return `.PP\n${text(takeWhile(lines, (next) => !/^(?:$|#|```|\||(?:[-*]|\d+\.) )/.test(next)).join(' '))}\n`;
}

function title(level, words) {
  if (level === 1) return '';
  if (level === 2) return `.SH ${quoted(plain(words).toUpperCase())}\n`;
  return `.SS ${quoted(plain(words))}\n`;
}

function code(lines) {
  lines.shift();
  const body = takeWhile(lines, (next) => !next.trim().startsWith('```'));
  lines.shift();
  return `.PP\n.RS 4\n.nf\n${body.map((line) => line && guard(escapeCode(line))).join('\n')}\n.fi\n.RE\n`;
}

/** Every item with what is indented below it: further lines, and code. */
function list(lines) {
  const out = [];
  while (lines.length > 0) {
    const item = /^([-*]|\d+\.) +(.*)$/.exec(lines[0]);
    if (item === null) break;
    lines.shift();
    const rest = takeWhile(lines, (next, after) => /^ +\S/.test(next) || (next === '' && /^ +\S/.test(after ?? '')));
    const inner = [item[2], ...rest.map((line) => line.replace(/^ {1,3}/, ''))];
    const mark = /\d/.test(item[1]) ? item[1] : '\\(bu';
    const blocks = [];
    while (inner.length > 0) blocks.push(block(inner));
    out.push(
      `.IP ${mark} 4\n${blocks
        .join('')
        .replace(/^\.PP\n/, '')
        .replace(/^\.PP$/gm, '.IP "" 4')}`,
    );
  }
  return out.join('');
}

/** The longest column is what the list says; the others follow with their heads. */
function table(rows) {
  const [heads, , ...body] = rows.map(cells);
  const lengthOf = (column) => body.reduce((sum, row) => sum + (row[column] ?? '').length, 0);
  const others = heads.map((_, column) => column).slice(1);
  const main = others.reduce((best, column) => (lengthOf(column) > lengthOf(best) ? column : best), 1);
  return body
    .map((row) => {
      const more = others
        .filter((column) => column !== main && !/^[–-]?$/.test(row[column] ?? ''))
        .map((column) => `${sentence(heads[column])}: ${row[column]}.`);
      const said = (row[main] ?? '').replace(/(?<=[^.])$/, more.length > 0 ? '.' : '');
      return `.TP\n${text(row[0])}\n${text([said, ...more].join(' ')) || '\\&'}\n`;
    })
    .join('');
}

function cells(row) {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Prose: code and emphasis in bold, links as what they lead to. */
export function text(markdown) {
  const parts = markdown
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]*\]\([^)]*\))/);
  return guard(parts.map(inline).join(''));
}

function inline(part) {
  const link = /^\[([^\]]*)\]\(([^)#]*)[^)]*\)$/.exec(part);
  if (link !== null) return linked(plain(link[1]), link[2]);
  if (/^`.+`$/.test(part)) return `\\fB${escapeCode(part.slice(1, -1))}\\fR`;
  if (/^\*\*.+\*\*$/.test(part)) return `\\fB${escape(part.slice(2, -2))}\\fR`;
  return escape(part);
}

function linked(label, target) {
  const name = target.replace(/^.*\//, '');
  if (pages[name] !== undefined) return `\\fB${pages[name]}\\fR`;
  return /\.md$/.test(name) ? `${escape(label)} (/usr/share/doc/linkd/${name})` : escape(label);
}

function plain(markdown) {
  return markdown.replace(/[`*]/g, '');
}

function quoted(words) {
  return `"${escape(words).replaceAll('"', '\\(dq')}"`;
}

function escape(words) {
  return words.replaceAll('\\', '\\e');
}

/** What is typed is typed with plain quotes and hyphens. */
export function escapeCode(words) {
  return escape(words)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

/** A line that begins with a dot or a quote would be taken for a request. */
function guard(line) {
  return line.replace(/^(?=[.'])/, '\\&');
}

function take(lines, count, make) {
  lines.splice(0, count);
  return make();
}

/** The lines up to the first that does not hold; always at least one. */
function takeWhile(lines, holds) {
  let end = lines.length > 0 ? 1 : 0;
  if (lines.length > 0 && !holds(lines[0], lines[1])) end = 0;
  while (end > 0 && end < lines.length && holds(lines[end], lines[end + 1])) end++;
  return lines.splice(0, end);
}
