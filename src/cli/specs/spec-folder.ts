import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inputProblem, type Problem } from '../../model/problem.ts';

/** All specs in a folder and the folders below it, except hidden ones and node_modules; links are not followed. */
export function specsIn(folder: string): { readonly files: string[]; readonly problems: Problem[] } {
  const found = { files: [] as string[], problems: [] as Problem[] };
  const look = (place: string) => {
    for (const entry of readdirSync(place, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(place, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') visit(path);
      else if (!entry.isDirectory() && /\.ya?ml$/i.test(entry.name)) found.files.push(path);
    }
  };
  const visit = (place: string) => {
    try {
      look(place);
    } catch (error) {
      const cause = `the folder cannot be read: ${(error as Error).message}`;
      const remedy = 'name a folder that you may read';
      found.problems.push(
        inputProblem({ code: 'unreadable-folder', where: { kind: 'file', file: place }, cause, remedy }),
      );
    }
  };
  visit(folder);
  return found;
}
