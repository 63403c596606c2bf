/** Passes of filters, for tests of what carries them. */
import type { Passed } from "../../core/contract/passed.ts";

/** Of ZTF's filter 1, as far as nothing else is said. */
export function passOf(
  { candid, filterId = 1, ...more }: Partial<Passed> & Pick<Passed, "candid">,
): Passed {
  return {
    _id: `ztf:${candid}:${filterId}`,
    survey: "ztf",
    candid,
    objectId: "a",
    filterId,
    groupId: 1,
    fid: "f",
    data: {},
    packetMs: 1,
    ...more,
  };
}
