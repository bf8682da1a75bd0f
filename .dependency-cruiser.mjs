// Who may import what: one row a folder, and nothing that its row does not name. docs/architecture.md shows the same table.
const protobuf = ['@bufbuild/protobuf'];
const connect = ['@bufbuild/protobuf', '@connectrpc/connect', '@connectrpc/connect-node'];
const anyPackage = ['[^/]+'];

const adapter = { own: ['gen', 'src/shared', 'src/server/port'], node: true };
const wayIn = { own: ['gen', 'src/shared', 'src/server/port', 'src/server/domain'], node: true };
const service = { own: ['gen', 'src/shared', 'src/process'], node: true };

/**
 * `own`: our folders and files it may import beside itself; `types`: those of which it may import types alone.
 * `packages`: third-party packages. `node`: Node's own modules, all or those named.
 * A folder that ends in `*` stands for each folder in it, which may not import one another. `except`: a file without rules.
 */
export const importTable = [
  { folder: 'gen', packages: protobuf },
  { folder: 'src/shared', own: ['gen'], packages: protobuf },
  {
    folder: 'src/process',
    own: ['src/shared'],
    packages: ['@opentelemetry/[^/]+', 'jose', 'pino', 'pino-pretty', 'prom-client', 'zod'],
    node: true,
  },
  { folder: 'src/server/port', own: ['src/shared'], types: ['gen'] },
  {
    folder: 'src/server/frame',
    own: ['gen', 'src/shared'],
    types: ['src/server/port'],
    packages: protobuf,
    node: ['buffer'],
  },
  {
    folder: 'src/server/domain',
    own: ['gen', 'src/shared', 'src/server/frame', 'src/server/port'],
    packages: protobuf,
    node: ['buffer'],
  },
  {
    folder: 'src/server/session',
    own: ['gen', 'src/shared', 'src/server/frame'],
    types: ['src/server/port'],
    packages: protobuf,
    node: true,
  },
  {
    folder: 'src/server/socket',
    own: ['gen', 'src/shared', 'src/server/frame', 'src/server/session'],
    types: ['src/server/port'],
    packages: [...protobuf, '@fastify/proxy-addr', 'cookie', 'ws'],
    node: true,
  },
  {
    folder: 'src/server/feature/*',
    own: ['gen', 'src/shared', 'src/server/frame', 'src/server/port', 'src/server/domain'],
    types: ['src/server/session'],
    packages: [...protobuf, 'p-queue'],
    node: true,
  },
  { folder: 'src/server/adapter/memory', ...adapter, packages: [...protobuf, 'lru-cache'] },
  {
    folder: 'src/server/adapter/redis',
    ...adapter,
    packages: [...protobuf, 'cluster-key-slot', 'ioredis', 'lru-cache'],
  },
  { folder: 'src/server/adapter/connect', ...adapter, packages: connect },
  { folder: 'src/server/adapter/directory', ...adapter, packages: [...connect, 'lru-cache'] },
  { folder: 'src/server/adapter/jose', ...adapter, packages: [...protobuf, 'jose'] },
  { folder: 'src/server/http', ...wayIn, packages: [...protobuf, 'fastify', '@fastify/[^/]+'] },
  { folder: 'src/server/control', ...wayIn, packages: connect },
  { folder: 'src/server/liveness', ...wayIn, packages: protobuf },
  {
    folder: 'src/server/open-store.ts',
    own: ['src/shared', 'src/server/adapter'],
    types: ['src/process', 'src/server/port'],
  },
  {
    folder: 'src/server/open-ports.ts',
    own: ['src/shared', 'src/server/adapter', 'src/server/open-store.ts'],
    types: ['src/process', 'src/server/port'],
    packages: connect,
  },
  {
    folder: 'src/server/main.ts',
    own: ['gen', 'src/shared', 'src/process', 'src/server'],
    packages: connect,
    node: true,
  },
  {
    folder: 'src/start.ts',
    own: ['src/shared', 'src/process', 'src/server/main.ts', 'src/services/*/main.ts'],
    packages: connect,
    node: true,
  },
  { folder: 'src/services/media', ...service, packages: [...connect, 'mediasoup'] },
  { folder: 'src/services/chat', ...service, packages: [...connect, '@electric-sql/pglite', 'kysely', 'pg'] },
  { folder: 'src/services/directory', ...service, packages: [...connect, 'zod'] },
  { folder: 'src/client', own: ['gen', 'src/shared'], packages: protobuf },
  { folder: 'src/web', own: ['gen', 'src/shared', 'src/client'], packages: [...protobuf, 'preact'] },
  {
    folder: 'src/cli',
    own: ['gen', 'src/shared', 'src/process', 'src/client'],
    packages: [...protobuf, 'commander'],
    node: true,
  },
  {
    folder: 'src/testing',
    own: ['gen', 'src/shared', 'src/process', 'src/client', 'src/server/frame'],
    packages: [...protobuf, 'ws'],
    node: true,
  },
  {
    folder: 'test/protocol',
    except: 'test/protocol/test-server.ts',
    own: ['gen', 'src/shared'],
    packages: anyPackage,
    node: true,
  },
];

/** A folder, or a file where the name ends in `.ts`, as a regular expression on paths; `*` is one name. */
function pathOf(name, star = '[^/]+') {
  return `^${name.replaceAll('.', '\\.').replace('*', star)}${name.endsWith('.ts') ? '$' : '/'}`;
}

/** The rules of one row: nothing but what it names, and of some of that only types. */
function rulesOf({ folder, except, own = [], types = [], packages = [], node = false }) {
  const from = { path: pathOf(folder, '([^/]+)'), ...(except && { pathNot: pathOf(except) }) };
  const itself = pathOf(folder, '$1');
  const allowed = [
    itself,
    ...[...own, ...types].map((name) => pathOf(name)),
    ...packages.map((name) => `(^|/)node_modules/(@types/)?${name}/`),
    ...(Array.isArray(node) ? node.map((name) => `^${name}$`) : []),
  ];
  const rules = [
    {
      name: folder,
      severity: 'error',
      from,
      to: { pathNot: allowed, ...(node === true && { dependencyTypesNot: ['core'] }) },
    },
  ];
  if (types.length > 0) {
    const to = { path: types.map((name) => pathOf(name)), dependencyTypesNot: ['type-only'] };
    rules.push({ name: `${folder}: types only`, severity: 'error', from, to });
  }
  return rules;
}

export default {
  forbidden: [
    ...importTable.flatMap(rulesOf),
    { name: 'no cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'installed with the package',
      comment: 'Who installs Parley gets no devDependencies. The pages are bundled; pino-pretty is optional.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/web/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], pathNot: 'node_modules/(pino-pretty|@types)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
