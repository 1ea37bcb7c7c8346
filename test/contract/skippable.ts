import { beforeAll, it } from 'vitest';

/** By title, what an implementation does otherwise, with the reason: these tests are skipped for it. */
export type Skips = Readonly<Record<string, string>>;

/**
 * Makes the tests of a suite that several implementations pass, but for those that have a reason to skip one. To be called
 * in the suite; a skip that no test has the title of fails it.
 */
export function skippable(skips: Skips): (title: string, act: () => Promise<void>) => void {
  const titles = new Set<string>();
  // By then all tests of the suite are known.
  beforeAll(() => {
    for (const title of Object.keys(skips)) {
      if (!titles.has(title)) throw new Error(`no test of the suite has the title ${title}, which is to be skipped`);
    }
  });
  return (title, act) => {
    titles.add(title);
    const reason = skips[title];
    if (reason === undefined) it(title, act);
    else it.skip(`${title} (${reason})`, act);
  };
}
