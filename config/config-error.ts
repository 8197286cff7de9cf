/** Thrown for every fault of a configuration file; `what` names file and key, `why` what was found, `remedy` what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly details: {
    readonly code: 'CONFIG_INVALID'
    readonly what: string
    readonly why: string
    readonly remedy: string
  }

  constructor(details: { what: string; why: string; remedy: string }, options?: ErrorOptions) {
    super(`${details.what}: ${details.why}`, options)
    this.details = { code: 'CONFIG_INVALID', ...details }
  }
}
