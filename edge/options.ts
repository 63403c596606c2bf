/** What the edge takes from the settings. */
import type { Settings } from "../core/base/settings_schema.ts";
import type { EdgeOptions } from "./serve.ts";

/** The secrets `server.JWT_SECRET_KEY` and `core.edge_key` have to be set. */
export function edgeOptions(
  { server, core, rate_limit, misc }: Settings,
  onError: EdgeOptions["onError"],
): EdgeOptions {
  const limit = ({ per_minute, burst }: { per_minute: number; burst: number }) => ({
    perMinute: per_minute,
    burst,
  });
  return {
    host: server.host,
    port: server.port,
    cores: core.urls,
    sharedSecret: core.edge_key ?? "",
    tokens: {
      keys: [server.JWT_SECRET_KEY, ...server.JWT_OLD_SECRET_KEYS ?? []].filter((key) =>
        key !== null
      ),
      algorithm: server.JWT_ALGORITHM,
      lifetimeS: server.JWT_EXP_DELTA_SECONDS,
    },
    limits: {
      address: limit(rate_limit.address),
      user: limit(rate_limit.user),
      logIn: limit(rate_limit.log_in),
      work: { perMinute: rate_limit.work.per_hour / 60, burst: rate_limit.work.burst },
    },
    proxies: server.proxies,
    bodyBytesMax: server.client_max_size,
    about: {
      name: server.name,
      version: server.version,
      description: server.description,
      contact: {
        ...server.contact.name !== null && { name: server.contact.name },
        ...server.contact.email !== null && { email: server.contact.email },
      },
    },
    penquinsVersions: misc.supported_penquins_versions,
    onError,
  };
}
