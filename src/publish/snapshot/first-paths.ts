// What others did to paths, told so that a line of the log can hold it.

/** How many paths, and the first of them. */
export interface FirstPaths {
  count: number
  paths: string[]
}

/** So many paths are named. */
export const MAX_PATHS = 10
