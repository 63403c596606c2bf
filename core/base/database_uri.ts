/** The address of the archive, from its settings. */
import type { Settings } from "./settings.ts";

/** A connection string; null where none is set, so that a server of our own is to be started. */
export function databaseUri(database: Settings["database"]): string | null {
  const { uri, host, port, srv, username, password, db, replica_set: set } = database;
  if (uri !== null) return uri;
  if (host === null) return null;
  const who = username === null
    ? ""
    : `${encodeURIComponent(username)}:${encodeURIComponent(password ?? "")}@`;
  // A set finds its members by itself; one server is spoken to directly, whatever it calls itself.
  const options = set === null
    ? srv ? "" : "?directConnection=true"
    : `?replicaSet=${encodeURIComponent(set)}`;
  return `${srv ? "mongodb+srv" : "mongodb"}://${who}${host}${
    srv ? "" : `:${port}`
  }/${db}${options}`;
}
