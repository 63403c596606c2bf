/**
 * What people may run is a list of what may pass: stages and operators by name, in whatever depth
 * they stand. What isn't named here (server-side JavaScript, writing stages, what shows the server's
 * own state, and whatever a future server brings) is refused.
 */
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { QueryError } from "../contract/query.ts";
import { doublesItself } from "./growth.ts";

/** Stages of all levels of a pipeline together; MongoDB itself takes 1,000. */
const STAGES_MAX = 200;
/** Values in a filter or pipeline: what a megabyte of text can hold is not yet an attack. */
const VALUES_MAX = 500_000;

/** Of a range whose ends are numbers; nobody's light curve is as long. */
const RANGE_MAX = 1_000_000;

const STAGES = new Set(words(`
  $addFields $bucket $bucketAuto $count $densify $facet $fill $geoNear $graphLookup $group $limit
  $lookup $match $project $redact $replaceRoot $replaceWith $sample $set $setWindowFields $skip $sort
  $sortByCount $unset $unwind`));

const QUERY_OPERATORS = words(`
  $all $and $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $box $center $centerSphere $comment
  $elemMatch $eq $exists $expr $geoIntersects $geoWithin $geometry $gt $gte $in $jsonSchema $lt $lte
  $maxDistance $meta $minDistance $mod $ne $near $nearSphere $nin $nor $not $options $or $polygon
  $regex $sampleRate $size $slice $type $uniqueDocs`);

const EXPRESSIONS = words(`
  $abs $acos $acosh $add $allElementsTrue $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh
  $atan $atan2 $atanh $avg $binarySize $bitAnd $bitNot $bitOr $bitXor $bsonSize $ceil $cmp $concat
  $concatArrays $cond $convert $cos $cosh $dateAdd $dateDiff $dateFromParts $dateFromString
  $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth $dayOfWeek $dayOfYear
  $degreesToRadians $divide $exp $filter $first $firstN $floor $getField $hour $ifNull $indexOfArray
  $indexOfBytes $indexOfCP $isArray $isNumber $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let
  $literal $ln $log $log10 $ltrim $map $max $maxN $median $mergeObjects $millisecond $min $minN
  $minute $month $multiply $objectToArray $percentile $pow $radiansToDegrees $rand $range $reduce
  $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $second
  $setDifference $setEquals $setField $setIntersection $setIsSubset $setUnion $sin $sinh $sortArray
  $split $sqrt $stdDevPop $stdDevSamp $strLenBytes $strLenCP $strcasecmp $substr $substrBytes
  $substrCP $subtract $sum $switch $tan $tanh $toBool $toDate $toDecimal $toDouble $toInt $toLong
  $toLower $toObjectId $toString $toUpper $trim $trunc $tsIncrement $tsSecond $unsetField $week $year
  $zip`);

const ACCUMULATORS = words(`
  $addToSet $bottom $bottomN $count $covariancePop $covarianceSamp $denseRank $derivative
  $documentNumber $expMovingAvg $integral $linearFill $locf $push $rank $shift $top $topN`);

export const OPERATORS: ReadonlySet<string> = new Set([
  ...QUERY_OPERATORS,
  ...EXPRESSIONS,
  ...ACCUMULATORS,
]);

/** Throws `QueryError` where a filter or projection holds an operator that may not pass. */
export function checkExpression(value: unknown): void {
  new Walk().expression(value);
}

/** Throws `QueryError` where a pipeline holds a stage or operator that may not pass. */
export function checkPipeline(pipeline: readonly Document[]): void {
  new Walk().pipeline(pipeline, "pipeline");
}

/** A filter sees its alert and nothing else; `$geoNear` could only be in front of what shows it that. */
export const FILTER_STAGES: ReadonlySet<string> = STAGES.difference(
  new Set(words("$geoNear $graphLookup $lookup")),
);

/** The same for a user's filter, which reads no collection by itself, in whatever depth. */
export function checkFilterPipeline(pipeline: unknown): void {
  // What it may cost is metered before it is run.
  new Walk(FILTER_STAGES, "pipeline uses forbidden stages", false).pipeline(pipeline, "pipeline");
}

class Walk {
  readonly #allowed: ReadonlySet<string>;
  readonly #refusal: string;
  readonly #isUnmetered: boolean;
  #stages = 0;
  #values = 0;

  constructor(
    allowed: ReadonlySet<string> = STAGES,
    refusal = "Pipeline uses forbidden stages",
    isUnmetered = true,
  ) {
    this.#allowed = allowed;
    this.#refusal = refusal;
    this.#isUnmetered = isUnmetered;
  }

  pipeline(pipeline: unknown, place: string): void {
    if (!Array.isArray(pipeline)) {
      throw new QueryError(`Cannot run ${place} as it must be a list of stages`);
    }
    if ((this.#stages += pipeline.length) > STAGES_MAX) {
      throw new QueryError(`Cannot run the pipeline as its stages must be <= ${STAGES_MAX}`);
    }
    const forbidden = new Set<string>();
    pipeline.forEach((stage, i) => {
      if (!isPlainObject(stage) || Object.keys(stage).length !== 1) {
        throw new QueryError(
          `Cannot run ${place}[${i}] as a stage must be an object with one key, its name`,
        );
      }
      const name = Object.keys(stage)[0]!;
      if (!this.#allowed.has(name)) forbidden.add(name);
    });
    if (forbidden.size > 0) {
      const names = [...forbidden].map((name) => `'${name}'`).join(", ");
      throw new QueryError(`${this.#refusal}: {${names}}`);
    }
    pipeline.forEach((stage, i) => {
      const name = Object.keys(stage)[0]!;
      this.#stage(name, stage[name], `${place}[${i}].${name}`);
    });
  }

  #stage(name: string, content: unknown, place: string): void {
    if (name === "$facet" && isPlainObject(content)) {
      for (const [facet, pipeline] of Object.entries(content)) {
        this.pipeline(pipeline, `${place}.${facet}`);
      }
    } else if (name === "$lookup" && isPlainObject(content)) {
      const { pipeline, ...rest } = content;
      if (pipeline !== undefined) this.pipeline(pipeline, `${place}.pipeline`);
      this.expression(rest);
    } else this.expression(content);
  }

  expression(value: unknown): void {
    if (++this.#values > VALUES_MAX) {
      throw new QueryError(`Cannot run the query as its values must be <= ${VALUES_MAX}`);
    }
    if (Array.isArray(value)) {
      for (const item of value) this.expression(item);
    } else if (isPlainObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key.startsWith("$") && !OPERATORS.has(key)) {
          throw new QueryError(
            `Cannot run the query as it uses an operator that isn't allowed: ${key}`,
          );
        }
        if (this.#isUnmetered) checkGrowth(key, inner);
        this.expression(inner);
      }
    }
  }
}

/** Throws `QueryError` for what would take all memory before MongoDB looks at the time. */
function checkGrowth(name: string, operand: unknown): void {
  if (name === "$reduce" && isPlainObject(operand) && doublesItself(operand)) {
    throw new QueryError(
      "Cannot run the query as a $reduce must not join $$value with itself: it would be doubled at " +
        "each step",
    );
  }
  if (name === "$range" && isTooLong(operand)) {
    throw new QueryError(
      `Cannot run the query as a $range must be <= ${RANGE_MAX} long: current value is ` +
        JSON.stringify(operand),
    );
  }
}

function isTooLong(range: unknown): boolean {
  const [from, to, step = 1] = Array.isArray(range) ? range.map(Number) : [];
  return Math.abs((to! - from!) / step) > RANGE_MAX;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
