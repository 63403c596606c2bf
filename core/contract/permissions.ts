/** What a user may do, beyond asking who they are. Roles are names for sets of these. */
import { z } from "zod";

export const PERMISSIONS = [
  /** Queries, cutouts, classifications, skymaps: everything that is only looked at. */
  "read",
  /** Labels and scores of alerts. */
  "classify",
  /** Maps of the sky, and the removal of one's own. */
  "skymaps",
  /** Users' filters: what SkyPortal keeps here. */
  "filters",
  /** Requests to a telescope's queue. */
  "triggers",
  /** Other users, and everything of theirs. */
  "users",
  /** Collections that are dropped. */
  "drop",
] as const;

export const Permission = z.enum(PERMISSIONS);
export type Permission = z.output<typeof Permission>;

export const RoleName = z.enum(["user", "service", "admin"]);
export type RoleName = z.output<typeof RoleName>;

/** What the roles of a user's document are worth; who has none is a `user`. */
export const ROLES: Readonly<Record<RoleName, readonly Permission[]>> = {
  user: ["read", "classify", "skymaps"],
  /** A program that keeps filters and sends triggers for people: SkyPortal. */
  service: ["read", "classify", "skymaps", "filters", "triggers"],
  admin: PERMISSIONS,
};
