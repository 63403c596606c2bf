import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { dateOfJulianDate, julianDate } from "./julian_date.ts";

describe("Julian dates", () => {
  it("are those of times", () => {
    assertEquals(julianDate(Date.UTC(2000, 0, 1, 12)), 2_451_545);
    assertEquals(julianDate(Date.UTC(1858, 10, 17)), 2_400_000.5);
  });

  it("have dates, which change at midnight", () => {
    assertEquals(dateOfJulianDate(2_451_545), "2000-01-01");
    assertEquals(dateOfJulianDate(2_460_235.499), "2023-10-17");
    assertEquals(dateOfJulianDate(2_460_235.5), "2023-10-18");
  });
});
