/** A query before several cores: each part of it goes to who holds it, and one answer comes back. */
import { errorBody } from "../core/contract/edge.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import { POSITIONS_MAX } from "../core/contract/query.ts";
import { isUnavailable, unavailable, unavailableMessage } from "./ask_any.ts";
import type { Instances } from "./instances.ts";
import { merged, together } from "./merge.ts";
import {
  ApartError,
  catalogNames,
  homeOf,
  type Instance,
  type Missing,
  type Part,
  type Plan,
  plan,
  planTogether,
} from "./plan.ts";
import { type QueryText, readQuery } from "./query_text.ts";
import { askTarget } from "./target.ts";

/** For whom, from where, in which format, until when. */
export interface Asker extends Pick<AskOptions, "principal" | "origin" | "accept" | "signal"> {
  /** Whether the format is another than JSON: one core has to write all of it. */
  readonly isTable: boolean;
}

const DONE = "Successfully executed query";
const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };
/** How often a part that failed is asked again: more would multiply the load where all are busy. */
const REPEATS_MAX = 1;

/**
 * The answer that a core would give that holds all of it. Catalogs whose instances are down make it a
 * 503 that says so; or with `"partial": true` among the query's `kwargs` they are left out, and named
 * in `missing` beside `data`, if there is anything else to tell.
 */
export async function askSeveral(
  text: string,
  asker: Asker,
  instances: Instances,
): Promise<Response> {
  const query = readQuery(text);
  const all = await instances.known();
  if (query.type === "info" && query.command === "catalog_names") return listCatalogs(all);
  const [catalog] = query.catalogs;
  if (query.type === "drop" && catalog !== undefined) {
    const request = requestOf(text, asker);
    return await askTarget({ copiesOf: catalog }, request, instances, { mayRepeat: false });
  }
  const positions = asker.isTable || query.isExplained ? 0 : query.positions;
  const planned = planOf(query, all, positions);
  if (planned instanceof ApartError) return refusal(planned.message);
  if (asker.isTable && planned.parts.length > 1) {
    const each = planned.parts.map(({ catalogs }) => catalogs.join(", ")).join("; ");
    return refusal(`Cannot answer in this format as one instance must hold all of it: ask ${each}`);
  }
  instances.lookFor(planned.missing.flatMap((each) => each.instances));
  if (planned.parts.length === 0 || (planned.missing.length > 0 && !query.isPartial)) {
    return unavailable(planned.missing, all.length);
  }
  return await new Asking(text, query, asker, instances).answer(planned, all);
}

function requestOf(text: string, asker: Asker): AskOptions {
  return { ...asker, method: "POST", path: "/v1/query", body: new TextEncoder().encode(text) };
}

function refusal(message: string): Response {
  return Response.json(errorBody(message), { status: 400 });
}

function planOf(
  query: QueryText,
  all: readonly Instance[],
  positions = 0,
): Plan | ApartError {
  const [first] = query.catalogs;
  if (first === undefined) {
    // The database as a whole is that of the accounts. What else names no catalog isn't a query.
    const able = (query.type === "info" ? homeOf(all) : all).filter(({ isUp }) => isUp);
    return { parts: able.length > 0 ? [{ catalogs: [], instances: able }] : [], missing: [] };
  }
  if (query.isDivisible) return plan(query.catalogs, all, positions);
  try {
    return planTogether(first, query.joined, all);
  } catch (error) {
    if (error instanceof ApartError) return error;
    throw error;
  }
}

/** Also those of instances that are down: clients read the list once, and are told at the query. */
function listCatalogs(all: readonly Instance[]): Response {
  if (all.every(({ report }) => report === null)) return unavailable([], all.length);
  return Response.json({ status: "success", message: DONE, data: catalogNames(all) }, {
    headers: JSON_HEADERS,
  });
}

/** A part and its answer; null: who could have given it can't be reached. */
interface Answered {
  readonly part: Part;
  readonly answer: Response | null;
}

class Asking {
  readonly #text: string;
  readonly #query: QueryText;
  readonly #asker: Asker;
  readonly #instances: Instances;
  readonly #gone = new AbortController();
  readonly #answers = new Set<Response>();

  constructor(text: string, query: QueryText, asker: Asker, instances: Instances) {
    this.#text = text;
    this.#query = query;
    this.#asker = { ...asker, signal: AbortSignal.any([asker.signal, this.#gone.signal]) };
    this.#instances = instances;
  }

