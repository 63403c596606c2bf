/** Part of the key of a converted network in the cache: raise it with every change of what a conversion gives. */
export const VERSION = 2;
