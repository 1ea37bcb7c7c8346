/** What a problem is about, as data; `describeWhere` prints it. */
export type Where = FilePlace | EntryPlace | SwitchPlace | RequestPlace | OptionPlace | Thing;

/** A file or folder, or a place in a file: `lab.yaml:3:5`. */
export interface FilePlace {
  readonly kind: 'file';
  /** As the user named it, or as it was found. */
  readonly file: string;
  /** From 1 on; absent where all of the file is meant. */
  readonly line?: number;
  /** From 1 on, in characters; there only with a line. */
  readonly column?: number;
}

/** An entry: `entry drop on s1`, or `http://127.0.0.1:8080, switch 00:00:00:00:00:00:00:01, entry drop`. */
export interface EntryPlace {
  readonly kind: 'entry';
  /** Its name; its number from 1 on where it has none. */
  readonly entry: string | number;
  /** Its switch as the lab calls it, or the DPID that no switch of the lab has. */
  readonly switch?: string;
  /** Its switch as the controller calls it. */
  readonly dpid?: string;
  /** Of the controller. */
  readonly url?: string;
  /** The file that it stands in. */
  readonly file?: string;
  /** The step of a scenario that gives it to the switches. */
  readonly step?: FilePlace;
}

/** A switch: `switch 00:00:00:00:00:00:00:01`. */
interface SwitchPlace {
  readonly kind: 'switch';
  /** A name, or a DPID. */
  readonly switch: string;
  /** Of the controller, where it is about what that has of the switch. */
  readonly url?: string;
}

/** A request to a controller: `GET http://127.0.0.1:8080/wm/device/`. */
interface RequestPlace {
  readonly kind: 'request';
  readonly method: string;
  /** The whole of it, with its path. */
  readonly url: string;
}

/** An option of a command: `--junit report.xml`. */
interface OptionPlace {
  readonly kind: 'option';
  /** With its dashes. */
  readonly option: string;
  /** Absent where the option itself is wrong, or `offending` holds the value. */
  readonly value?: string;
}

/** Anything that has no better form: a host, a lab, a program, a command line. */
interface Thing {
  readonly kind: 'thing';
  readonly name: string;
}

/** A place as the user reads it. */
export function describeWhere(where: Where): string {
  switch (where.kind) {
    case 'file':
      return [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
    case 'entry':
      return describeEntryPlace(where);
    case 'switch':
      return listed(where.url, `switch ${where.switch}`);
    case 'request':
      return `${where.method} ${where.url}`;
    case 'option':
      return where.value === undefined ? where.option : `${where.option} ${where.value}`;
    case 'thing':
      return where.name;
  }
}

function describeEntryPlace({ entry, switch: owner, dpid, url, file, step }: EntryPlace): string {
  const named = `entry ${entry}${owner === undefined ? '' : ` on ${owner}`}`;
  const held = listed(url, dpid === undefined ? undefined : `switch ${dpid}`, named);
  return [...(step === undefined ? [] : [describeWhere(step)]), ...(file === undefined ? [] : [file]), held].join(': ');
}

function listed(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ');
}

/**
 * The place in a file that an editor or a CI service can show: of an entry that of its step.
 * Undefined where no line is known.
 */
export function lineOf(where: Where | undefined): (FilePlace & { readonly line: number }) | undefined {
  const place = where?.kind === 'entry' ? where.step : where;
  return place?.kind === 'file' && place.line !== undefined ? { ...place, line: place.line } : undefined;
}

/** A value whose places are texts, as `--format json` prints it. */
export type Printed<T> = T extends Where
  ? string
  : T extends string
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Printed<T[K]> }
      : T;

/** For `JSON.stringify`: prints each place of a document as text. */
export function placesAsTexts(key: string, value: unknown): unknown {
  const isPlace = (key === 'where' || key === 'messageWhere') && typeof value === 'object' && value !== null;
  return isPlace ? describeWhere(value as Where) : value;
}
