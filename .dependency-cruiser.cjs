// The floors of src/: imports go downward only, and folders on one floor never import each other.
const floors = [['model'], ['spec', 'plan', 'sim', 'workloads'], ['verify', 'drivers'], ['lab'], ['cli', 'web']];

const upwardOrSideways = floors.flatMap((floor, level) =>
  floor.map((folder) => ({
    name: `${folder}-imports-only-lower-floors`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: {
      path: `^src/(${
        floors
          .slice(level)
          .flat()
          .filter((other) => other !== folder)
          .join('|') || '-'
      })/`,
    },
  })),
);

const TABLES = '^src/drivers/(controllers|data-planes|entry-form).ts$';

/**
 * Interface files know no driver, but for tables, which know each driver's row and the form of entries; drivers stand side
 * by side on pusher/ and open-vswitch/; lab sees the interface files only.
 */
const drivers = [
  {
    name: 'driver-interfaces-import-only-the-model-and-each-other',
    severity: 'error',
    from: { path: '^src/drivers/[^/]+$', pathNot: TABLES },
    to: { path: '^src/', pathNot: '^src/(model/|drivers/[^/]+$)' },
  },
  {
    name: 'driver-tables-import-only-rows',
    severity: 'error',
    from: { path: TABLES },
    to: { path: '^src/', pathNot: '^src/drivers/([^/]+|[^/]+/row.ts|pusher/.*)$' },
  },
  {
    name: 'drivers-import-only-their-ground',
    severity: 'error',
    from: { path: '^src/drivers/([^/]+)/' },
    to: { path: '^src/drivers/[^/]+/', pathNot: '^src/drivers/($1|pusher|open-vswitch)/' },
  },
  {
    name: 'lab-imports-only-driver-interfaces-and-tables',
    severity: 'error',
    from: { path: '^src/lab/' },
    to: { path: '^src/drivers/[^/]+/' },
  },
  {
    name: 'the-pusher-knows-no-open-vswitch',
    severity: 'error',
    from: { path: '^src/drivers/pusher/' },
    to: { path: '^src/drivers/open-vswitch/' },
  },
];

/** Pure floors touch no Node API; the vocabulary uses no package either. */
const purity = [
  {
    name: 'pure-floors-have-no-effects',
    severity: 'error',
    from: { path: '^src/(model|plan|sim|workloads|verify)/' },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'model-uses-no-package',
    severity: 'error',
    from: { path: '^src/(model|plan|sim|verify)/' },
    to: { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
];

module.exports = {
  forbidden: [...upwardOrSideways, ...drivers, ...purity],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
