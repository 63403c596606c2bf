/** A public path that leads to an operation of a core: the request goes on as it is, so does the answer. */
import { compressed } from "./compressed.ts";
import { defineRoute, type EdgeContext, principalOf, type Route } from "./route.ts";
import { askTarget, type Target } from "./target.ts";

export interface OperationRoute extends Omit<Route, "handle"> {
  /** The name of the file in `core/operations`. */
  readonly operation: string;
  /** What it gets beside the path's `:names`: for an operation that several paths lead to. */
  readonly params?:
    | Readonly<Record<string, string>>
    | ((c: EdgeContext) => Readonly<Record<string, string>>);
  /** Which of several cores do it; `home` by default. */
  readonly target?: Target | ((c: EdgeContext) => Target | Promise<Target>);
  /** The catalogs that it is about: the same as a target of these; of none: `home`. */
  catalogs?(c: EdgeContext): readonly string[] | Promise<readonly string[]>;
}

export function operationRoute(definition: OperationRoute): Route {
  const { operation, params, target: _target, catalogs: _catalogs, ...route } = definition;
  return defineRoute({
    ...route,
    async handle(c, { instances }) {
      const { search } = new URL(c.req.url);
      const named = { ...c.req.param(), ...typeof params === "function" ? params(c) : params };
      const request = {
        method: "POST",
        path: operationPath(operation, named, search.slice(1)),
        body: c.env.body ?? new Uint8Array(await c.req.arrayBuffer()),
        principal: principalOf(c),
        signal: c.req.raw.signal,
      } as const;
      const mayRepeat = route.method === "GET" || route.method === "HEAD";
      const target = await targetOf(definition, c);
      return await compressed(
        c.req.raw,
        await askTarget(target, request, instances, { mayRepeat }),
      );
    },
  });
}

/** Of a core, with what the public path has for its names, and the client's query string. */
export function operationPath(
  operation: string,
  named: Readonly<Record<string, string>>,
  search = "",
): string {
  const passedOn = new URLSearchParams({ path: JSON.stringify(named), search });
  return `/v1/operations/${operation}?${passedOn}`;
}

async function targetOf({ target, catalogs }: OperationRoute, c: EdgeContext): Promise<Target> {
  if (typeof target === "function") return await target(c);
  return target ?? { catalogs: await catalogs?.(c) ?? [] };
}
