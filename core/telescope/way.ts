/** The way to the telescope, from the settings. */
import type { Settings } from "../base/settings_schema.ts";
import type { Way } from "./telescope.ts";

/** The settings have seen to it that all of a tunnel is there, or nothing. */
export function wayOf(ztf: Settings["ztf"]): Way {
  if (ztf.mountain_url !== null) return { kind: "relay", url: ztf.mountain_url };
  if (ztf.mountain_ip === null) return { kind: "none" };
  return {
    kind: "tunnel",
    host: ztf.mountain_ip,
    port: ztf.mountain_port ?? 22,
    username: ztf.mountain_username!,
    keyFile: ztf.mountain_key_file!,
    hostKey: ztf.mountain_host_key!,
    target: { host: ztf.mountain_bind_ip!, port: ztf.mountain_bind_port! },
  };
}
