/**
 * The proleptic Gregorian calendar on plain numbers: days from 1970, and weeks as ISO 8601 and others
 * count.
 */

export const MS_PER_DAY = 86_400_000;

export interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

export interface IsoDay {
  readonly year: number;
  /** 1 to 53. */
  readonly week: number;
  /** 1, Monday, to 7. */
  readonly weekday: number;
}

const DAYS_PER_400_YEARS = 146_097;

/** Days from 1970-01-01 to a day of any month number: month 13 is January. */
export function daysOf({ year, month, day }: Day): number {
  // Years that begin in March have their leap day at the end.
  const months = year * 12 + month - 3;
  const shifted = Math.floor(months / 12);
  const monthOfYear = months - shifted * 12;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * monthOfYear + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * DAYS_PER_400_YEARS + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

export function dayOf(days: number): Day {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / DAYS_PER_400_YEARS);
  const dayOfEra = shifted - era * DAYS_PER_400_YEARS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthOfYear = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthOfYear < 10 ? monthOfYear + 3 : monthOfYear - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthOfYear + 2) / 5) + 1,
  };
}

export function daysInMonth(year: number, month: number): number {
  return daysOf({ year, month: month + 1, day: 1 }) - daysOf({ year, month, day: 1 });
}

/** 0, Sunday, to 6. */
export function weekdayOf(days: number): number {
  return modulo(days + 4, 7);
}

/** 1 to 366. */
export function dayOfYear(days: number): number {
  return days - daysOf({ year: dayOf(days).year, month: 1, day: 1 }) + 1;
}

/** 0 to 53: weeks begin on Sunday, and what comes before the first one is week 0. */
export function weekOf(days: number): number {
  return Math.floor((dayOfYear(days) + 6 - weekdayOf(days)) / 7);
}

export function isoDayOf(days: number): IsoDay {
  const weekday = modulo(days + 3, 7) + 1;
  const thursday = days - weekday + 4; // A week is of the year that its Thursday is in.
  return {
    year: dayOf(thursday).year,
    week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1,
    weekday,
  };
}

/** Of weeks and weekdays of any number: week 0 is the one before the first. */
export function daysOfIso({ year, week, weekday }: IsoDay): number {
  const fourth = daysOf({ year, month: 1, day: 4 }); // It is always in the first week.
  return fourth - modulo(fourth + 3, 7) + (week - 1) * 7 + weekday - 1;
}

/** Never below zero. */
export function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}
