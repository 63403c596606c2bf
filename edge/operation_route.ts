/** A public path that leads to an operation of a core: the request goes on as it is, so does the answer. */
import { compressed } from "./compressed.ts";
import { defineRoute, type EdgeContext, principalOf, type Route } from "./route.ts";

export interface OperationRoute extends Pick<Route, "method" | "path" | "access" | "doc"> {
  /** The name of the file in `core/operations`. */
  readonly operation: string;
  /** The catalogs that it is about, so that a core is asked that holds them; none: the first core. */
  catalogs?(c: EdgeContext): readonly string[] | Promise<readonly string[]>;
}

export function operationRoute(
  { operation, catalogs = () => [], ...route }: OperationRoute,
): Route {
  return defineRoute({
    ...route,
    async handle(c, { instances, ask }) {
      const core = await instances.choose(await catalogs(c));
      const { search } = new URL(c.req.url);
      const passedOn = new URLSearchParams({
        path: JSON.stringify(c.req.param()),
        search: search.slice(1),
      });
      const answer = await ask(core, {
        method: "POST",
        path: `/v1/operations/${operation}?${passedOn}`,
        body: new Uint8Array(await c.req.arrayBuffer()),
        principal: principalOf(c),
        signal: c.req.raw.signal,
      });
      return compressed(c.req.raw, answer);
    },
  });
}
