// What can be chosen of the log; apart from it, as settings are read where nothing is logged.

/** From the gravest to the most talkative. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** `json` is one object a line; `pretty` is for people. */
export const LOG_FORMATS = ['json', 'pretty'] as const

export type LogFormat = (typeof LOG_FORMATS)[number]
