// The floors of src/: imports go downward only, and folders on one floor never import each other.
const floors = [['model'], ['spec', 'plan', 'sim'], ['verify', 'drivers'], ['lab'], ['cli', 'web']];

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

/** Pure floors touch no Node API; the vocabulary uses no package either. */
const purity = [
  {
    name: 'pure-floors-have-no-effects',
    severity: 'error',
    from: { path: '^src/(model|plan|sim|verify)/' },
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

/** The lab knows drivers by their interfaces, and the Static Entry Pusher's protocol data. */
const interfaces = [
  {
    name: 'lab-imports-drivers-by-their-interfaces',
    severity: 'error',
    from: { path: '^src/lab/' },
    to: {
      path: '^src/drivers/[^/]+/',
      // Of mininet/: until it answers for leftovers and missing tools behind an interface.
      pathNot: [
        '^src/drivers/pusher/(post-reader|unchecked-body|wire)[.]ts$',
        '^src/drivers/mininet/(cpu-shares|machine|requirements)[.]ts$',
      ],
    },
  },
];

module.exports = {
  forbidden: [...upwardOrSideways, ...purity, ...interfaces],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
