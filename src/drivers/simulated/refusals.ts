import {
  type RefusalCode,
  refusalOfFlowMessage,
  refusalOfFlowText,
  refusalOfGroupMessage,
  refusalOfGroupText,
} from '../../model/switch-refusals.ts';
import type { TableChange } from '../switch-tables.ts';

/** What is refused when a change is read, before any of its bundle reaches the switch. */
export function refusalOfText(change: TableChange): RefusalCode | undefined {
  switch (change.kind) {
    case 'add-flow':
      return refusalOfFlowText(change.flow);
    case 'add-group':
    case 'modify-group':
      return refusalOfGroupText(change.group);
    case 'delete-flow':
    case 'delete-group':
      return undefined;
  }
}

/** What a switch refuses when a change comes to it, before any of its bundle is carried out. */
export function refusalOfMessage(change: TableChange): RefusalCode | undefined {
  switch (change.kind) {
    case 'add-flow':
      return refusalOfFlowMessage(change.flow);
    case 'add-group':
    case 'modify-group':
      return refusalOfGroupMessage(change.group);
    case 'delete-flow':
    case 'delete-group':
      return undefined;
  }
}
