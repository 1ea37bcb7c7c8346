import { expect, test } from 'vitest';
import { pages } from '../support/docs/pages.ts';
import { commandsToRun, faultsOf, runPage } from '../support/docs/session.ts';

test.for(pages().filter((page) => commandsToRun(page, 'mininet').length > 0))(
  'what $name shows of labs on Mininet happens',
  async (page) => {
    expect(faultsOf(await runPage(page, 'mininet', {}))).toEqual([]);
  },
);
