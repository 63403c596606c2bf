/** Alerts around the contours of a skymap's cone at (90, 30) degrees, 10 degrees wide. */
import type { Document } from "mongodb";

/** Within the contour of 90 %, beyond it, and of a programid that not everybody sees. */
export function skymapAlerts(): Document[] {
  return [
    ...Array.from({ length: 20 }, (_, i) => alert(i, 85 + i / 2, 25 + i / 2, 1)),
    alert(20, 90, 52, 1),
    alert(21, 270, -30, 1),
    alert(22, 90, 30, 3),
  ];
}

function alert(candid: number, raDeg: number, decDeg: number, programid: number): Document {
  return {
    candid,
    objectId: `ZTF18abc${candid}`,
    candidate: { programid },
    coordinates: { radec_geojson: { type: "Point", coordinates: [raDeg - 180, decDeg] } },
  };
}
