/** The settings that the host's configuration gives to a plugin. */

/** A setting that a plugin declares, and what its text is made into. */
export interface Setting<T> {
  /** One sentence. */
  readonly doc: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** What holds when it isn't given. */
  readonly default: string | undefined;
  /** What the text means; throws an `Error` that says what is wrong with it. `NaN` is wrong too. */
  readonly parse: (text: string) => T;
}

/** The settings that a plugin declares, by name. */
export type Declared = { readonly [name: string]: Setting<unknown> };

/** What the declared settings are made into. */
export type Given<S extends Declared> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never;
};

/** How a setting is declared. `parse` makes something of its text, or throws what is wrong. */
export interface Declare {
  /** It must be given. */
  required(doc: string): Setting<string>;
  required<T>(doc: string, parse: (text: string) => T): Setting<T>;
  /** Without it, it is `undefined`. */
  optional(doc: string): Setting<string | undefined>;
  optional<T>(doc: string, parse: (text: string) => T): Setting<T | undefined>;
  /** Without it, it is what `otherwise` means. */
  withDefault(doc: string, otherwise: string): Setting<string>;
  withDefault<T>(doc: string, otherwise: string, parse: (text: string) => T): Setting<T>;
}

const same = (text: string): any => text;

/** See {@link Declare}. */
export const setting: Declare = {
  required: (doc: string, parse = same) => ({ doc, required: true, default: undefined, parse }),
  optional: (doc: string, parse = same) => ({ doc, required: false, default: undefined, parse }),
  withDefault: (doc: string, otherwise: string, parse = same) => (
    { doc, required: false, default: otherwise, parse }
  ),
};

/** A setting's name, and what is wrong with it. */
export interface Problem {
  name: string;
  problem: string;
}

/** The settings as declared, or all that is wrong with those given. */
export function read<S extends Declared>(
  declared: S,
  given: readonly (readonly [string, string])[],
): { settings: Given<S>; problems: Problem[] } {
  const problems: Problem[] = [];
  const names = Object.keys(declared);
  const known = names.length === 0
    ? "this plugin has no settings"
    : `this plugin knows: ${names.join(", ")}`;
  for (const [name] of given) {
    if (!Object.hasOwn(declared, name)) {
      problems.push({ name, problem: `unknown setting; ${known}` });
    }
  }
  const texts = new Map(given);
  const settings: { [name: string]: unknown } = {};
  for (const name of names) {
    const of = declared[name]!;
    const found = texts.get(name) ?? of.default;
    if (found === undefined) {
      if (of.required) problems.push({ name, problem: `must be given: ${of.doc}` });
      continue;
    }
    try {
      const value = of.parse(found);
      // What `Number` and its like make of another text, without a word.
      if (Number.isNaN(value)) throw new Error(`expected a number, found \`${found}\``);
      settings[name] = value;
    } catch (error) {
      problems.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return { settings: settings as Given<S>, problems };
}
