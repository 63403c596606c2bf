/** Which way each stage of a filter runs: in process, or in MongoDB, and why. */
import type { Document } from "../../contract/document.ts";
import { StreamContext } from "../engine/context.ts";
import { FilterError, NotCompiled } from "../engine/errors.ts";
import { compileStage, refuseSortByIndex } from "../engine/stages/compile_stage.ts";
import type { Place } from "../query_tree.ts";

export interface StageRoute {
  /** From 1. */
  readonly stage: number;
  readonly name: string;
  readonly runs: "in process" | "in MongoDB";
  /** Within the stage: where what isn't compiled stands. */
  readonly place: Place;
  /** Why it isn't compiled. */
  readonly reason?: string;
  /** Why no server would run it. */
  readonly failure?: string;
}

/** Each stage by itself: one that isn't compiled sends the whole filter to MongoDB. */
export function routeOf(pipeline: readonly Document[]): StageRoute[] {
  return pipeline.map((stage, i) => {
    const name = Object.keys(stage)[0] ?? "";
    const known = { stage: i + 1, name };
    try {
      const context = StreamContext.root(() => new Date()).at(`stage ${i + 1}`);
      if (name === "$sort") refuseSortByIndex(pipeline.slice(0, i + 1), context);
      compileStage(stage, context);
      return { ...known, runs: "in process", place: [name] };
    } catch (error) {
      if (!(error instanceof FilterError || error instanceof NotCompiled)) throw error;
      const place = placeWithin(error.place, name);
      if (error instanceof NotCompiled) {
        return { ...known, runs: "in MongoDB", place, reason: error.reason };
      }
      return { ...known, runs: "in MongoDB", place, failure: messageOf(error) };
    }
  });
}

/** Behind `stage 3, `; the stage itself where the error doesn't say more. */
function placeWithin(place: string, name: string): Place {
  const within = place.split(", ")[1];
  return [within === undefined || within === "" ? name : within];
}

function messageOf({ message, place }: FilterError): string {
  return place !== "" && message.startsWith(`${place}: `)
    ? message.slice(place.length + 2)
    : message;
}
