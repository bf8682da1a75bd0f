// Holds the import table of .dependency-cruiser.mjs over the tree in the working directory, and that it looked at all:
// a parser that finds no module breaks no rule.
import { existsSync, readdirSync } from 'node:fs';
import { cruise, format } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import config, { importTable } from '../.dependency-cruiser.mjs';

const fewestModules = 100;
const importantFolders = [
  'gen',
  'src/client',
  'src/server/frame',
  'src/server/session',
  'src/shared',
  'src/web',
  'test',
];

const roots = ['gen', 'src', 'test', 'bench'].filter((folder) => existsSync(folder));
const onDisk = roots.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.tsx?$/.test(path)),
);

const { options, ...ruleSet } = config;
const { output: result } = await cruise(
  roots,
  { ...options, ruleSet, validate: true },
  {},
  { tsConfig: extractTSConfig(options.tsConfig.fileName) },
);

const seen = new Set(result.modules.map((module) => module.source));
const isIn = (row, file) => {
  if (row.endsWith('.ts')) return file === row;
  return row.endsWith('/*')
    ? file.startsWith(row.slice(0, -1)) && file.slice(row.length).includes('/')
    : file.startsWith(`${row}/`);
};
const problems = [
  ...onDisk.filter((path) => !seen.has(path)).map((path) => `${path}: not seen`),
  ...onDisk
    .filter((path) => path.startsWith('src/') && !importTable.some(({ folder }) => isIn(folder, path)))
    .map((path) => `${path}: no row of the import table says what it may import`),
  ...importantFolders
    .filter((folder) => !onDisk.some((path) => isIn(folder, path)))
    .map((folder) => `${folder}: nothing there`),
];
if (onDisk.length < fewestModules)
  problems.push(`only ${onDisk.length} modules, there were at least ${fewestModules}`);

if (result.summary.error > 0) console.log((await format(result, { outputType: 'err' })).output);
for (const problem of problems) console.log(problem);
if (result.summary.error > 0 || problems.length > 0) process.exit(1);
console.log(
  `${onDisk.length} modules, ${result.summary.totalDependenciesCruised} imports, each as the table says`,
);
