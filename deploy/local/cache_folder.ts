/** Where fetched programs and networks are kept between runs, and between checkouts. */

/**
 * `KOWALSKI_CACHE_DIR`, else `kowalski` in the user's cache folder, else `.kowalski/cache` of this
 * checkout, for somebody without a home. It may not be there yet.
 */
export function cacheFolder(env: Readonly<Record<string, string>> = Deno.env.toObject()): string {
  const { KOWALSKI_CACHE_DIR: own, XDG_CACHE_HOME: xdg, HOME: home } = env;
  if (own) return own;
  if (xdg) return `${xdg}/kowalski`;
  return home ? `${home}/.cache/kowalski` : `${import.meta.dirname}/../../.kowalski/cache`;
}
