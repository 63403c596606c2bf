/**
 * A public path that changes users or their tokens. What this edge remembers of them is forgotten, so
 * that who was removed is out with the answer.
 */
import { type OperationRoute, operationRoute } from "./operation_route.ts";
import { defineRoute, type Route } from "./route.ts";

export function accountRoute(definition: OperationRoute): Route {
  const route = operationRoute({ isFresh: true, isFree: true, ...definition });
  return defineRoute({
    ...route,
    async handle(c, deps) {
      try {
        return await route.handle(c, deps);
      } finally {
        deps.users.forget();
      }
    },
  });
}
