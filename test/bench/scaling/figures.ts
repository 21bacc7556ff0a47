// What is measured of each size, and how it grows with it.

/** What a size counts. */
export type By = 'files' | 'entries'

/** One quantity, of this program or of real git, for the same work. */
export interface Figure {
  by: By
  /** Figures of one kind have one scale. */
  kind: 'time' | 'processor time' | 'memory'
  what: string
  /** @default false */
  isGit?: true
}

/** Every quantity, by its name; times are milliseconds, memory is MiB. */
export const FIGURES = {
  first: { by: 'files', kind: 'time', what: 'first publication' },
  clone: { by: 'files', kind: 'time', what: 'git clone --depth 1', isGit: true },
  again: { by: 'files', kind: 'time', what: 'start to ready, all in place' },
  inPlace: { by: 'files', kind: 'time', what: 'update of one file, in place' },
  symlink: { by: 'files', kind: 'time', what: 'update of one file, symlink' },
  reset: { by: 'files', kind: 'time', what: 'git fetch and reset', isGit: true },
  inPlaceCpu: { by: 'files', kind: 'processor time', what: 'update of one file, in place' },
  symlinkCpu: { by: 'files', kind: 'processor time', what: 'update of one file, symlink' },
  peak: { by: 'files', kind: 'memory', what: 'most, first publication' },
  rest: { by: 'files', kind: 'memory', what: 'at rest, after an update' },
  all: { by: 'entries', kind: 'time', what: 'first publication of all' },
  allAgain: { by: 'entries', kind: 'time', what: 'start to ready, all in place' },
  sweep: { by: 'entries', kind: 'time', what: 'a poll of all' },
  pollCpu: { by: 'entries', kind: 'processor time', what: 'one idle poll' },
  allRest: { by: 'entries', kind: 'memory', what: 'at rest' },
} as const satisfies Record<string, Figure>

export type FigureName = keyof typeof FIGURES

/** What was measured at one size; some of it, where it cannot be measured there. */
export type Sample = Partial<Record<FigureName, number>>

/** What was measured, by size. */
export type Points = Readonly<Record<By, Readonly<Record<string, Sample>>>>

/** Of one figure, each size and what was measured there, ascending. */
export function seriesOf(points: Points, name: FigureName): [size: number, value: number][] {
  return Object.entries(points[FIGURES[name].by])
    .flatMap(([size, sample]) => {
      const value = sample[name]
      return value === undefined ? [] : [[Number(size), value] as [number, number]]
    })
    .sort(([one], [other]) => one - other)
}

/**
 * The power of the size by which a value grows: 0 where it does not, 1 where twice the size is twice the
 * value. Least squares of the logarithms; NaN of fewer than two sizes.
 */
export function slopeOf(series: readonly (readonly [size: number, value: number])[]): number {
  const logs = series.map(([size, value]) => [Math.log(size), Math.log(value)] as const)
  const mean = (at: 0 | 1) => logs.reduce((sum, log) => sum + log[at], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const over = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0)
  return over / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0)
}
