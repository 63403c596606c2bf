import { defineRoute } from "../route.ts";

/** Tells a client that its token is good. */
export default defineRoute({
  method: "GET",
  path: "/",
  access: "read",
  doc: { summary: "Whether a token is good", tag: "system" },
  handle: (c) => c.json({ status: "success", message: "greetings from Kowalski!" }),
});
