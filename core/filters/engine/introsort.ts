/**
 * Sorts as C++'s `std::sort` does where MongoDB was built (introsort: quicksort by the median of three,
 * and insertion at the end), because the order that it leaves equal items in is what MongoDB gives
 * back.
 */

/** Below this many items, insertion sort alone: which keeps the order of equal items. */
const SMALL = 16;

export type Less<T> = (a: T, b: T) => boolean;

/** A sorted copy. */
export function sortLikeCpp<T>(array: readonly T[], less: Less<T>): T[] {
  const items = array.slice();
  sortLoosely(items, 0, items.length, 2 * Math.floor(Math.log2(items.length || 1)), less);
  const sentinel = Math.min(SMALL, items.length);
  for (let i = 1; i < items.length; i++) insert(items, i, less, i < sentinel);
  return items;
}

/** Leaves stretches of at most `SMALL` items unsorted, each where it belongs. */
function sortLoosely<T>(
  items: T[],
  first: number,
  end: number,
  depth: number,
  less: Less<T>,
): void {
  while (end - first > SMALL) {
    if (depth === 0) return heapSort(items, first, end, less);
    depth--;
    const middle = first + ((end - first) >> 1);
    moveMedianToFirst(items, first, first + 1, middle, end - 1, less);
    const cut = partition(items, first + 1, end, items[first]!, less);
    sortLoosely(items, cut, end, depth, less);
    end = cut;
  }
}

function moveMedianToFirst<T>(
  items: T[],
  target: number,
  a: number,
  b: number,
  c: number,
  less: Less<T>,
): void {
  const [x, y, z] = [items[a]!, items[b]!, items[c]!];
  const median = less(x, y)
    ? less(y, z) ? b : less(x, z) ? c : a
    : less(x, z)
    ? a
    : less(y, z)
    ? c
    : b;
  swap(items, target, median);
}

function partition<T>(items: T[], first: number, end: number, pivot: T, less: Less<T>): number {
  while (true) {
    while (less(items[first]!, pivot)) first++;
    end--;
    while (less(pivot, items[end]!)) end--;
    if (first >= end) return first;
    swap(items, first, end);
    first++;
  }
}

function insert<T>(items: T[], at: number, less: Less<T>, mayBeFirst: boolean): void {
  const item = items[at]!;
  let i = at;
  if (mayBeFirst && less(item, items[0]!)) i = 0;
  else {
    while (less(item, items[i - 1]!)) i--;
  }
  items.copyWithin(i + 1, i, at);
  items[i] = item;
}

function heapSort<T>(items: T[], first: number, end: number, less: Less<T>): void {
  const length = end - first;
  for (let parent = (length - 2) >> 1; parent >= 0; parent--) {
    sink(items, first, parent, length, items[first + parent]!, less);
  }
  for (let last = length - 1; last > 0; last--) {
    const item = items[first + last]!;
    items[first + last] = items[first]!;
    sink(items, first, 0, last, item, less);
  }
}

/** Lets an item fall to the bottom along the larger children, and rise from there. */
function sink<T>(
  items: T[],
  first: number,
  top: number,
  length: number,
  item: T,
  less: Less<T>,
): void {
  let hole = top;
  let child = top;
  while (child < (length - 1) >> 1) {
    child = 2 * (child + 1);
    if (less(items[first + child]!, items[first + child - 1]!)) child--;
    items[first + hole] = items[first + child]!;
    hole = child;
  }
  if (length % 2 === 0 && child === (length - 2) >> 1) {
    child = 2 * (child + 1);
    items[first + hole] = items[first + child - 1]!;
    hole = child - 1;
  }
  for (let parent = (hole - 1) >> 1; hole > top && less(items[first + parent]!, item);) {
    items[first + hole] = items[first + parent]!;
    hole = parent;
    parent = (hole - 1) >> 1;
  }
  items[first + hole] = item;
}

function swap<T>(items: T[], a: number, b: number): void {
  [items[a], items[b]] = [items[b]!, items[a]!];
}
