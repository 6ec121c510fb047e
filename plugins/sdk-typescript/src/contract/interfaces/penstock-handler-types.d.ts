// Generated from wit/ by tools/contract.mjs.
declare module 'penstock:handler/types@0.1.0' {
  /**
   * When a record was made, in milliseconds since 1970.
   */
  export type Timestamp = TimestampUnknown | TimestampCreateTime | TimestampLogAppendTime;
  /**
   * The record carries none.
   */
  export interface TimestampUnknown {
    tag: 'unknown',
  }
  /**
   * Set by the producer.
   */
  export interface TimestampCreateTime {
    tag: 'create-time',
    val: bigint,
  }
  /**
   * Set by the broker when it appended the record.
   */
  export interface TimestampLogAppendTime {
    tag: 'log-append-time',
    val: bigint,
  }
  /**
   * A record header. Order and duplicates are kept, in both directions.
   */
  export interface Header {
    /**
     * Its name; names may repeat.
     */
    name: string,
    /**
     * `none` is Kafka's null, which differs from an empty value.
     */
    value?: Uint8Array,
  }
  /**
   * One record. Its topic was given to `configure`.
   *
   * Fewer than 16 flat values: beyond that a call passes through the guest's memory.
   */
  export interface Message {
    /**
     * The partition's number, from 0.
     */
    partition: number,
    /**
     * The record's offset in its partition.
     */
    offset: bigint,
    /**
     * When it was made.
     */
    timestamp: Timestamp,
    /**
     * `none` is a null key, which differs from an empty one.
     */
    key?: Uint8Array,
    /**
     * `none` is a tombstone, which differs from an empty value.
     */
    value?: Uint8Array,
    /**
     * `none` unless `description.headers` asks for them and the record has any: even an empty list
     * costs a call of the guest's allocator.
     */
    headers?: Array<Header>,
  }
  /**
   * Why, as a stable code for dashboards and a sentence for people.
   */
  export interface Reason {
    /**
     * `[a-z0-9-]{1,64}`; it becomes a metric label, so keep the number of codes small.
     */
    code: string,
    /**
     * One sentence.
     */
    text: string,
  }
  /**
   * A failure that may pass by itself.
   */
  export interface RetryInfo {
    /**
     * The least delay before the next call; `none` leaves it to the host's backoff.
     */
    afterMs?: number,
    /**
     * What failed.
     */
    why: Reason,
  }
  /**
   * An exception that the SDK caught, in languages whose traps say nothing of the author's code.
   */
  export interface CrashInfo {
    /**
     * What was thrown, one line.
     */
    message: string,
    /**
     * Functions, files and lines, as the language prints them.
     */
    trace: string,
  }
  /**
   * The two ways to succeed.
   */
  export type Outcome = OutcomeDone | OutcomeSkip;
  /**
   * What was emitted is sent. Nothing emitted is a success too.
   */
  export interface OutcomeDone {
    tag: 'done',
  }
  /**
   * Deliberately nothing: what was emitted is dropped, and the reason is counted.
   */
  export interface OutcomeSkip {
    tag: 'skip',
    val: Reason,
  }
  /**
   * The three ways to fail. What was emitted is dropped.
   */
  export type Failure = FailureRetry | FailureReject | FailureCrash;
  /**
   * Call again, by the host's policy; when that is exhausted, the record is dead-lettered.
   */
  export interface FailureRetry {
    tag: 'retry',
    val: RetryInfo,
  }
  /**
   * This record is never going to be handled: dead-letter it now.
   */
  export interface FailureReject {
    tag: 'reject',
    val: Reason,
  }
  /**
   * Something broke inside the handler.
   */
  export interface FailureCrash {
    tag: 'crash',
    val: CrashInfo,
  }
  /**
   * A logical output. The host's configuration maps each to a topic.
   */
  export interface OutputSpec {
    /**
     * As in the configuration's `outputs = { name = "topic" }`.
     */
    name: string,
    /**
     * One sentence.
     */
    doc: string,
  }
  /**
   * A setting that `configure` reads.
   */
  export interface SettingSpec {
    /**
     * As in the configuration's `settings = { name = "value" }`.
     */
    name: string,
    /**
     * One sentence.
     */
    doc: string,
    /**
     * Whether it must be given.
     */
    required: boolean,
    /**
     * What holds when it is not given, for people: the host does not fill it in.
     */
    'default'?: string,
  }
  /**
   * What a plugin says of itself.
   */
  export interface Description {
    /**
     * The plugin's own name.
     */
    name: string,
    /**
     * The plugin's own version.
     */
    version: string,
    /**
     * The SDK that built it, with its version.
     */
    sdk: string,
    /**
     * Whether `handle` wants the record's headers. Each costs a call into the guest's allocator.
     */
    headers: boolean,
    /**
     * `emit` numbers them in this order, from 0.
     */
    outputs: Array<OutputSpec>,
    /**
     * The settings that `configure` understands.
     */
    settings: Array<SettingSpec>,
  }
  /**
   * What `configure` refuses.
   */
  export interface SettingError {
    /**
     * The setting's name.
     */
    name: string,
    /**
     * What is wrong with it.
     */
    problem: string,
  }
}
