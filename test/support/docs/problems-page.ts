import { PROBLEM_CODES } from '../../../src/model/problem-codes.ts';

const WHO = {
  input: 'The input is wrong (exit code 2).',
  environment: 'The machine or the controller cannot do it (exit code 3).',
  both: 'The input is wrong (exit code 2), or the machine or the controller cannot do it (exit code 3).',
} as const;

/** All codes with their causes and remedies in Markdown: the text of `docs/problems.md`. */
export function problemsPage(): string {
  const sections = Object.entries(PROBLEM_CODES).map(
    ([code, { kind, cause, remedy }]) => `## ${code}\n\n${cause}\n\n- Fix: ${remedy}\n- ${WHO[kind]}\n`,
  );
  return `# Problems

<!-- Made of src/model/problem-codes.ts by \`npm run docs\`. -->

Every problem has a code, which does not change between versions. The text that people read does not show it: search this
page for words of the message. Documents of \`--format json\` have it as \`code\`, and GitHub annotations have it in their
title. A problem's own text names the file, entry or option that it is about.

${sections.join('\n')}`;
}