  async answer(planned: Plan, all: readonly Instance[]): Promise<Response> {
    try {
      return await this.#answer(planned, all);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #answer({ parts, missing: absent }: Plan, all: readonly Instance[]): Promise<Response> {
    const asked = await Promise.all(parts.map((part) => this.#ask(part, all, REPEATS_MAX)));
    const answered = asked.flat();
    const [only] = answered;
    if (answered.length === 1 && absent.length === 0 && only!.answer) return only!.answer;
    const refused = answered.find(({ answer }) =>
      answer !== null && !answer.ok && !isUnavailable(answer)
    );
    if (refused) return await this.#alone(refused.answer!);
    const lost = answered.filter(({ answer }) => answer?.ok !== true);
    const missing = [...absent, ...lost.flatMap(({ part }) => missingOf(part))];
    const names = new Set(missing.map(({ catalog }) => catalog));
    // A share of a catalog is nothing without its others.
    const isLeft = ({ part }: Answered) => !part.catalogs.some((name) => names.has(name));
    const left = answered.filter(isLeft);
    if (left.length === 0 || (missing.length > 0 && !this.#query.isPartial)) {
      return await this.#alone(unavailable(missing, all.length));
    }
    for (const { answer } of left) this.#answers.delete(answer!);
    this.#cancelAnswers();
    return await this.#merged(left, missing, all.length);
  }

  /** The part's answer; or those of its own parts, where others stand in for who can't be asked. */
  async #ask(part: Part, all: readonly Instance[], repeats: number): Promise<Answered[]> {
    const first = part.instances[0]!;
    let answer: Response | null = null;
    try {
      answer = await this.#instances.ask(first.url, this.#requestOf(part));
      this.#answers.add(answer);
      if (!isUnavailable(answer)) return [{ part, answer }];
    } catch (error) {
      if (!(error instanceof CoreUnavailableError)) throw error;
    }
    const others = all.map((each) => each.url === first.url ? { ...each, isUp: false } : each);
    const again = repeats === 0 ? [] : this.#partsFor(part, others);
    if (again.length === 0) {
      // It may have been the connection: who alone can answer is asked once more.
      return repeats > 0 && answer === null ? await this.#ask(part, all, 0) : [{ part, answer }];
    }
    await answer?.body?.cancel();
    return (await Promise.all(again.map((each) => this.#ask(each, others, repeats - 1)))).flat();
  }

  /**
   * What a part that failed falls into: others can answer some of it, and for the rest there is only
   * who couldn't. Empty, where that is all of it.
   */
  #partsFor({ catalogs, share, instances }: Part, others: readonly Instance[]): Part[] {
    if (!this.#query.isDivisible) {
      const planned = planOf(this.#query, others);
      return planned instanceof ApartError ? [] : [...planned.parts];
    }
    const { parts, missing } = plan(catalogs, others);
    if (parts.length === 0) return [];
    const first = instances.slice(0, 1);
    const left = missing.map(({ catalog }) => ({ catalogs: [catalog], instances: first }));
    return [...parts, ...left].map((part) => share ? { ...part, share } : part);
  }

  /** What is all of the query goes on as it is; of a part the answer is merged, so it must be JSON. */
  #requestOf({ catalogs, share }: Part): AskOptions {
    const isAll = !this.#query.isDivisible ||
      (share === undefined && catalogs.length === this.#query.catalogs.length);
    const text = isAll ? this.#text : this.#query.part(catalogs, share);
    return requestOf(text, isAll ? this.#asker : { ...this.#asker, accept: undefined });
  }

  /** What the others would have answered, nobody reads. */
  async #alone(answer: Response): Promise<Response> {
    const whole = new Response(await answer.bytes(), answer);
    this.#end();
    return whole;
  }

  /** Nobody reads what was asked any more. */
  #end(): void {
    this.#gone.abort();
    this.#cancelAnswers();
  }

  /** A signal ends what is still being asked; what has begun to come ends with its stream. */
  #cancelAnswers(): void {
    for (const { body } of this.#answers) if (!body?.locked) body?.cancel().catch(() => {});
    this.#answers.clear();
  }

  async #merged(
    left: readonly Answered[],
    missing: readonly Missing[],
    total: number,
  ): Promise<Response> {
    const isWhole = missing.length === 0;
    const message = isWhole
      ? DONE
      : `Executed query in part. ${unavailableMessage(missing, total)}`;
    const more = isWhole ? {} : { missing: [...new Set(missing.map(({ catalog }) => catalog))] };
    const place = ({ part: { catalogs, share } }: Answered) =>
      this.#query.catalogs.indexOf(catalogs[0]!) + (share?.from ?? 0) / POSITIONS_MAX;
    const ordered = left.toSorted((one, other) => place(one) - place(other));
    if (this.#query.isExplained) {
      const each = await Promise.all(ordered.map(({ answer }) => answer!.json()));
      const data = together(each.map((envelope) => envelope.data));
      return Response.json({ status: "success", message, data, ...more }, {
        headers: JSON_HEADERS,
      });
    }
    const readers = ordered.map(({ answer }) => answer!.body!.getReader());
    const pieces = merged({
      message,
      parts: ordered.map(({ part: { catalogs, share } }, i) => ({
        catalogs,
        isShare: share !== undefined,
        reader: readers[i]!,
      })),
      more,
    });
    const end = () => {
      this.#gone.abort();
      for (const reader of readers) reader.cancel().catch(() => {});
    };
    return new Response(streamOf(pieces, end), { headers: JSON_HEADERS });
  }
}

function missingOf({ catalogs, instances }: Part): Missing[] {
  return catalogs.map((catalog) => ({ catalog, instances }));
}

/** Pieces as they are read; where the reader goes, or a piece fails, all that makes them is ended. */
function streamOf(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  end: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
