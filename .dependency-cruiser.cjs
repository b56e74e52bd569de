/**
 * The layers of the program, as import rules (the two tables of CONTRIBUTING.md, "Layers").
 * A folder of core may import only from folders that stand before it in CORE_ORDER.
 */
const CORE_ORDER = [
  'bits',
  'format',
  'protocol',
  'memory',
  'iommu',
  'vtd',
  'amdvi',
  'acpi',
  'dump',
  'linux',
  'log',
  'imports',
  'explain',
  'machine',
  'handoff',
  'probe',
  'session',
  'script',
];

/** Folders of one rank: they stand side by side and never import each other. */
const APART = [['vtd', 'amdvi', 'acpi']];

const upward = CORE_ORDER.slice(0, -1).map((folder, index) => {
  const later = CORE_ORDER.slice(index + 1);
  const apart = APART.filter((group) => group.includes(folder))
    .flat()
    .filter((other) => other !== folder);
  return {
    name: `core-${folder}-imports-only-below`,
    comment: `core/${folder} may import only from the folders before it in the order of core`,
    severity: 'error',
    from: { path: `^core/${folder}/` },
    to: { path: `^core/(${[...new Set([...later, ...apart])].join('|')})/` },
  };
});

const only = (name, from, allowed) => ({
  name,
  comment: `${from} may import, of this project, only ${allowed}`,
  severity: 'error',
  from: { path: from },
  to: { path: '^(core|electron|renderer|test)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    ...upward,
    only('core-stands-alone', '^core/', '^core/'),
    {
      name: 'core-has-no-platform',
      comment:
        'core compiles without Node, a browser or Electron; what only a platform has comes in by an interface',
      severity: 'error',
      from: { path: '^core/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-has-few-packages',
      comment: 'core uses zod (schemas of the contract and of saved files) and nothing else',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod)/' },
    },
    {
      name: 'protocol-is-light',
      comment:
        'core/protocol imports only bits and format, so that the window does not drag the core in',
      severity: 'error',
      from: { path: '^core/protocol/' },
      to: { path: '^core/', pathNot: '^core/(bits|format|protocol)/' },
    },
    {
      name: 'core-does-not-know-its-views',
      comment: "the vendors' specifications and the layers under them do not know the contract",
      severity: 'error',
      from: {
        path: '^core/(memory|iommu|vtd|amdvi|acpi|dump|linux|log|imports|explain|machine|handoff)/',
      },
      to: { path: '^core/protocol/' },
    },
    only('host-imports', '^electron/host/', '^(core|electron/host)/'),
    only('cli-imports', '^electron/cli/', '^(core|electron/(cli|host|serve))/'),
    only('serve-imports', '^electron/serve/', '^(core|electron/(serve|host))/'),
    only('main-imports', '^electron/(main|preload)/', '^(core/protocol|electron/(main|preload))/'),
    only('renderer-imports', '^renderer/', '^(core/(protocol|format|bits)|renderer)/'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      comment:
        'monaco-editor and vite are found through package exports that the cruiser does not read',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(monaco-editor/|vite$)' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|dist)/|vite\\.config\\.ts$' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'] },
  },
};
