/** The project's own sources as the house test sees them: files, imports, and names that reach out of a pure room. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { root } from './root.js';

export interface Source {
  /** Relative to the root: `src/link/pump.ts`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

export interface Import {
  /** `src/base/bytes.ts` for a file of the project; else as written: `node:fs`, `yaml`. */
  readonly target: string;
  readonly own: boolean;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
  /** By `import()`: when it is needed. */
  readonly later: boolean;
}

/** The files below these folders (relative to the root) with one of the endings. */
export function readSources(folders: readonly string[], endings: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => endings.some((ending) => name.endsWith(ending)))
      .sort()
      .map((name) => {
        const text = readFileSync(join(root, folder, name), 'utf8');
        return { path: join(folder, name), text, lines: text.trimEnd().split('\n').length };
      }),
  );
}

/** Static and dynamic imports, re-exports, and `new URL('./x.js', import.meta.url)` (how workers are named). */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, later = false): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const own = /^\.{1,2}\//.test(specifier.text);
    if (own && !specifier.text.endsWith('.js')) return; // an addon, a folder
    const target = own ? normalize(join(dirname(source.path), specifier.text)).replace(/\.js$/, '.ts') : specifier.text;
    found.push({ target, own, typeOnly, later });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false, true);
    else if (ts.isNewExpression(node) && node.expression.getText() === 'URL') add(node.arguments?.[0], false);
  });
  return found;
}

const impureNames = new Set(
  [
    'process performance crypto console globalThis require fetch queueMicrotask structuredClone',
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate',
  ].flatMap((names) => names.split(' ')),
);
const impureMembers = new Set(['Date.now', 'Math.random']);

/** Where a source takes time, chance or the environment from: `Date.now at line 12`. */
export function impurities(source: Source): string[] {
  const found: string[] = [];
  walk(source, (node, file) => {
    const what = impurity(node);
    if (what === undefined) return;
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${what} at line ${line + 1}`);
  });
  return found;
}

/** Variables of a module that can change: the names of its top-level `let`s. */
export function mutableModuleState(source: Source): string[] {
  return parse(source)
    .statements.filter(ts.isVariableStatement)
    .filter((statement) => statement.declarationList.getText().startsWith('let '))
    .flatMap((statement) => statement.declarationList.declarations.map((declaration) => declaration.name.getText()));
}

function impurity(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && impureMembers.has(node.getText())) return node.getText();
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0)
    return 'new Date()';
  return ts.isIdentifier(node) && impureNames.has(node.text) && isExpression(node) ? node.text : undefined;
}

/** True unless the identifier only names a member, a parameter or a property. */
function isExpression({ parent, text }: ts.Identifier): boolean {
  if (ts.isPropertyAccessExpression(parent)) return parent.expression.getText() === text;
  if (ts.isTypeNode(parent) || ts.isTypeElement(parent) || ts.isClassElement(parent) || ts.isParameter(parent))
    return false;
  return !(ts.isPropertyAssignment(parent) && parent.name.getText() === text);
}

/** `import { type A }` isn't: of it `import {}` is left (verbatimModuleSyntax). */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  return clause?.getText().startsWith('type ') === true;
}

function walk(source: Source, visit: (node: ts.Node, file: ts.SourceFile) => void): void {
  const file = parse(source);
  const step = (node: ts.Node): void => {
    visit(node, file);
    ts.forEachChild(node, step);
  };
  step(file);
}

function parse({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}
