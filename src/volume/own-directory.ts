// The one name under which this service keeps what is its own, beside what it publishes.

/** What this service names all that is its own. */
export const OWN_DIRECTORY = '.git-autosync'
