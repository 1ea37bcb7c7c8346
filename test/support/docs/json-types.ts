import ts from 'typescript';
import type { Page } from './pages.ts';
import type { RanOfPage } from './session.ts';

const FILE = '/page.ts';

/** Where what commands of a page print as JSON is not of the type that the page gives it; empty where all is. */
export function jsonFaults({ blocks }: Page, results: readonly RanOfPage[]): readonly string[] {
  const typed = results.filter(({ type }) => type !== undefined);
  if (typed.length === 0) return [];
  const types = blocks.filter(({ language }) => language === 'ts').flatMap(({ lines }) => lines);
  // A literal, so that a key which the type lacks is an error too.
  const values = typed.map(({ type, ran }, index) => `const value${index}: ${type} = ${jsonIn(ran?.output ?? [])};`);
  const text = [...types, ...values, ''].join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === FILE || fileExists(name);
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ start = 0, messageText }) => {
    const line = text.slice(0, start).split('\n').length - 1;
    const command = typed[line - types.length]?.command;
    return `${command?.where ?? types[line]}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** A document as `--format json` prints it, among what else is said. */
function jsonIn(output: readonly string[]): string {
  return output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1).join(' ');
}
