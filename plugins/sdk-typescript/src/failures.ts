/** What else than success may become of a record. */

/** Deliberately nothing: see {@link skip}. */
export class Skip {
  constructor(
    /** `[a-z0-9-]{1,64}`: a metric's label. */
    readonly code: string,
    /** One sentence. */
    readonly text: string,
  ) {}
}

/**
 * To be returned by a handler: deliberately nothing is done. What was emitted is dropped, and the
 * skip is counted under `code` (`[a-z0-9-]{1,64}`).
 */
export function skip(code: string, text: string): Skip {
  return new Skip(code, text);
}

/**
 * To be thrown: this record is never going to be handled. It goes to the dead letters, under `code`
 * (`[a-z0-9-]{1,64}`).
 */
export class Reject extends Error {
  override readonly name = "Reject";
  constructor(
    readonly code: string,
    text: string,
    options?: ErrorOptions,
  ) {
    super(text, options);
  }
}

/**
 * To be thrown: what failed may pass by itself. The host calls again, after its backoff and not
 * before `afterMs` milliseconds have passed; when that is exhausted, the record goes to the dead
 * letters.
 */
export class Retry extends Error {
  override readonly name = "Retry";
  /** The least delay; left out, it is the host's to choose. */
  readonly afterMs: number | undefined;
  constructor(
    readonly code: string,
    text: string,
    options?: ErrorOptions & { afterMs?: number },
  ) {
    super(text, options);
    this.afterMs = options?.afterMs;
  }
}
