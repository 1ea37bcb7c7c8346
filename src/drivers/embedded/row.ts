import type { ControllerRow } from '../controller-row.ts';

/** `restPort` is the first port to try for its REST interface. */
type EmbeddedOrder = {
  readonly kind: 'embedded';
  readonly restPort: number;
};

/** The embedded controller: one for each lab, in the lab's process. */
export const embedded: ControllerRow<EmbeddedOrder> = {
  name: 'embedded',
  title: 'the embedded controller',
  help: { choice: 'embedded', auto: 'embedded', instead: 'for the embedded one: --controller embedded' },
  forwards: 'in-advance',
  needsOpenFlow: false,
  running: undefined,
  doctor: undefined,
  isShared: () => false,
  find: async (_, { restPort }) => ({ order: { kind: 'embedded', restPort }, what: 'embedded' }),
  async build({ restPort }, { topology, forwarding, switches }) {
    const { EmbeddedController } = await import('./controller.ts');
    return new EmbeddedController({ topology, forwarding, tables: switches.tables, firstPort: restPort });
  },
};
