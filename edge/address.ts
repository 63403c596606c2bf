/** The network address that a request is from, and what of it counts as one place. */

/**
 * With proxies of ours before the edge, each of which adds to `X-Forwarded-For` whom it was asked by:
 * what the first of them says. What stands before that is the client's own claim.
 */
export function addressOf(headers: Headers, remote: string, proxies: number): string {
  if (proxies === 0) return remote;
  const forwarded = (headers.get("x-forwarded-for") ?? "").split(",").map((each) => each.trim());
  return forwarded.at(-proxies) || remote;
}

/** Who has one IPv6 address has the 2^64 beside it: they count as one. */
export function placeOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === "" ? 0 : tail.split(":").length;
  while (address.includes("::") && groups.length + after < 8) groups.push("0");
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
