/** A plan as one would tell it. */
import type { ReadPlan } from "./explain.ts";

export function inWords(plan: ReadPlan): string {
  const { catalog, times, scan, then, is_exact: isExact } = plan;
  if (scan === "nothing") return `${catalog} holds nothing that could match.`;
  const about = isExact ? "" : "about ";
  const examined = `${about}${count(plan.documents_examined)}`;
  const returned = `${about}${count(plan.documents_returned)}`;
  const places = times > 1 ? ` at ${count(times)} positions together` : "";
  const how = {
    index: `Looks at ${examined} documents of ${catalog}${places}, found by the index ${
      plan.indexes.join(", ")
    }`,
    id: `Looks at ${examined} documents of ${catalog}${places}, found by _id`,
    collection: `Looks through ${catalog} from its beginning, ${examined} of ${
      count(plan.documents_in_catalog)
    } documents${places}, as no index serves this query`,
  }[scan];
  return [
    `${how}, and finds ${returned} (${bytes(plan.bytes_read)} read, some ${
      seconds(plan.seconds)
    }).`,
    ...plan.sorts_in_memory ? ["What is found is sorted in memory."] : [],
    ...then.length > 0
      ? [`What is found goes through ${then.join(", ")}, at a cost that is not in these numbers.`]
      : [],
  ].join(" ");
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function bytes(value: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${Number((value / 1_000 ** power).toPrecision(2))} ${units[power]}`;
}

function seconds(value: number): string {
  return value < 1
    ? `${Math.max(1, Math.ceil(value * 1_000))} ms`
    : `${Number(value.toPrecision(2))} s`;
}
