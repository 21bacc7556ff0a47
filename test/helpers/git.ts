// What tests need of real git, in one place.
export type { TestScope } from './at-end.js'
export {
  type GitOptions,
  git,
  gitBytes,
  gitEnvironment,
  tempDir,
} from './git-command.js'
export { assertSameTree } from './same-tree.js'
export { createRepo, type RepoOptions, type TestFile, type TestRepo } from './test-repo.js'
