import type { TestModule, Vitest } from 'vitest/node';

/** Whether a run was of all tests: not of some projects, files or titles, which says nothing about the rest. */
export async function isFullRun(vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> {
  const { testNamePattern, project, shard, cliExclude } = vitest.config;
  if ((testNamePattern ?? shard ?? cliExclude) !== undefined || project.length > 0) return false;
  const ran = new Set(modules.map((module) => `${module.project.name} ${module.moduleId}`));
  const all = await vitest.globTestSpecifications();
  return all.every((specification) => ran.has(`${specification.project.name} ${specification.moduleId}`));
}
