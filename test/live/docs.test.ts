import { expect, test } from 'vitest';
import { pages } from '../support/docs/pages.ts';
import { commandsToRun, faultsOf, LONGEST_SESSION_MS, runPage } from '../support/docs/session.ts';

test.for(pages().filter((page) => commandsToRun(page, 'mininet').length > 0))(
  'what $name shows of labs on Mininet happens',
  { timeout: LONGEST_SESSION_MS },
  async (page) => {
    expect(faultsOf(await runPage(page, 'mininet', {}))).toEqual([]);
  },
);
