/** The conformance plugin in TypeScript: `tests/conformance/README.md` says what it must do. */

import {
  context,
  type Message,
  plugin,
  Reject,
  Retry,
  setting,
  skip,
  stringify,
} from "@penstock/sdk";

const definition = {
  name: "conformance",
  version: "1.0.0",
  headers: true,
  outputs: {
    out: "Whatever the record asks for",
    about: "What the handler knows of each record",
  },
  settings: {
    word: setting.required("Any text"),
    count: setting.withDefault("A whole number", "1", whole),
    note: setting.optional("Any text"),
  },
} as const;

export default plugin(definition, ({ topic, settings, emit }) => {
  function echo({ key, value, headers, timestamp }: Message): void {
    emit("out", { key, value, headers, timestampMs: timestamp.ms });
  }

  function about({ partition, offset, timestamp: { kind, ms } }: Message): string {
    const [high, low] = context.seed();
    return stringify({
      topic,
      partition,
      offset,
      timestamp: kind === "unknown" ? kind : { [kind]: ms },
      now: context.nowMs(),
      attempt: context.attempt(),
      seed: hex(high) + hex(low),
    });
  }

  return (message) => {
    const [command, argument = ""] = commandOf(message);
    switch (command) {
      case undefined:
        echo(message);
        break;
      case "outputs":
        for (let index = 0; index < Number(argument); index++) {
          emit("out", { value: String(index) });
        }
        break;
      case "retry":
        echo(message);
        if (context.attempt() === 1) {
          throw new Retry("asked-to", "once, and later", { afterMs: Number(argument) });
        }
        break;
      case "reject":
        echo(message);
        throw new Reject("asked-to", "Grüße, 世界");
      case "skip":
        echo(message);
        return skip("asked-to", "the record asked for it");
      case "crash":
        breaks();
        break;
      case "trap":
        echo(message);
        trap();
        break;
      case "log":
        console.trace("a trace line");
        console.debug("a debug line");
        console.info("an info line");
        console.warn("a warn line");
        console.error("an error line");
        console.log("printed");
        console.log("printed again");
        break;
      case "settings": {
        const { word, count, note = null } = settings;
        emit("out", { value: stringify({ word, count, note }) });
        break;
      }
      case "surroundings":
        emit("out", { value: stringify(surroundings()) });
        break;
      default:
        throw new Reject("unknown-command", `no such command: ${command}`);
    }
    emit("about", { value: about(message) });
  };
});

function commandOf(message: Message): string[] {
  if (message.value?.[0] !== "!".charCodeAt(0)) return [];
  return message.text().slice(1).split(" ");
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`expected a whole number, found "${text}"`);
  return Number(text);
}

function hex(half: bigint): string {
  return half.toString(16).padStart(16, "0");
}

function surroundings() {
  return {
    clock: Date.now(),
    random: `${Math.random()} ${crypto.randomUUID()}`,
    environment: "process" in globalThis,
    file: "require" in globalThis,
    network: connects(),
  };
}

function connects(): boolean {
  try {
    return fetch("http://127.0.0.1:9092") !== undefined;
  } catch {
    return false;
  }
}

function breaks(): never {
  throw new Error("this is broken"); // HERE
}

/** No code of an author's makes the engine trap: this one is cut off by its deadline. */
function trap(): void {
  for (;;);
}
