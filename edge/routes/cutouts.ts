import { CutoutPath, CutoutSearch } from "../../core/contract/cutouts.ts";
import { operationRoute } from "../operation_route.ts";
import { defineRoute } from "../route.ts";

const route = operationRoute({
  method: "GET",
  path: "/api/cutouts/:survey/:candid/:cutout/:file_format",
  access: "read",
  operation: "cutout",
  target: (c) => ({ survey: c.req.param("survey")! }),
  doc: {
    summary: "A cutout of an alert, as a FITS file or as a picture of 168 x 168 pixels",
    description:
      "As the survey's own images are looked at: north and east may be anywhere, and the sky " +
      "coordinates of the FITS header, where it has some, are corrected for how it was turned. " +
      "Answers can be kept: they have an `ETag`.",
    tag: "cutouts",
    params: CutoutPath.shape,
    search: CutoutSearch.shape,
    contentTypes: ["image/fits", "image/png"],
    statuses: [304],
  },
});

/** A cutout; not again for who has it. */
export default defineRoute({
  ...route,
  async handle(c, deps) {
    const answer = await route.handle(c, deps);
    const known = c.req.header("if-none-match");
    const tag = answer.headers.get("etag");
    if (
      tag === null || !known?.split(",").some((each) => each.trim().replace(/^W\//, "") === tag)
    ) {
      return answer;
    }
    await answer.body?.cancel();
    const { headers } = answer;
    headers.delete("content-length");
    headers.delete("content-type");
    return new Response(null, { status: 304, headers });
  },
});
