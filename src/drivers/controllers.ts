import type { ControllerRow, OrderOf } from './controller-row.ts';
import { embedded } from './embedded/row.ts';
import { floodlight } from './floodlight/row.ts';

const rows = [floodlight, embedded] as const;

/** Which controller a lab is to have, as data. */
export type ControllerOrder = OrderOf<(typeof rows)[number]>;

/** Every kind of controller, in the order in which `auto` tries them. Another one is a folder, and its row here. */
export const CONTROLLERS: readonly ControllerRow<ControllerOrder>[] = rows;

/** What can be typed after `--controller`, but a URL. */
export const CONTROLLER_WORDS: readonly string[] = ['auto', ...rows.map(({ name }) => name).sort()];

/** How `--controller` is explained. */
export function controllerHelp(): string {
  // The first use of localeCompare takes Node as long as a good part of its start.
  const choices = [...rows].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ help }) => help.choice);
  return `${choices.join(', ')}, or auto: ${rows.map(({ help }) => help.auto).join(', else ')}`;
}

/** The row of a lab's controller. */
export function controllerRow({ kind }: ControllerOrder): ControllerRow<ControllerOrder> {
  const row = CONTROLLERS.find(({ name }) => name === kind);
  if (row === undefined) throw new Error(`there is no controller ${kind}`);
  return row;
}
