/** Labels of alerts as clients send and get them. */
import { z } from "zod";

/** The fields of an alert's document that hold its labels. */
export const LABEL_SETS = ["human_labels", "ml_scores"] as const;
export type LabelSet = (typeof LABEL_SETS)[number];

/** An integer of 64 bits in its one form, so that no two keys are one alert. */
export const CANDID = /^(0|-?[1-9][0-9]{0,18})$/;

/** What an alert is, by name, and how surely. */
const Values = z.union([
  z.record(z.string(), z.union([z.number(), z.string()])),
  z.array(z.string()),
  z.string(),
]).nullable().describe(
  "Names with a number each; or a list of names, or names separated by commas, worth 1.0 each",
);

/** By candid: labels to add or to overwrite; or to remove, where only names count. */
export const LabelsOfAlerts = z.record(
  z.string().regex(CANDID),
  z.object({ human_labels: Values.optional(), ml_scores: Values.optional() }),
);

export const ClassificationsPath = z.object({ survey: z.string() });
export const ClassificationPath = ClassificationsPath.extend({ candid: z.string() });

const Labels = z.record(z.string(), z.unknown());

export const ClassificationDoc = z.looseObject({
  objectId: z.string().optional(),
  human_labels: Labels.optional(),
  ml_scores: Labels.optional(),
  candid: z.number().meta({ type: "integer", format: "int64" }),
});
