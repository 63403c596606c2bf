/** What an instance tells edges of itself, so that each query comes to one that can answer it. */
import { z } from "zod";

/** The answer to `GET /v1/catalogs`. */
export const InstanceReport = z.object({
  /** Of the database: instances that give the same one are replicas, before the same MongoDB. */
  archive: z.string().min(1),
  /** What may be queried, and roughly how many documents it has; null: a view, which isn't counted. */
  catalogs: z.record(z.string(), z.number().nullable()),
  /** The collections of alerts that it holds, by the name of their survey in lower case. */
  surveys: z.record(z.string(), z.string()),
  /** Queries that run at this moment. */
  running: z.int(),
});
export type InstanceReport = z.output<typeof InstanceReport>;
