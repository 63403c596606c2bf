import {
  SkymapDeleteBody,
  SkymapFound,
  SkymapPutBody,
  SkymapSearchFields,
  SkymapTold,
} from "../../core/contract/skymaps.ts";
import { operationRoute } from "../operation_route.ts";

const PATH = "/api/skymap";
const TAG = "skymap";
/** A map as a file, in base64. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;

/** Maps of where an event is, as contours of credible levels; each archive has all of them. */
export default [
  operationRoute({
    method: "GET",
    path: PATH,
    access: "read",
    operation: "skymap_get",
    target: "owner",
    doc: {
      summary: "A skymap, with all its contours",
      description:
        "Longitudes of contours are RA - 180. At least one of dateobs, triggerid, alias, " +
        "localization_name has to be given. Where levels of `contours` are missing, the status in " +
        "the answer is `error`.",
      tag: TAG,
      search: SkymapSearchFields.shape,
      data: SkymapFound,
      statuses: [404],
    },
  }),
  operationRoute({
    method: "HEAD",
    path: PATH,
    access: "read",
    operation: "skymap_get",
    target: "owner",
    doc: {
      summary: "Whether there is a skymap",
      description: "By query string, or by a JSON body with the same keys.",
      tag: TAG,
      search: SkymapSearchFields.shape,
      statuses: [404],
    },
  }),
  operationRoute({
    method: "PUT",
    path: PATH,
    access: "skymaps",
    operation: "skymap_put",
    target: "all",
    bodyBytesMax: BODY_BYTES_MAX,
    doc: {
      summary: "Add a skymap, or contours to one that is there",
      tag: TAG,
      body: SkymapPutBody,
      data: SkymapTold,
      statuses: [409],
    },
  }),
  operationRoute({
    method: "DELETE",
    path: PATH,
    access: "skymaps",
    operation: "skymap_delete",
    target: "all",
    doc: {
      summary: "Remove a skymap: one's own, or the admin any",
      tag: TAG,
      body: SkymapDeleteBody,
      statuses: [404],
    },
  }),
];
