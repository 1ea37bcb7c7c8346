import { type Comparison, compareLab, type LabOutcome } from './differential.ts';

/** Compares labs of consecutive seeds, some of them at once. Outcomes are in the order in which they are known. */
export async function compareLabs(
  options: {
    readonly labs: number;
    /** After this time, in milliseconds since 1970, no other lab is begun. */
    readonly until?: number;
    readonly seed: number;
    readonly atOnce: number;
  },
  onOutcome: (outcome: LabOutcome, done: number) => void = () => {},
): Promise<readonly LabOutcome[]> {
  const outcomes: LabOutcome[] = [];
  const failures: Error[] = [];
  let next = 0;
  const work = async () => {
    const { labs, until = Number.POSITIVE_INFINITY } = options;
    while (next < labs && Date.now() < until && failures.length === 0) {
      const seed = options.seed + next++;
      try {
        const outcome = await compareLab(seed);
        outcomes.push(outcome);
        onOutcome(outcome, outcomes.length);
      } catch (error) {
        failures.push(new Error(`the lab of seed ${seed} could not be run`, { cause: error }));
      }
    }
  };
  // Each ends the lab that it has begun, whatever becomes of the others.
  await Promise.all(Array.from({ length: options.atOnce }, work));
  for (const failure of failures) throw failure;
  return outcomes;
}

/** What was compared, so that one sees whether it says anything. */
export function summary(outcomes: readonly LabOutcome[]): string {
  const all = outcomes.flatMap(({ comparisons }) => comparisons);
  const total = (number: (comparison: Comparison) => number) => all.reduce((sum, each) => sum + number(each), 0);
  const cells = total(({ reach, doNot, undecided }) => reach + doNot + undecided);
  const mixed = all.filter(({ reach, doNot }) => reach > 0 && doNot > 0).length;
  const labsWith = new Map<string, number>();
  for (const { features } of outcomes) {
    for (const feature of features) labsWith.set(feature, (labsWith.get(feature) ?? 0) + 1);
  }
  const features = [...labsWith].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map((each) => each.join(' '));
  return [
    `${outcomes.length} labs, ${all.length} sets of entries, of which ${mixed} let some pairs reach and others not`,
    `${total(({ held }) => held)} entries, and ${total(({ refused }) => refused)} more that the switches refused`,
    `${cells} cells: ${total(({ reach }) => reach)} reach, ${total(({ doNot }) => doNot)} do not, ` +
      `${total(({ undecided }) => undecided)} are undecided; ${total(({ circling }) => circling)} of them with packets that circle, ` +
      `${total(({ storms }) => storms)} with copies that multiply`,
    `${total(({ leftOut }) => leftOut)} cells left out, whose packets would circle`,
    `labs in which packets met entries with: ${features.join(', ')}`,
    `${outcomes.filter(({ endedOpenVSwitch }) => endedOpenVSwitch).length} labs whose entries ended Open vSwitch`,
    `${total(({ disagreements }) => disagreements.length)} disagreements`,
  ].join('\n');
}
