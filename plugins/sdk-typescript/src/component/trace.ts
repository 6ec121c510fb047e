/** A stack as the engine prints it, told in the author's files and lines. */

/** A source map, as the build makes it (version 3). */
export interface SourceMap {
  /** What the engine calls the bundle. */
  readonly file: string;
  /** As the author knows them; null for the SDK's, whose frames say nothing to an author. */
  readonly sources: readonly (string | null)[];
  readonly mappings: string;
}

/** Where a generated column begins to come from: column, source, line and column there, from 0. */
type Segment = [number, number, number, number];

const FRAMES_MAX = 32;
/** What SpiderMonkey calls a function without a name, after what it stands in. */
const NAMELESS = /<$/;
/** `name@file:1:2` of SpiderMonkey, `at name (file:1:2)` of QuickJS and V8. */
const FRAME = /^\s*(?:at )?(.*?)(?:@| ?\(|^)([^@()]*?):(\d+)(?::(\d+))?\)?$/;

/** `at name (file:line)`, one a line, the innermost first. */
export function trace(error: unknown, map: SourceMap): string {
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const lines: string[] = [];
  let decoded: Segment[][] | undefined;
  for (const frame of stack.split("\n")) {
    const found = FRAME.exec(frame);
    if (found === null) continue;
    const [, name, file, line, column] = found;
    if (!file!.endsWith(map.file)) continue;
    decoded ??= decode(map.mappings);
    const place = original(decoded, map, Number(line) - 1, Number(column ?? 1) - 1);
    if (place === undefined) continue;
    const told = name && !NAMELESS.test(name) ? name : "(anonymous)";
    lines.push(`at ${told} (${place})`);
    if (lines.length === FRAMES_MAX) break;
  }
  return lines.join("\n");
}

function original(
  decoded: Segment[][],
  map: SourceMap,
  line: number,
  column: number,
): string | undefined {
  const segments = decoded[line] ?? [];
  const segment = segments.findLast(([from]) => from <= column) ?? segments[0];
  const source = segment && map.sources[segment[1]];
  return source ? `${source}:${segment[2] + 1}` : undefined;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 digits of five bits each, the least first; each number is the difference to the last. */
function decode(mappings: string): Segment[][] {
  let [source, line, column] = [0, 0, 0];
  return mappings.split(";").map((ofLine) => {
    let from = 0;
    const segments: Segment[] = [];
    for (const text of ofLine.split(",")) {
      const numbers = variableLength(text);
      from += numbers[0] ?? 0;
      if (numbers.length < 4) continue;
      source += numbers[1]!;
      line += numbers[2]!;
      column += numbers[3]!;
      segments.push([from, source, line, column]);
    }
    return segments;
  });
}

function variableLength(text: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & 31) << shift;
    if (bits & 32) {
      shift += 5;
      continue;
    }
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}
